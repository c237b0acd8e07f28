"""What an event of the charging core tells the central system and the log. Loaded on demand."""

from micropython import const

from firmware.charging.connector import STATES
from firmware.charging.events import (
    AUTHORIZATION_EXPIRED,
    FAULT_CHANGED,
    STATE,
    VEHICLE_KNOWN,
)
from firmware.charging.readings import FAULT_OUT_OF_RANGE, UNKNOWN_TEMPERATURE
from firmware.charging.supervisor import NAME
from firmware.on_demand import load

_CONNECTOR = const(1)


def handle(point: "ChargePoint", code: int) -> None:
    """Deal with one event of events.py."""
    if code >= STATE:
        status = STATES[code - STATE]
        load("firmware.services.statuses").changed(point, _CONNECTOR, status)
    elif code == VEHICLE_KNOWN:
        _vehicle_info(point)
    elif code == AUTHORIZATION_EXPIRED:
        point.log.info("charge", "no start within the connection time-out")
    elif code == FAULT_CHANGED:
        _fault(point)


def _vehicle_info(point: "ChargePoint") -> None:
    core = point.core
    bms = core.bms
    temperature_c10 = bms.temperature_c10
    if temperature_c10 == UNKNOWN_TEMPERATURE:
        temperature_c10 = core.module.temperature_c10
        point.log.info("bms", "gives no temperature; VehicleInfo shows the power module's")
    voltage_mv = bms.voltage_mv if bms.voltage_mv >= 0 else core.module.terminal_mv
    data = load("firmware.ocpp.rivot").vehicle_info(
        bms.soc_c100, bms.current_limit_ma, voltage_mv, bms.current_ma, temperature_c10
    )
    point.link.send("DataTransfer", data)


def _fault(point: "ChargePoint") -> None:
    point.look_at_s = 0  # a reservation does not outlast a fault
    index = point.core.fault()
    if index < 0:
        point.log.info("fault", "cleared")
    else:
        name = load("firmware.charging.faults").FAULTS[index][NAME]
        point.fault_name, point.fault_s = name, point.clock.uptime_s()
        texts = load("firmware.charging.fault_texts").TEXTS
        point.log.error("fault", "%s: %s", name, texts[name])
        if point.core.module.fault & FAULT_OUT_OF_RANGE:
            point.log.error("power", "cannot deliver %d mV", point.core.battery_mv())
