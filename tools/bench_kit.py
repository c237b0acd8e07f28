"""What the figures of tools/bench.py are made with: a row, a charger, journeys."""

from typing import NamedTuple

from tools.sim.bench import Bench

ON = "micropython32"
HEAP = "112k"  # what the chip leaves
ROOMY = "1m"  # to measure what would not fit


class Row(NamedTuple):
    """One figure. `ok` None: there is no budget for it, or nothing to measure yet."""

    what: str
    measured: str
    budget: str = ""
    ok: bool | None = None
    failed: bool = False  # it could not be measured


def first_line(error: Exception) -> str:
    """An error in one short line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:60]


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count:,} bytes"


def session(bench: Bench, seconds: float = 5) -> None:
    """A whole charging session, from gun in to gun out."""
    transaction = begin(bench)
    bench.run(seconds)
    bench.call("RemoteStopTransaction", {"transactionId": transaction})
    bench.expect("StopTransaction", within_s=30)
    end(bench)


def begin(bench: Bench) -> int:
    """Gun in, remote start, current flows; the transaction id."""
    bench.command("plug")
    bench.expect("DataTransfer", within_s=30, messageId="VehicleInfo")
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    bench.expect("StartTransaction", within_s=30)
    bench.run_until(lambda: bench.hardware.plant_state()["amps"] > 1, 30, "current")
    answers = (e for e in reversed(bench.log) if e.kind == "StartTransactionResponse")
    return int(next(answers).payload["transactionId"])


def end(bench: Bench) -> None:
    """Gun out, and wait until the charger is at rest again."""
    bench.command("unplug")
    bench.expect("StatusNotification", within_s=30, connectorId=1, status="Available")
    bench.run(3)


def booted(heap: str, settings: dict | None = None) -> Bench:
    """A charger on the 32-bit MicroPython, accepted and idle."""
    bench = Bench(on=ON, heap=heap, settings=settings)
    try:
        bench.power_on()
        bench.expect("BootNotification", within_s=60)
        bench.run(5)
    except BaseException:
        bench.close()
        raise
    return bench


def live(bench: Bench) -> int:
    """Bytes of the firmware's own on the heap after a collection."""
    state = bench.state()
    if state["heap_used"] is None:
        raise RuntimeError("the firmware did not tell its state")
    return int(state["heap_used"]) - int(state["shim_bytes"] or 0)
