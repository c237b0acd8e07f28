"""The RemoteTrigger profile: TriggerMessage. Loaded on demand by core.py.

The message itself is sent by the station after this answer has gone out.
"""

from .messages import status
from .requests import check

_REQUEST = (
    "requestedMessage! BootNotification|DiagnosticsStatusNotification|FirmwareStatusNotification|"
    "Heartbeat|MeterValues|StatusNotification; connectorId int 0"
)


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """Accepted; Rejected for a connector that does not exist, NotImplemented for a message."""
    check(action, payload, {action: _REQUEST})
    connector_id = payload.get("connectorId", -1)
    if connector_id > station.number_of_connectors:
        return status("Rejected")
    done = station.trigger(payload["requestedMessage"], connector_id)
    return status("Accepted" if done else "NotImplemented")
