"""The RemoteTrigger profile: TriggerMessage. Loaded on demand by core.py.

The message itself is sent by the station after this answer has gone out.
"""

from .messages import status

REQUESTS = {
    "TriggerMessage": "requestedMessage! BootNotification|DiagnosticsStatusNotification|"
    "FirmwareStatusNotification|Heartbeat|MeterValues|StatusNotification; connectorId int 0",
}


def _trigger_message(payload: dict, station: "Station", keys: "Keys") -> str:
    connector_id = payload.get("connectorId", -1)
    if connector_id > station.number_of_connectors:
        return status("Rejected")
    done = station.trigger(payload["requestedMessage"], connector_id)
    return status("Accepted" if done else "NotImplemented")


HANDLERS = {"TriggerMessage": _trigger_message}
