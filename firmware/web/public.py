"""What everybody may see: the state of the charger as one JSON text, numbers as whole ints."""

from firmware.charging.readings import UNKNOWN_TEMPERATURE

# The vehicle: null until it has said everything; the session: the last one, when none is open.
_STATE = (
    '{"id":%s,"state":"%s","plugged":%d,"authorized":%d,"online":%d,"unix_s":%d,'
    '"vehicle":%s,"session":%s,"fault":%s}'
)
_VEHICLE = '{"soc_c100":%d,"limit_ma":%d,"mv":%d,"temperature_c10":%d}'
_SESSION = (
    '{"number":%d,"open":%d,"soc_c100":%d,"power_mw":%d,"ma":%d,"mv":%d,"energy_mwh":%d,'
    '"duration_ms":%d,"reason":"%s"}'
)
_FAULT = '{"name":"%s","for_s":%d}'


def state(charger: "Charger") -> str:
    """The text that live.py sends; docs/dashboard.md names its fields."""
    core = charger.core
    connector = core.connector
    clock = charger.clock
    return _STATE % (
        quoted(charger.settings.charge_box_id),
        connector.state,
        connector.plugged,
        connector.authorized,
        charger.link.online,
        clock.unix_s() if clock.known else 0,
        _vehicle(core),
        _session(core),
        _fault(charger),
    )


def quoted(text: str) -> str:
    """`text` as JSON; written out, because the json module makes more garbage."""
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def _vehicle(core: "ChargingCore") -> str:
    bms = core.bms
    if not (core.connector.plugged and bms.complete):
        return "null"
    mv = bms.voltage_mv if bms.voltage_mv >= 0 else core.module.terminal_mv
    c10 = bms.temperature_c10
    if c10 == UNKNOWN_TEMPERATURE:  # as VehicleInfo does
        c10 = core.module.temperature_c10
    return _VEHICLE % (bms.soc_c100, bms.current_limit_ma, mv, c10)


def _session(core: "ChargingCore") -> str:
    session = core.session
    if not session.txn:
        return "null"
    module = core.module
    return _SESSION % (
        session.txn,
        session.open,
        session.soc_c100,
        core.meter.power_mw,
        module.terminal_ma,
        module.terminal_mv,
        session.energy_mwh,
        session.duration_ms,
        session.reason,
    )


def _fault(charger: "Charger") -> str:
    point = charger.charge_point
    if charger.core.fault() < 0:
        return "null"
    return _FAULT % (point.fault_name, charger.clock.uptime_s() - point.fault_s)
