"""Takes the samples of transactions.py: in a session, by the clock, on request. Loaded on demand.

Clock-aligned values (ClockAlignedDataInterval) belong to the times of a grid that begins at each
midnight UTC. Each such time is sampled once, however the server sets the clock; one that passed
unseen, at power-up or because the clock was set, is left out. Within a transaction they wait in
the outbox. Outside they are sent at once or, offline, not at all: nobody's bill depends on them,
and an idle charger would fill its flash with them. All that is taken goes to flash in the order
register, snapshot, sample: after a power cut meterStop must not be below a sample.
"""

from firmware.errors import ChargerError
from firmware.ocpp.samples import BEGIN, CLOCK, END, PERIODIC, TRIGGER, pack
from firmware.on_demand import load
from firmware.services.snapshot import write

_DAY_S = 86400
_LATE_S = 5  # a value that is taken later than this is not one of that time
_DATA = "firmware.services.transaction_data"
_RENDERING = "firmware.ocpp.meter_values"


def begin(books: "Transactions") -> None:
    """The first of the samples that the stop will carry."""
    packed = packed_now(books, books.data_measurands(), books.started["start_s"], BEGIN)
    load(_DATA).begin(books, packed)


def ended(books: "Transactions") -> str:
    """The samples that the stop carries, as they follow its payload in the record."""
    txn, unix_s = books.ending[0], books.ending[3]
    last = packed_now(books, books.data_measurands(), unix_s, END)
    return load(_DATA).taken(books, txn, last)


def periodic(books: "Transactions") -> None:
    """The sample of MeterValueSampleInterval that is due; sets when the next one is."""
    session = books.core.session
    interval_ms = books.interval_ms()
    number = books.next_sample_ms // interval_ms
    due_s = books.started["start_s"] + books.next_sample_ms // 1000
    now_s = books.clock.unix_s()
    # Where memory is short this is not reached, and the sample is still due in the next turn.
    _record(books, PERIODIC, due_s if -2 < now_s - due_s < 2 else now_s, number)
    books.next_sample_ms += interval_ms
    if session.duration_ms > books.next_sample_ms:  # the loop was held up: no burst
        books.next_sample_ms = session.duration_ms + interval_ms


def at_mark(books: "Transactions", unix_s: int, interval_s: int) -> None:
    """Another time of the grid than the last one: take the clock-aligned values if it is new."""
    last_s = books.mark_s
    since_midnight_s = unix_s % _DAY_S
    mark_s = unix_s - since_midnight_s % interval_s
    if mark_s <= last_s and last_s - unix_s <= interval_s:
        return  # the clock was set back: that time has been
    books.mark_s = mark_s
    if not last_s or unix_s - mark_s > _LATE_S:
        return
    try:
        if books.core.session.open:
            _record(books, CLOCK, mark_s, since_midnight_s // interval_s)
        elif books.link:
            packed = packed_now(books, books.keys.get("MeterValuesAlignedData"), mark_s, CLOCK)
            books.link.send("MeterValues", load(_RENDERING).render(packed, None))
    except MemoryError:
        books.mark_s = last_s  # it is looked at again
        raise


def triggered(books: "Transactions") -> "list[str]":
    """A MeterValues payload of this moment."""
    measurands = books.keys.get("MeterValuesSampledData")
    packed = packed_now(books, measurands, books.clock.unix_s(), TRIGGER)
    return load(_RENDERING).render(packed, books.transaction_id())


def store(books: "Transactions") -> None:
    """Put register and snapshot on flash, between samples that are far apart."""
    books.stored_ms = books.core.session.duration_ms
    try:
        _store(books)
    except OSError as error:
        books.log.error("flash", "energy not stored: %s", error)


def packed_now(books: "Transactions", measurands: str, unix_s: int, context: str) -> str:
    """The meter's values of this moment, packed (samples.py)."""
    core = books.core
    return pack(
        measurands,
        unix_s,
        context,
        core.meter.wh,
        core.meter.power_mw // 1000,
        core.bms.soc_c100,
        core.module.terminal_mv,
        core.module.terminal_ma,
        core.regulator.limit_ma(core.bms.current_limit_ma),
        core.module.temperature_c10,
    )


def _store(books: "Transactions") -> None:
    books.register.store(books.core.meter.wh, books.core.meter.mwh)
    write(books)


def _record(books: "Transactions", context: str, unix_s: int, number: int) -> None:
    """One sample of the running session, on flash: a message, and for the stop's data."""
    aligned = context == CLOCK
    measurands = books.keys.get("MeterValuesAlignedData" if aligned else "MeterValuesSampledData")
    try:
        _store(books)
        packed = packed_now(books, measurands, unix_s, context)
        books.outbox.add_sample(books.core.session.txn, packed)
    except (OSError, ChargerError) as error:
        books.log.error("flash", "sample lost: %s", error)
        return
    measurands = books.keys.get("StopTxnAlignedData" if aligned else "StopTxnSampledData")
    if measurands:
        try:
            packed = packed_now(books, measurands, unix_s, context)
            load(_DATA).add(books, packed, number)
        except MemoryError:  # the message is on flash; a second one would say the same
            books.log.error("memory", "a sample is missing in the stop's data")
