"""Installs and clears charging profiles on flash (OCPP 1.6 5.16, 5.3). Loaded on demand."""

from micropython import const

from firmware.storage.profiles import rewrite, rows

_ID = const(0)  # columns of ocpp/profile_rules.py
_PURPOSE = const(1)
_CONNECTOR = const(3)
_TXN = const(4)
_VALID_TO = const(8)
_TX = const(2)
_MOST = const(10)  # MaxChargingProfilesInstalled


def install(smart: "SmartCharging", row: "list", transaction_id: "int | None") -> bool:
    """Put a profile on flash in place of its equals; False when there is no room for it.

    A TxProfile is for the running transaction only; one whose id is not known yet has none that
    a server could name.
    """
    point = smart.point
    if row[_PURPOSE] == _TX:
        session = point.core.session
        if not session.open or (
            transaction_id is not None and not point.transactions.is_running(transaction_id)
        ):
            return False
        row[_TXN] = session.txn
    try:
        if not room(smart, row):
            return False
        rewrite(lambda old: _replaced(smart, old, row), row)
    except OSError as error:
        point.transactions.log.error("flash", "charging profile not stored: %s", error)
        return False
    smart.due_s = 0
    smart.none = False
    return True


def room(smart: "SmartCharging", row: "list") -> bool:
    """Does it fit, beside the profile that waits for its session."""
    count = 1 if smart.waiting else 0
    for old in rows():
        if not _replaced(smart, old, row):
            count += 1
    return count < _MOST


def clear(smart: "SmartCharging", wanted: tuple) -> bool:
    """Delete what has the wanted (id, purpose, level, connector); False when nothing has."""

    def goes(row: "list | None") -> bool:
        if row is None:  # damaged: only where all are cleared
            return wanted == (None, None, None, None)
        for at in range(_CONNECTOR + 1):
            if wanted[at] is not None and wanted[at] != row[at]:
                return False
        return True

    found = False
    if smart.waiting and goes(smart.waiting[1]):
        smart.waiting = None
        found = True
    if True in [goes(row) for row in rows()]:
        rewrite(goes)
        smart.due_s = 0
        found = True
    return found


def take_waiting(smart: "SmartCharging") -> None:
    """The profile of a RemoteStartTransaction becomes that of the session that it started."""
    id_tag, row = smart.waiting
    if id_tag == smart.point.core.session.id_tag:
        row[_TXN] = smart.txn
        rewrite(lambda old: _replaced(smart, old, row), row)
    smart.waiting = None


def drop_ended(smart: "SmartCharging") -> None:
    """Delete the TxProfiles of transactions that are over; those that may be resumed stay."""
    if True in [_ended(smart, row) for row in rows()]:
        rewrite(lambda row: _ended(smart, row))


def _replaced(smart: "SmartCharging", old: "list | None", new: "list") -> bool:
    """Does an installed row go when a new one comes: its equal, or one that is over for good."""
    if old is None:
        return False
    return (
        old[_ID] == new[_ID]
        or old[_PURPOSE : _CONNECTOR + 1] == new[_PURPOSE : _CONNECTOR + 1]
        or 0 < old[_VALID_TO] <= smart.point.clock.unix_s()
    )


def _ended(smart: "SmartCharging", row: "list | None") -> bool:
    """Is it the TxProfile of a transaction that is over: neither runs nor is to be resumed."""
    if row is None or row[_PURPOSE] != _TX:
        return False
    return row[_TXN] not in (smart.txn, smart.point.transactions.outbox.open_transaction())
