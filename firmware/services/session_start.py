"""The vehicle is ready and somebody may charge: record the start, then open the session.

Loaded on demand, and small: what it loads in turn needs much of what is free.
"""

from micropython import const

from firmware.on_demand import load

_RESERVATION_ID = const(0)  # of a reservation, see standing.py


def start(point: "ChargePoint") -> None:
    """What START_READY asks for, where it is still possible."""
    core = point.core
    if not core.can_start():
        return
    row = point.reservation if core.connector.reserved else None
    books = point.transactions
    id_tag, parent = point.parent
    if id_tag != core.id_tag:
        parent = ""
    reservation_id = row[_RESERVATION_ID] if row else None
    txn = load("firmware.services.start_record").record(books, core.id_tag, reservation_id, parent)
    point.look_at_s = 0  # a reservation is used up now
    if not txn:
        core.deauthorize()
    elif not core.start(txn):
        core.reserve(False)
        close_failed(books, txn)
    else:  # one that goes on after a power cut brings its own
        if books.pending:
            load("firmware.services.resumption").carry_over(books)
        point.parent = core.session.id_tag, books.started["parent"]


def close_failed(books: "Transactions", txn: int) -> None:
    """The start is on flash, but the vehicle went away: close it with no energy."""
    books.ending = txn, "Other", "", books.clock.unix_s()
    books.close()
