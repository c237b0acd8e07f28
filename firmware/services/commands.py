"""What the central system may command: the *station* of the profile handlers (ocpp/core.py).

Loaded for one request. It only passes wishes on; the charging core decides what becomes of them.
"""

from micropython import const

from firmware.charging.regulator import NO_LIMIT
from firmware.ocpp.messages import status
from firmware.on_demand import load

_CONNECTOR = const(1)
_RECOVERY = "firmware.services.recovery"
_HARD_RESET_S = const(5)
_SOFT_RESET_S = const(30)
_ASK_S = const(60)  # the server may take this long to say what it thinks of a tag
_TRANSFERS = "firmware.services.transfers"
_PROFILES = "firmware.services.profile_keeper"
_STARTABLE = ("Available", "Preparing", "Finishing", "Reserved")


class Commands:
    """Commands to one charge point."""

    def __init__(self, point: "ChargePoint") -> None:
        self._point = point

    def remote_start(self, id_tag: str, connector_id: int, profile: "list | None") -> bool:
        """Permit a start; the gun may still have to be plugged in (ConnectionTimeOut).

        The profile waits for the session; it is forgotten when the session does not come.
        """
        point = self._point
        core = point.core
        if connector_id != _CONNECTOR or point.reset_at_s >= 0:
            return False
        if core.session.open or core.connector.authorized:
            return False
        if core.connector.state not in _STARTABLE or point.keeps_out(id_tag, None):
            return False
        # Where only its parent can tell whether the reservation is for it, it must be asked.
        asks = point.keys.get("AuthorizeRemoteTxRequests") or point.keeps_out(id_tag, "")
        if asks and (point.asking or point.to_ask):
            return False  # another tag is being asked for
        smart = self._smart() if profile else point.smart
        if smart:
            smart.waiting = None
        if profile and not load(_PROFILES).room(smart, profile):
            return False
        if asks:
            point.to_ask = id_tag
        elif not core.authorize(id_tag):
            return False
        if profile:
            smart.waiting = id_tag, profile
            smart.waiting_until_s = point.clock.uptime_s() + _ASK_S
        return True

    def remote_stop(self, transaction_id: int) -> bool:
        """End the session that the server knows under `transaction_id`."""
        transactions = self._point.transactions
        if transactions.is_running(transaction_id):
            return self._point.core.stop("Remote")
        pending = transactions.pending  # it waits to go on after a power cut
        if not pending or transactions.outbox.transaction_id(pending["txn"]) != transaction_id:
            return False
        return load(_RECOVERY).close(transactions, "Remote")

    def reset(self, kind: str) -> bool:
        """End the session and restart: Hard soon, Soft when the messages are delivered."""
        point = self._point
        point.core.stop(kind + "Reset")
        if point.transactions.pending:
            load(_RECOVERY).close(point.transactions, kind + "Reset")
        delay_s = _HARD_RESET_S if kind == "Hard" else _SOFT_RESET_S
        due_s = point.clock.uptime_s() + delay_s
        if point.reset_at_s < 0 or due_s < point.reset_at_s:  # a second one postpones nothing
            point.reset_at_s = due_s
        return True

    def change_availability(self, connector_id: int, operative: bool) -> str:
        """Into or out of service; Scheduled while a session runs (OCPP 1.6 5.2)."""
        if connector_id > _CONNECTOR:
            return "Rejected"
        standing = load("firmware.services.standing")
        return standing.change_availability(self._point, connector_id, operative)

    def reserve(self, reservation_id: int, expiry_s: int, id_tag: str, parent: str) -> str:
        """Keep the connector for a tag, or tags of that parent; the status of ReserveNow."""
        standing = load("firmware.services.standing")
        return standing.reserve(self._point, reservation_id, expiry_s, id_tag, parent)

    def cancel_reservation(self, reservation_id: int) -> bool:
        """End that reservation; False when there is no such one."""
        return load("firmware.services.standing").cancel(self._point, reservation_id)

    def unix_s(self) -> int:
        """The charger's time."""
        return self._point.clock.unix_s()

    def set_profile(self, row: "list", transaction_id: "int | None") -> bool:
        """Install a charging profile."""
        return load(_PROFILES).install(self._smart(), row, transaction_id)

    def clear_profiles(self, wanted: tuple) -> bool:
        """Delete the charging profiles with this (id, purpose, level, connector); None = any."""
        return load(_PROFILES).clear(self._smart(), wanted)

    def profiles(self) -> "tuple | None":
        """What a composite schedule is made from, see ocpp/charging_profiles.py."""
        return load("firmware.services.profile_limits").facts(self._smart())

    def _smart(self) -> "SmartCharging":
        """The keeper of the limit; it is made where no profile was installed."""
        point = self._point
        if not point.smart:
            module = load("firmware.services.smart_charging")
            point.smart = module.SmartCharging(point, NO_LIMIT)
        return point.smart

    def get_diagnostics(self, location: str, retries: int, interval_s: int, span: tuple) -> str:
        """Order the upload of a diagnostics file; the name it will have."""
        transfers = load(_TRANSFERS)
        at_s = self._point.clock.unix_s()
        what = [location, at_s, retries, interval_s]
        transfers.order(self._point, transfers.DIAGNOSTICS, what, span)
        return transfers.file_name(self._point, at_s)

    def update_firmware(self, location: str, at_s: int, retries: int, interval_s: int) -> bool:
        """Order an update; False when it cannot be stored."""
        transfers = load(_TRANSFERS)
        what = [location, at_s, retries, interval_s]
        return transfers.order(self._point, transfers.FIRMWARE, what)

    def trigger(self, message: str, connector_id: int) -> bool:
        """Send a message on request; False when there is no such message or connector."""
        point = self._point
        link = point.link
        if connector_id > _CONNECTOR:
            return False
        if message == "StatusNotification":
            point.statuses(connector_id)
        elif message == "MeterValues":
            link.send(message, load("firmware.services.sampling").triggered(point.transactions))
        elif message == "BootNotification":
            link.boot()
        elif message == "Heartbeat":
            link.send(message, "{}")
        elif message in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
            link.send(message, status(point.transfers.get("is " + message, "Idle")))
        else:
            return False
        return True
