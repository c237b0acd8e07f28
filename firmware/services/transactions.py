"""The books of a session: start, samples, summary and stop, each on flash before it counts.

Called by the charge point when the core says that something has happened. Here is when a sample
is due; sampling.py takes it, start_record.py and books.py write what begins and ends a session.
"""

from micropython import const

from firmware.on_demand import load

_SAMPLING = "firmware.services.sampling"
_STORE_MS = const(60_000)  # so often, at least, register and snapshot go to flash
_DAY_S = const(86_400)


class Transactions:
    """Writes the transaction messages of one connector into the outbox."""

    def __init__(
        self,
        core: "ChargingCore",
        outbox: "Outbox",
        register: "EnergyRegister",
        keys: "Keys",
        clock: "Clock",
        log: "Log",
    ) -> None:
        self.core = core
        self.outbox = outbox
        self.register = register
        self.keys = keys
        self.clock = clock
        self.log = log
        self.started = {}
        self.next_sample_ms = 0  # these two in session time
        self.stored_ms = 0
        self.mark_s = 0  # the newest clock-aligned time (since 1970) that has come
        self.looked_s = 0
        self.begin_due = False  # the first of the stop's samples is to be taken
        # What of an ended session is not on flash yet, and when to try again (books.py).
        self.summary_due = False
        self.ending = None  # (local number, reason, idTag, time) of the stop
        self.status_told = False
        self.retry_at_s = 0
        self.pending = None  # the session a power cut left open, while recovery.py is at it
        self.resending = None  # dead letters on their way back, see storage/dead_letters.py
        self.link = None  # set by the app
        self._seen_seq = 0

    def all_delivered(self) -> bool:
        """Has the central system everything."""
        return not self.ending and not len(self.outbox)

    def take_news(self) -> bool:
        """Has anything been recorded since the last call."""
        seen = self._seen_seq
        self._seen_seq = self.outbox.last_seq
        return seen != self._seen_seq

    def transaction_id(self) -> "int | None":
        """The server's id of the running transaction, None when there is none or not yet."""
        session = self.core.session
        return self.outbox.transaction_id(session.txn) if session.open else None

    def is_running(self, transaction_id: int) -> bool:
        """Is `transaction_id` the running transaction."""
        return transaction_id is not None and self.transaction_id() == transaction_id

    def turn(self) -> None:
        """What is due by time: the end that flash has not taken, a sample."""
        if self.pending and self.clock.uptime_s() >= self.retry_at_s:
            load("firmware.services.resumption").turn(self)
        if self.resending and not self.resending.turn():
            self.resending = None
        if self.ending and self.status_told and self.clock.uptime_s() >= self.retry_at_s:
            self.retry_at_s = self.clock.uptime_s() + 1  # should memory fail
            self.close()
        if self.core.session.open:
            if self.begin_due:
                self.begin_due = False
                load(_SAMPLING).begin(self)
            self._sample(self.core.session.duration_ms)
        self._look_at_clock()

    def _sample(self, now_ms: int) -> None:
        interval_ms = self.interval_ms()
        if interval_ms:
            if self.next_sample_ms > now_ms + interval_ms:
                self.next_sample_ms = now_ms + interval_ms  # the interval was shortened
            if now_ms >= self.next_sample_ms:
                load(_SAMPLING).periodic(self)
        if now_ms - self.stored_ms >= _STORE_MS:
            load(_SAMPLING).store(self)

    def _look_at_clock(self) -> None:
        """Once a second: has a time of the grid of ClockAlignedDataInterval come."""
        interval_s = self.keys.get("ClockAlignedDataInterval")
        if interval_s and self.clock.known and self.looked_s != self.clock.uptime_s():
            self.looked_s = self.clock.uptime_s()
            unix_s = self.clock.unix_s()
            if unix_s - unix_s % _DAY_S % interval_s != self.mark_s:
                load(_SAMPLING).at_mark(self, unix_s, interval_s)

    def begin_stop(self, status_told: bool = False) -> None:
        """The session is over: the summary goes first, the stop after the status (the guide)."""
        session = self.core.session
        self.ending = session.txn, session.reason, session.stop_id_tag, self.clock.unix_s()
        self.summary_due = True
        self.status_told = status_told
        self.close()

    def finish_stop(self) -> None:
        """The status has gone: the next turn records StopTransaction, where one is due."""
        self.status_told = True

    def close(self) -> None:
        """Put on flash what is due of the ended session; what fails is tried again."""
        if self.ending:
            # One after the other: there is no room for the code of both.
            told = self.status_told and self.data_measurands()
            data = load(_SAMPLING).ended(self) if told else ""
            load("firmware.services.books").close(self, data)

    def data_measurands(self) -> str:
        """What the first and the last value in StopTransaction show, "" where none is wanted."""
        return self.keys.get("StopTxnSampledData") or self.keys.get("StopTxnAlignedData")

    def interval_ms(self) -> int:
        """MeterValueSampleInterval in ms, 0 = no samples."""
        return self.keys.get("MeterValueSampleInterval") * 1000

    def snapshot(self) -> None:
        """What recovery.py needs to close the session after a power cut. Raises OSError."""
        load("firmware.services.snapshot").write(self)
