"""Measures the budgets: heap and timing of the firmware on the 32-bit MicroPython, as on the chip.

`python -m tools.bench` prints one row a figure: measured, budget, ok or over. The red
button (bench_power_path.py) and the start are measured on this machine's clock. All else runs
on the virtual charger's virtual clock, on which computing takes no time: the times say what the
firmware waits for, not how fast a chip is. Exit 1 only when something could not be measured.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from tools import bench_messages, bench_page, bench_power_path, build
from tools.bench_kit import (
    HEAP,
    ON,
    ROOMY,
    Row,
    booted,
    first_line,
    live,
    session,
    size,
)
from tools.micropython import ROOT, command
from tools.sim.bench import Bench, CallError

IDLE_BUDGET = 60_000
GROWTH_BUDGET = 1_000
LANES = 2  # chargers at once
_HEAP_SCRIPT = ROOT / "host_tests" / "unit" / "charging" / "heap_lock_script.py"


def verdict(row: Row) -> str:
    """The last column."""
    if row.failed:
        return "not measured"
    return "" if row.ok is None else "ok" if row.ok else "over"


def table(rows: list[Row]) -> str:
    """The rows as plain text, columns aligned."""
    lines = [("what", "measured", "budget", ""), *((*row[:3], verdict(row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    text = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in text)


def show(rows: list[Row]) -> None:
    """Print the rows, in colour on a terminal."""
    if not sys.stdout.isatty():
        print(table(rows))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "over": "red", "not measured": "bold red"}
    grid = Table("what", "measured", "budget", "")
    for row in rows:
        word = verdict(row)
        grid.add_row(*(Text(cell) for cell in row[:3]), Text(word, colours.get(word, "")))
    Console().print(grid)


# --- the figures ---


def small_heap() -> Iterator[Row]:
    """Does the whole firmware do its work in what heap the chip has."""
    what = f"session, all keys, 3 more sessions in {HEAP} of heap"
    step = "boot"
    try:
        bench = booted(HEAP)
    except AssertionError as error:
        yield Row(what, f"no: boot: {first_line(error)}", "yes", False)
        return
    try:
        step = "session 1"
        session(bench)
        step = "GetConfiguration"
        bench.call("GetConfiguration")
        for number in range(2, 5):
            step = f"session {number}"
            session(bench)
        alive = bench.charger.starts == 1
        yield Row(what, "yes" if alive else "no: it restarted", "yes", alive)
    except (AssertionError, CallError) as error:
        yield Row(what, f"no: {step}: {first_line(error)}", "yes", False)
    finally:
        bench.close()


def heap_and_ticks(sessions: tuple[int, ...]) -> Iterator[Row]:
    """Live heap at rest and after many sessions, the longest tick."""
    for what, most, settings in (
        ("live heap idle, with the page", bench_page.BUDGET, None),
        ("live heap idle, without the page", IDLE_BUDGET, {"web_port": "0"}),
    ):
        with closing(booted(ROOMY, settings)) as bench:
            idle = live(bench)
        yield Row(what, size(idle), size(most), idle <= most)
    bench = booted(ROOMY)
    try:
        first, done = 0, 0
        for count in sessions:
            for _ in range(count - done):
                session(bench)
            done = count
            heap = live(bench)
            if not first:
                first = heap
                yield Row(f"live heap after session {count}", size(heap))
                continue
            grown = heap - first
            budget = f"within {size(GROWTH_BUDGET)} of session {sessions[0]}"
            fits = abs(grown) <= GROWTH_BUDGET
            yield Row(
                f"live heap after session {count}", f"{size(heap)} ({grown:+,})", budget, fits
            )
        longest = bench.state()["tick_max_ms"]
        yield Row("longest time between two control ticks", f"{longest} ms (virtual)")
    finally:
        bench.close()


def start() -> Iterator[Row]:
    """From power on to the first BootNotification, and the heap right after it."""
    bench = Bench(on=ON, heap=HEAP)
    try:
        since_s = time.perf_counter()
        bench.power_on()
        waited_ms = bench.expect("BootNotification", within_s=60).ms
        took_s = time.perf_counter() - since_s
        waits = f"of this PC's time, {waited_ms:.0f} ms of waiting on top"
        yield Row("power on to first BootNotification", f"{took_s:.2f} s {waits}")
        yield Row("live heap right after it", size(live(bench)))
    finally:
        bench.close()


def tick_allocation() -> Iterator[Row]:
    """10,000 control ticks with the heap locked."""
    what = "control tick, allocated"
    words = [*(command(ON) or [ON]), "-X", "heapsize=1m", str(_HEAP_SCRIPT)]
    environment = {**os.environ, "MICROPYPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    told = re.search(r"ticks (\d+)", done.stdout)
    if told:
        yield Row(what, f"0 bytes in {int(told[1]):,} ticks", "0 bytes", True)
    elif "MemoryError" in done.stdout + done.stderr:
        yield Row(what, "more than 0 bytes", "0 bytes", False)
    else:
        yield Row(what, (done.stderr.strip().splitlines() or ["?"])[-1], "0 bytes", failed=True)


def e_stops(edges: int) -> Iterator[Row]:
    """The red button under each kind of load, on the wall clock."""
    for kind in bench_power_path.KINDS:
        yield from bench_power_path.rows(kind, ON, edges, LANES)


def code_size() -> Iterator[Row]:
    """Bytes on flash."""
    named = build.files()
    total = sum(path.stat().st_size for path in named.values())
    yield Row("code on flash", f"{size(total)} in {len(named)} files")


def measured(what: str, figures: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """The rows of one measurement, or one that says why there are none."""
    try:
        yield from figures()
    except (AssertionError, CallError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        yield Row(what, first_line(error), failed=True)


def main(arguments: list[str] | None = None) -> int:
    """Command line. 1 when a figure could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="1,000 sessions, 4 times 1,000 E-stops"
    )
    parser.add_argument(
        "--e-stops", type=int, default=0, metavar="N", help="of a kind, default 12"
    )
    options = parser.parse_args(arguments)
    if command(ON) is None:
        print(f"{ON} is missing: make micropython", file=sys.stderr)
        return 1
    stops = options.e_stops or (1000 if options.full else 12)
    counts = (10, 50, 1000) if options.full else (10, 50)
    work: list[tuple[str, Callable[[], Iterator[Row]]]] = [
        ("work in a small heap", small_heap),
        ("start", start),
        ("heap and ticks", lambda: heap_and_ticks(counts)),
        ("control tick, allocated", tick_allocation),
        ("all profiles in one run", bench_messages.all_profiles),
        ("what a MeterValues costs", bench_messages.meter_values),
        ("drain after an outage", bench_messages.drain),
        ("the page", bench_page.viewers),
        ("E-stop to off", lambda: e_stops(stops)),
        ("code on flash", code_size),
    ]
    rows: list[Row] = []
    for what, figures in work:
        print(f"  {what} ...", file=sys.stderr, flush=True)
        rows += measured(what, figures)
    show(rows)
    return 1 if any(row.failed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
