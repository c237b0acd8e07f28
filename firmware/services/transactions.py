"""The books of a session: start, samples, summary and stop, each on flash before it counts.

Called by the charge point when the core says that something has happened. Times come from the
clock, numbers from the core's session and meter; the texts are OCPP's business.
"""

from firmware.errors import ChargerError
from firmware.on_demand import load
from firmware.storage.files import write_json

_SNAPSHOT = "session.json"  # see recovery.py
_BOOKS = "firmware.services.books"
_SAMPLES = "firmware.ocpp.samples"
_PERIODIC = "P"  # contexts of samples.py
_TRIGGER = "T"


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
        self.next_sample_ms = 0
        # What of an ended session is not on flash yet, and when to try again (books.py).
        self.summary_due = False
        self.ending = None  # (local number, reason, idTag) of the stop
        self.status_told = False
        self.retry_at_s = 0
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

    def record_start(self, id_tag: str) -> int:
        """Put StartTransaction on flash; its local number, 0 when flash does not take it."""
        return load(_BOOKS).start(self, id_tag)

    def record_failed_start(self, txn: int) -> None:
        """The start is on flash, but the vehicle went away: close it with no energy."""
        self.ending = txn, "Other", ""
        self._close()

    def turn(self) -> None:
        """What is due by time: the end that flash has not taken, a sample."""
        if self.ending and self.status_told and self.clock.uptime_s() >= self.retry_at_s:
            self._close()
        self._sample()

    def _sample(self) -> None:
        session = self.core.session
        interval_ms = self.interval_ms()
        if not session.open or not interval_ms:
            return
        if self.next_sample_ms > session.duration_ms + interval_ms:
            self.next_sample_ms = session.duration_ms + interval_ms  # the interval was shortened
        if session.duration_ms < self.next_sample_ms:
            return
        due_s = self.started["start_s"] + self.next_sample_ms // 1000
        now_s = self.clock.unix_s()
        self.next_sample_ms += interval_ms
        if session.duration_ms > self.next_sample_ms:  # the loop was held up: no burst
            self.next_sample_ms = session.duration_ms + interval_ms
        self._add_sample(due_s if -2 < now_s - due_s < 2 else now_s)

    def meter_values_now(self) -> str:
        """A MeterValues payload of this moment, for TriggerMessage."""
        transaction_id = self.transaction_id()
        packed = self._packed(self.clock.unix_s(), _TRIGGER)
        return load(_SAMPLES).render(packed, transaction_id)

    def begin_stop(self) -> None:
        """The session is over: the summary goes first (the guide's order)."""
        session = self.core.session
        self.ending = session.txn, session.reason, session.stop_id_tag
        self.summary_due = True
        self.status_told = False
        self._close()

    def finish_stop(self) -> None:
        """After the status: StopTransaction, where one is due."""
        self.status_told = True
        self._close()

    def _close(self) -> None:
        if self.ending:
            load(_BOOKS).close(self)

    def interval_ms(self) -> int:
        """MeterValueSampleInterval in ms, 0 = no samples."""
        return self.keys.get("MeterValueSampleInterval") * 1000

    def _packed(self, unix_s: int, context: str) -> str:
        core = self.core
        return load(_SAMPLES).pack(
            self.keys.get("MeterValuesSampledData"),
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

    def _add_sample(self, unix_s: int) -> None:
        session = self.core.session
        meter = self.core.meter
        try:
            # The register first: meterStop after a power cut must not be below a sample.
            self.register.store(meter.wh, meter.mwh)
            self.snapshot()
            self.outbox.add_sample(session.txn, self._packed(unix_s, _PERIODIC))
        except (OSError, ChargerError) as error:
            self.log.error("flash", "sample lost: %s", error)

    def snapshot(self) -> None:
        """What recovery.py needs to close the session after a power cut. Raises OSError."""
        session = self.core.session
        snapshot = self.started
        snapshot["unix_s"] = self.clock.unix_s()
        snapshot["ms"] = session.duration_ms if session.open else 0
        snapshot["soc_c100"] = session.soc_c100 if session.open else self.core.bms.soc_c100
        write_json(_SNAPSHOT, snapshot)
