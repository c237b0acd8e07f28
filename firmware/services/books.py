"""What is written when a session is over: summary and stop. Loaded on demand."""

from firmware.errors import ChargerError
from firmware.ocpp.messages import TID
from firmware.ocpp.payloads import stop_transaction
from firmware.ocpp.rivot import session_summary
from firmware.on_demand import load
from firmware.services.snapshot import SNAPSHOT
from firmware.storage.files import remove

_RETRY_S = 2


def close(books: "Transactions", data: str) -> None:
    """Put on flash what is due of the ended session; what fails is tried again later.

    `data` goes behind the payload of the stop, see transaction_data.py.
    """
    try:
        if books.summary_due:
            _summary(books)
            books.summary_due = False
        if books.status_told:
            _stop(books, data, *books.ending)
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


def _stop(
    books: "Transactions", data: str, txn: int, reason: str, id_tag: str, unix_s: int
) -> None:
    """StopTransaction of local transaction `txn`; nothing is left to recover. Raises OSError.

    `unix_s` is when it ended, however long flash has refused the record.
    """
    wh = books.core.meter.wh
    _note(books, txn, reason)
    payload = stop_transaction(wh, unix_s, TID, reason, id_tag)
    try:
        books.outbox.add("StopTransaction", payload, txn, data)
    except MemoryError:
        if not data:
            raise
        books.log.error("charge", "no memory for the samples of the stop")
        books.outbox.add("StopTransaction", payload, txn)
    remove(SNAPSHOT)
    remove("samples.txt")  # transaction_data.py's
    energy_mwh = books.core.session.energy_mwh
    books.log.info("charge", "session %d ends: %s, %d mWh", txn, reason, energy_mwh)


def _note(books: "Transactions", txn: int, reason: str) -> None:
    """For the list of finished sessions; the stop does not wait for it."""
    session, started = books.core.session, books.started
    if session.txn != txn or started.get("txn") != txn:
        return  # it never began
    try:
        load("firmware.storage.session_history").add(
            txn,
            started["start_s"],
            session.duration_ms,
            session.energy_mwh,
            session.soc_c100,
            reason,
            session.id_tag,
        )
    except (OSError, MemoryError) as error:
        books.log.error("flash", "session %d is missing in the list: %r", txn, error)
