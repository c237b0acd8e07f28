"""StatusNotification of the connector and of the charge point as a whole (OCPP 1.6 4.9).

A state is told when it has lasted MinimumStatusDuration; one that came and went before is not
told, nor is the one told last told again. A fault does not wait, its clearing does: the operator
hears of the shortest fault, and a flapping one is told once.

Connector 0 is Faulted where the fault is the whole charger's: the red button, the power module.
Loaded on demand; what must last is with the charge point: `told`, the status told last of
connector 0 and of connector 1, and `waiting`, what has not lasted long enough.
"""

from micropython import const

from firmware.charging.supervisor import ERROR_CODE, NAME
from firmware.ocpp.status_notification import status_notification
from firmware.on_demand import load

_STATUS = const(0)  # of what waits
_SINCE_S = const(1)  # uptime
_UNIX_S = const(2)
_CONNECTOR = const(1)
_LOOK_S = const(1)
_CHARGER_FAULTS = (
    "EmergencyStop",
    "DoorOpen",
    "EarthFault",
    "ModuleStaysOn",
    "ModuleFault",
    "ModuleOverTemperature",
    "ModuleSilent",
    "ControlStalled",
    "BrownOut",
    "CrashLoop",
)


def look(point: "ChargePoint") -> None:
    """Tell what has lasted long enough; connector 0 has no events, so look at it."""
    waiting = point.waiting.get(0)
    status = _whole(point)
    if status != (waiting[_STATUS] if waiting else point.told[0]):
        changed(point, 0, status)
    now_s = point.clock.uptime_s()
    last_s = now_s - point.keys.get("MinimumStatusDuration")
    for connector_id in range(2):
        waiting = point.waiting.get(connector_id)
        if waiting and waiting[_SINCE_S] < last_s:
            _send(point, connector_id, waiting[_STATUS], waiting[_UNIX_S])
    point.tell_at_s = now_s + _LOOK_S


def changed(point: "ChargePoint", connector_id: int, status: str) -> None:
    """A connector is in another state, or Faulted for another reason."""
    clock = point.clock
    point.waiting.pop(connector_id, None)
    if status == "Faulted" or not point.keys.get("MinimumStatusDuration"):
        _send(point, connector_id, status, clock.unix_s())
    elif status != point.told[connector_id]:
        point.waiting[connector_id] = status, clock.uptime_s(), clock.unix_s()


def tell(point: "ChargePoint", connector_id: int) -> None:
    """Send the present state of a connector at once, -1 = of all."""
    unix_s = point.clock.unix_s()
    if connector_id < 1:
        _send(point, 0, _whole(point), unix_s)
    if connector_id != 0:
        _send(point, _CONNECTOR, point.core.connector.state, unix_s)


def _whole(point: "ChargePoint") -> str:
    """Status of connector 0."""
    core = point.core
    index = core.fault()
    if index >= 0 and _row(index)[NAME] in _CHARGER_FAULTS:
        return "Faulted"
    if point.out_of_service == 2 and not core.connector.operative:
        return "Unavailable"
    return "Available"


def _row(index: int) -> tuple:
    return load("firmware.charging.faults").FAULTS[index]


def _send(point: "ChargePoint", connector_id: int, status: str, unix_s: int) -> None:
    """`unix_s` is when that status began."""
    point.told[connector_id] = status
    point.waiting.pop(connector_id, None)
    error_code, info, name, vendor_id = "NoError", "", "", ""
    core = point.core
    index = core.fault()
    if status == "Faulted" and index >= 0:
        row = _row(index)
        error_code, name = row[ERROR_CODE], row[NAME]
        info = load("firmware.charging.fault_texts").TEXTS[name]
        vendor_id = "RivotMotors"
    elif status == "SuspendedEV" and not core.connector.plugged:
        info = "EV side disconnected"
    payload = status_notification(connector_id, error_code, status, unix_s, info, vendor_id, name)
    point.link.send("StatusNotification", payload)
