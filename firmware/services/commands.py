"""What the central system may command: the *station* of the profile handlers (ocpp/core.py).

Loaded for one request. It only passes wishes on; the charging core decides what becomes of them.
"""

from micropython import const

_CONNECTOR = const(1)
_HARD_RESET_S = const(5)
_SOFT_RESET_S = const(30)
_STARTABLE = ("Available", "Preparing", "Finishing", "Reserved")


class Commands:
    """Commands to one charge point."""

    number_of_connectors = 1

    def __init__(self, point: "ChargePoint") -> None:
        self._point = point

    def remote_start(self, id_tag: str, connector_id: int, profile: "dict | None") -> bool:
        """Permit a start; the gun may still have to be plugged in (ConnectionTimeOut)."""
        point = self._point
        core = point.core
        if connector_id != _CONNECTOR or point.reset_at_s >= 0:
            return False
        if core.session.open or core.connector.authorized:
            return False
        if core.connector.state not in _STARTABLE:
            return False
        if point.keys.get("AuthorizeRemoteTxRequests"):
            point.authorization.ask(id_tag, point.permitted)
            return True
        return core.authorize(id_tag)

    def remote_stop(self, transaction_id: int) -> bool:
        """End the session that the server knows under `transaction_id`."""
        if not self._point.transactions.is_running(transaction_id):
            return False
        return self._point.core.stop("Remote")

    def reset(self, kind: str) -> bool:
        """End the session and restart: Hard soon, Soft when the messages are delivered."""
        point = self._point
        point.core.stop(kind + "Reset")
        delay_s = _HARD_RESET_S if kind == "Hard" else _SOFT_RESET_S
        point.reset_at_s = point.clock.uptime_s() + delay_s
        return True

    def change_availability(self, connector_id: int, operative: bool) -> str:
        """Into or out of service; Scheduled while a session runs (OCPP 1.6 5.2)."""
        point = self._point
        if connector_id > _CONNECTOR:
            return "Rejected"
        point.wanted_operative = operative
        if point.core.session.open:
            return "Accepted" if operative else "Scheduled"
        point.core.set_operative(operative)
        return "Accepted"

    def clear_cache(self) -> bool:
        """There is no authorization cache."""
        return False

    def trigger(self, message: str, connector_id: int) -> bool:
        """Send a message on request; False when there is no such message or connector."""
        point = self._point
        link = point.link
        if connector_id > _CONNECTOR:
            return False
        if message == "StatusNotification":
            point.statuses(connector_id)
        elif message == "MeterValues":
            link.send(message, point.transactions.meter_values_now())
        elif message == "BootNotification":
            link.boot()
        elif message == "Heartbeat":
            link.send(message, "{}")
        else:
            return False
        return True
