"""The session that a power cut left open: closed at boot, or kept for a while. Loaded on demand.

With the setting `resume_after_power_cut` it may go on, see resumption.py. Until then the connector
is Preparing, and `books.pending` is the snapshot with "energy_mwh", the reason "why" it is to be
closed ("": it waits), and whether it has "asked" for its start. A session that was resumed and cut
again before it got a sample is closed: power may fail because it charges.
"""

from firmware.errors import ChargerError
from firmware.ocpp.messages import TID
from firmware.ocpp.payloads import stop_transaction
from firmware.on_demand import load
from firmware.services.snapshot import NUMBERS, SNAPSHOT, TEXTS
from firmware.storage.files import read_bytes, remove

_RETRY_S = 2


def recover(books: "Transactions", resume: bool) -> None:
    """At boot: deal with the open session, if there is one.

    Where the RTC has lost its time, time goes on from what flash knows: it never runs backwards.
    """
    clock, written_s = books.clock, books.register.written_s
    if not clock.known and written_s > clock.boot_unix_s:
        clock.boot_unix_s = written_s
    txn = books.outbox.open_transaction()
    if not txn:
        return
    last = _read()
    if last["txn"] != txn:
        last = {"txn": txn, "tag": ""}
    last["energy_mwh"] = _energy_mwh(books.core.meter, last)
    last["why"] = ""
    last["asked"] = False
    books.pending = last
    if not (resume and _may_go_on(last)) or books.outbox.has_summary(txn):
        close(books)


def close(books: "Transactions", why: str = "PowerLoss") -> bool:
    """Record summary and stop with the last numbers that are on flash; tried again later."""
    last, core = books.pending, books.core
    last["why"] = last["why"] or why
    if last["asked"] and core.connector.authorized:
        core.deauthorize()
    last["asked"] = False
    try:
        _record(books, last)
    except (OSError, ChargerError) as error:
        books.retry_at_s = books.clock.uptime_s() + _RETRY_S
        books.log.error("flash", "session %d cannot be closed: %s", last["txn"], error)
        return False
    books.pending = None
    books.log.warn("charge", "session %d was cut by a power loss; closed", last["txn"])
    return True


def _energy_mwh(meter: "EnergyMeter", last: dict) -> int:
    mwh = (meter.wh - last.get("wh", meter.wh)) * 1000 + meter.mwh - last.get("mwh", meter.mwh)
    return max(mwh, 0)


def _may_go_on(last: dict) -> bool:
    """Does flash allow it."""
    return (
        last["tag"]
        and last["mv"] > 0
        and last["soc_c100"] >= 0
        and last["ms"] != last["resumed_ms"]
    )


def _record(books: "Transactions", last: dict) -> None:
    txn, wh, outbox = last["txn"], books.core.meter.wh, books.outbox
    if not outbox.has_summary(txn):
        summary = load("firmware.ocpp.rivot").session_summary(
            last.get("soc_c100", -1), last["energy_mwh"], last.get("ms", 0)
        )
        outbox.add("DataTransfer", summary, txn)
    unix_s = last.get("unix_s", books.clock.unix_s())
    load("firmware.storage.session_history").add(
        txn,
        last.get("start_s", 0),
        last.get("ms", 0),
        last["energy_mwh"],
        last.get("soc_c100", -1),
        last["why"],
        last["tag"],
    )
    stop = stop_transaction(wh, unix_s, TID, last["why"])
    sample = "X %d E%d" % (unix_s, wh)  # see samples.py
    samples = load("firmware.services.transaction_data").taken(books, txn, sample)
    outbox.add("StopTransaction", stop, txn, samples)
    remove(SNAPSHOT)


def _read() -> dict:
    """The snapshot as snapshot.py has written it; "txn" 0 when there is none."""
    values = {"txn": 0, "tag": ""}
    try:
        fields = read_bytes(SNAPSHOT).decode().split("\t", len(NUMBERS) + len(TEXTS) - 1)
        for name in NUMBERS:
            values[name] = int(fields.pop(0))
        for name in TEXTS:
            values[name] = fields.pop(0)
    except (ValueError, IndexError):
        return {"txn": 0}
    return values
