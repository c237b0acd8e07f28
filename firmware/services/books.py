"""What is written at the edges of a session: start, summary, stop. Loaded on demand."""

from firmware.errors import ChargerError
from firmware.ocpp import messages
from firmware.ocpp.rivot import session_summary
from firmware.storage.files import remove

SNAPSHOT = "session.json"  # see recovery.py
_RETRY_S = 2


def start(books: "Transactions", id_tag: str) -> int:
    """Put StartTransaction on flash; its local number, 0 when flash does not take it."""
    books.status_told = True
    if books.ending:
        close(books)
    if books.ending:  # no session begins before the last one is closed
        return 0
    meter = books.core.meter
    unix_s = books.clock.unix_s()
    try:
        txn = books.register.next_transaction()
        books.register.store(meter.wh, meter.mwh)
        payload = messages.start_transaction(1, id_tag, meter.wh, unix_s)
        books.outbox.add("StartTransaction", payload, txn)
    except (OSError, ChargerError) as error:
        books.log.error("flash", "start refused: %s", error)
        return 0
    books.started = {"txn": txn, "start_s": unix_s, "wh": meter.wh, "mwh": meter.mwh}
    books.next_sample_ms = books.interval_ms()
    try:
        books.snapshot()
    except OSError as error:  # it only matters when the power goes before the first sample
        books.log.error("flash", "no snapshot: %s", error)
    books.log.info("charge", "session %d starts", txn)
    return txn


def close(books: "Transactions") -> None:
    """Put on flash what is due of the ended session; what fails is tried again later."""
    try:
        if books.summary_due:
            _summary(books)
            books.summary_due = False
        if books.status_told:
            _stop(books, *books.ending)
            books.ending = None
    except (OSError, ChargerError) as error:
        books.retry_at_s = books.clock.uptime_s() + _RETRY_S
        books.log.error("flash", "end of the session not recorded yet: %s", error)


def _summary(books: "Transactions") -> None:
    """SessionSummary and the lifetime register. Raises OSError."""
    session = books.core.session
    meter = books.core.meter
    books.register.store(meter.wh, meter.mwh)
    data = session_summary(session.soc_c100, session.energy_mwh, session.duration_ms)
    books.outbox.add("DataTransfer", data, session.txn)


def _stop(books: "Transactions", txn: int, reason: str, id_tag: str) -> None:
    """StopTransaction of local transaction `txn`; nothing is left to recover. Raises OSError."""
    wh = books.core.meter.wh
    unix_s = books.clock.unix_s()
    payload = messages.stop_transaction(wh, unix_s, messages.TID, reason, id_tag)
    books.outbox.add("StopTransaction", payload, txn)
    remove(SNAPSHOT)
    energy_mwh = books.core.session.energy_mwh
    books.log.info("charge", "session %d ends: %s, %d mWh", txn, reason, energy_mwh)
