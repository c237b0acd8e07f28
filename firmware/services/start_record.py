"""What is written when a session begins: the snapshot and StartTransaction. Loaded on demand."""

from firmware.errors import ChargerError
from firmware.ocpp.payloads import start_transaction
from firmware.on_demand import load


def record(
    books: "Transactions", id_tag: str, reservation_id: "int | None" = None, parent: str = ""
) -> int:
    """Put StartTransaction on flash; its local number, 0 when flash does not take it."""
    books.status_told = True
    if books.ending:
        books.close()
    if books.ending:  # no session begins before the last one is closed
        return 0
    if books.pending:
        txn = load("firmware.services.resumption").claim(books, id_tag)
        if txn or books.pending:
            return txn
    meter = books.core.meter
    unix_s = books.clock.unix_s()
    try:
        txn = books.register.next_transaction()
        books.register.store(meter.wh, meter.mwh)
        books.started = {
            "txn": txn,
            "start_s": unix_s,
            "wh": meter.wh,
            "mwh": meter.mwh,
            "tag": id_tag,
            "parent": parent,
        }
        books.snapshot()  # before the start is: its time is not known after a power cut
        payload = start_transaction(1, id_tag, meter.wh, unix_s, reservation_id)
        books.outbox.add("StartTransaction", payload, txn)
    except (OSError, ChargerError) as error:
        books.log.error("flash", "start refused: %s", error)
        _tell_refusal(books, str(error))
        return 0
    books.next_sample_ms = books.interval_ms()
    books.begin_due = books.data_measurands() != ""
    books.log.info("charge", "session %d starts", txn)
    return txn


def _tell_refusal(books: "Transactions", why: str) -> None:
    """The central system hears why a permitted session does not begin, if it can be reached."""
    status = load("firmware.ocpp.status_notification").status_notification
    state, unix_s = books.core.connector.state, books.clock.unix_s()
    text = status(1, "InternalError", state, unix_s, why, "RivotMotors", "NoRecord")
    if books.link:
        books.link.send("StatusNotification", text)
