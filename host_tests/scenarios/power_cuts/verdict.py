"""The verdict on the books of a charger that has lived through power cuts.

It compares what has reached the central system with what is on flash after each life and with
the truth of the plant. Each kind of fault is a count that should be 0.
"""

import json
from typing import Any, NamedTuple

from tools.sim.bench import Bench

_RECORDS = ("StartTransaction", "StopTransaction", "MeterValues")
_SLACK_S = 0.2  # from a sample's time to its end on flash, and one control period
_METERED = 0.01  # the meter may miss that part of the truth
FAULTS = ("missing", "open", "stuck", "lost_energy", "backwards", "unequal", "wrong_repeats")


class Life(NamedTuple):
    """What is true when a life has ended, or before the first."""

    talked: int  # frames in the log
    plant_mwh: float  # delivered in truth
    register_mwh: int  # on flash
    delivered: int  # newest record whose answer is on flash


def look(bench: Bench) -> Life:
    """A life has ended: what is true now."""
    files = bench.files
    return Life(
        len(bench.log),
        bench.hardware.plant_state()["wh_delivered"] * 1000,
        max(_register(files, "0"), _register(files, "1")),
        _delivered(files),
    )


def _register(files: Any, which: str) -> int:
    try:
        parts = files.read("/register" + which).split()
        return int(parts[1]) * 1000 + int(parts[2])
    except (FileNotFoundError, IndexError, ValueError):
        return 0


def _delivered(files: Any) -> int:
    try:
        return int(files.read("/outbox/state").split()[0])
    except (FileNotFoundError, IndexError):
        return 0


def _is_record(kind: str, payload: dict) -> bool:
    if kind == "DataTransfer":
        return bool(payload["messageId"] == "SessionSummary")
    return kind in _RECORDS and (kind != "MeterValues" or "transactionId" in payload)


class Record:
    """A transaction message that has reached the server."""

    def __init__(self, entry: Any) -> None:
        self.kind = entry.kind
        self.payload = entry.payload
        self.id = entry.id

    def same(self, other: "Record") -> bool:
        return self.kind == other.kind and self.payload == other.payload

    def wh(self) -> int | None:
        """The lifetime register in it."""
        if self.kind == "MeterValues":
            return int(self.payload["meterValue"][0]["sampledValue"][0]["value"])
        field = {"StartTransaction": "meterStart", "StopTransaction": "meterStop"}.get(self.kind)
        return int(self.payload[field]) if field else None

    def time(self) -> str:
        if self.kind == "MeterValues":
            return str(self.payload["meterValue"][0]["timestamp"])
        return str(self.payload.get("timestamp", ""))


class _Judge:
    def __init__(self, bench: Bench, lives: list[Life], interval_s: float) -> None:
        self.counts = dict.fromkeys((*FAULTS, "repeats"), 0)
        self.wrong: list[str] = []
        self._bench = bench
        self._lives = lives
        self._interval_s = interval_s
        self.books: list[Record] = []  # each record once, as it came
        self.ids: dict[str, int] = {}  # message id of a start: the transaction's id

    def blame(self, count: str, text: str) -> None:
        self.counts[count] += 1
        self.wrong.append(f"{count}: {text}")

    def gather(self) -> None:
        """The records of each life; what was sent twice counts as one."""
        log = self._bench.log
        before = self._lives[0]
        for life in self._lives[1:]:
            records = [
                Record(entry) for entry in log[before.talked : life.talked]
                if entry.way == ">" and _is_record(entry.kind, entry.payload)
            ]  # fmt: skip
            known = before.delivered - self._lives[0].delivered
            due = known < len(self.books)  # its answer had not reached flash
            repeated = bool(records and self.books and records[0].same(self.books[-1]))
            if repeated:
                self.counts["repeats"] += 1
                self.books[-1] = records.pop(0)
            if repeated != due and (repeated or records):
                self.blame("wrong_repeats", f"sent twice: {repeated}, answer on flash: {not due}")
            if known < len(self.books) - 1:
                self.blame("wrong_repeats", f"{known} of {len(self.books)} are on flash")
            self.books += records
            before = life

    def follow(self) -> None:
        """Start, samples, summary, stop, one session after the other, each with its id."""
        answers = {e.id: e.payload for e in self._bench.log if e.way == "<"}
        expected, transaction = ("StartTransaction",), None
        for record in self.books:
            if record.kind not in expected:
                self.blame("open", f"{record.kind} came where {expected} was due")
            if record.kind == "StartTransaction":
                transaction = answers[record.id]["transactionId"]
            elif record.payload.get("transactionId", transaction) != transaction:
                self.blame("open", f"{record.kind} carries {record.payload['transactionId']}")
            expected = {
                "StartTransaction": ("MeterValues", "DataTransfer"),
                "MeterValues": ("MeterValues", "DataTransfer"),
                "DataTransfer": ("StopTransaction",),
                "StopTransaction": ("StartTransaction",),
            }[record.kind]
        if expected != ("StartTransaction",):
            self.blame("open", f"the last session ends with {self.books[-1:]}")

    def compare(self) -> None:
        """The summary tells the energy that lies between start and stop."""
        start, told_wh = 0, 0.0
        for record in self.books:
            if record.kind == "StartTransaction":
                start = record.payload["meterStart"]
            elif record.kind == "DataTransfer":
                told_wh = json.loads(record.payload["data"])["energyDelivered"]
            elif record.kind == "StopTransaction":
                delta = record.payload["meterStop"] - start
                if abs(told_wh - delta) > 1.01:
                    self.blame("unequal", f"summary {told_wh} Wh, register {delta} Wh")

    def measure(self) -> None:
        """Energy and time only grow, on flash and in the books; little is lost at a cut."""
        wh, at = 0, ""
        for record in self.books:
            value = record.wh()
            if value is not None:
                if value < wh or record.time() < at:
                    self.blame(
                        "backwards", f"{record.kind}: {value} Wh {record.time()} after {at}"
                    )
                wh, at = value, record.time()
        before = self._lives[0]
        for life in self._lives[1:]:
            if life.register_mwh < before.register_mwh:
                self.blame("backwards", f"register: {life.register_mwh} < {before.register_mwh}")
            true = life.plant_mwh - before.plant_mwh
            lost = true - (life.register_mwh - before.register_mwh)
            allowed = self._interval_mwh() + true * _METERED
            if lost > allowed:
                self.blame("lost_energy", f"{lost:.0f} mWh of {true:.0f}, allowed {allowed:.0f}")
            before = life
        if wh > before.register_mwh // 1000:
            self.blame("backwards", f"the books say {wh} Wh, the register {before.register_mwh}")

    def _interval_mwh(self) -> float:
        plant = self._bench.hardware
        battery = plant.vehicle.battery
        return battery.volts(90.0) * 90.0 * (self._interval_s + _SLACK_S) / 3.6


def judge(
    bench: Bench, lives: list[Life], interval_s: float, kept: int
) -> tuple[list[str], dict[str, int]]:
    """What is wrong, and the counts. `kept`: sessions on flash at first, not yet delivered.

    The server must have them, the one in which power has flowed before the cut, and the last.
    """
    verdict = _Judge(bench, lives, interval_s)
    verdict.gather()
    verdict.follow()
    verdict.compare()
    verdict.measure()
    wanted = kept + (lives[-2].plant_mwh > lives[0].plant_mwh) + 1
    started = sum(record.kind == "StartTransaction" for record in verdict.books)
    losses = sum(record.payload.get("reason") == "PowerLoss" for record in verdict.books)
    if started < wanted:
        verdict.blame("missing", f"{started} of {wanted} sessions are at the server")
    return verdict.wrong, {**verdict.counts, "sessions": started, "power_loss": losses}
