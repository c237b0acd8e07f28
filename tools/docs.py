"""Writes the tables of docs/ that are made from the source: settings, OCPP keys, states, faults,
conformance.

`python -m tools.docs` writes them, `--check` only says whether they are up to date (exit 1: not).
"""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "sim" / "shim" / "cpython"))

import compat  # noqa: E402

compat.install()

from firmware import settings  # noqa: E402
from firmware.board import options  # noqa: E402
from firmware.charging import (  # noqa: E402
    connector,
    fault_texts,
    faults,
    sequence,
    supervisor,
)
from firmware.ocpp import key_table  # noqa: E402
from tools import conformance_cases, fault_sources  # noqa: E402
from tools.key_meanings import MEANINGS  # noqa: E402

_SCENARIOS = ROOT / "host_tests" / "scenarios" / "conformance"
_HEADER = "<!-- Made by `make docs` from {source}: change that, not this. -->\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def settings_page(source: str) -> str:
    """The settings, with the comments of the table's source as their meaning."""
    meanings: dict[str, str] = {}
    sections: dict[str, str] = {}
    section = ""
    key = ""
    for line in source.split("FIELDS = (")[1].split("\n)\n")[0].splitlines():
        row = re.match(r'\s*\("(\w+)".*?\),(?:\s*# (.*))?$', line)
        comment = re.match(r"\s*# (\^ )?(.*)", line)
        if row:
            key = row[1]
            meanings[key], sections[key] = row[2] or "", section
        elif comment and comment[1]:
            meanings[key] = comment[2]
        elif comment:
            section = comment[2]
    text = _HEADER.format(source="firmware/settings.py") + "# Settings\n\n"
    text += (
        "Set one with `--set KEY=VALUE` on the virtual charger; the chip keeps what differs from\n"
        "the default on its flash. A power setting can only be stricter than the board's rating.\n"
    )
    for section in dict.fromkeys(sections.values()):
        rows = [
            [f"`{name}`", kind.__name__, _default(name, default), _range(kind, low, high)]
            + [meanings[name].replace("|", "\\|")]
            for name, kind, default, low, high in settings.FIELDS
            if sections[name] == section
        ]
        text += f"\n## {section[:1].upper()}{section[1:]}\n\n"
        text += _table(["key", "type", "default", "range", "meaning"], rows)
    return text


def options_page() -> str:
    """The hardware options; the table is text, with the meanings in it."""
    text = _HEADER.format(source="firmware/board/options.py") + "# Hardware options\n\n"
    text += (
        "Which driver sits where, on which pins. Set one like a setting, with `--set KEY=VALUE`\n"
        "on the virtual charger, which then has the matching virtual device; the chip keeps them\n"
        "in `hardware.json` and takes them at the next start. Two that want the same pin or UART\n"
        "are refused at the start with a line that names them.\n\n"
    )
    rows = []
    for line in "".join(options.TABLE).strip().splitlines():
        row, _, meaning = line.partition("#")
        if row.strip():
            key, kind, default, *bounds = row.split()
            allowed = " to ".join(bounds) or (
                "true, false" if kind == "bool" else kind.replace("/", ", ")
            )
            rows.append([f"`{key}`", f"`{default}`", allowed, meaning.strip()])
    return text + _table(["key", "default", "allowed", "meaning"], rows)


def _default(name: str, value: object) -> str:
    if value == "":
        return "(empty)"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _range(kind: type, low: int, high: int) -> str:
    if kind is bool:
        return "true, false"
    return f"{low} to {high} bytes" if kind is str else f"{low} to {high}"


_ACCESS = {"R": "read", "RW": "read, write", "RWB": "read, write (after a restart)", "W": "write"}
_KEY_TYPES = {"text": "text", "data": "list of measurands", "phases": "list of phase rotations"}
_UNIT = 6


def keys_page() -> str:
    """The OCPP configuration keys."""
    text = _HEADER.format(source="firmware/ocpp/key_table.py and tools/key_meanings.py")
    text += (
        "# OCPP configuration keys\n\n"
        "Read with GetConfiguration, set with ChangeConfiguration, or with `--set KEY=VALUE` on\n"
        "the virtual charger. What differs from the default is kept on flash. The range of a\n"
        "text is its length, that of a list how many elements it may have.\n\n"
    )
    head = ["key", "access", "type", "default", "range", "unit", "meaning"]
    used = _used_keys()
    return text + _table(head, [_key_row(row, row[0] in used) for row in key_table.rows()])


def _used_keys() -> set[str]:
    """The keys that some module of the firmware asks for."""
    table = ROOT / "firmware" / "ocpp" / "key_table.py"
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "firmware").rglob("*.py")
               if p != table]  # fmt: skip
    return set(re.findall(r'"([A-Z]\w+)"', "\n".join(sources)))


def _key_row(row: list[str], used: bool) -> list[str]:
    key, access, kind, default, *rest = row
    low_high = " to ".join(rest[:2]) if len(rest) > 1 else "true, false" if kind == "bool" else ""
    if "W" not in access:
        low_high = ""
    shown = "(empty)" if default == "-" else f"`{default}`".replace(",", "`, `")
    unit = row[_UNIT] if len(row) > _UNIT else ""
    meaning = MEANINGS.get(key, "")
    if not used and "W" in access:
        meaning += " (kept, without effect so far)"
    return [f"`{key}`", _ACCESS.get(access, access), _KEY_TYPES.get(kind, kind), shown,
            low_high, unit, meaning]  # fmt: skip


def states_page() -> str:
    """The connector's transitions and the charge sequence's."""
    text = _HEADER.format(source="firmware/charging/") + "# States\n\n"
    text += "Rows are events, columns the state that they find. `·`: illegal, changes nothing.\n"
    text += (
        "\n## The connector\n\n"
        f"`{connector.REST}`: one of Available, Preparing, Finishing, Reserved, Unavailable,\n"
        "whichever the facts say.\n\n"
    )
    text += _transitions(connector.EVENTS, connector.STATES, connector.TRANSITIONS)
    text += (
        "\n## The charge sequence\n\n"
        "Beneath the connector's states. `permit` and `withdraw`: everything that power needs is\n"
        "true, or no longer; `emergency`: a fault that allows no waiting, or the gun is out;\n"
        "`passed`: what the state waits for is true.\n\n"
    )
    text += _transitions(sequence.SEQUENCE_EVENTS, sequence.SEQUENCE_STATES, sequence.SEQUENCE)
    on = ", ".join(state for state in sequence.SEQUENCE_STATES if state in sequence.ON)
    closed = ", ".join(state for state in sequence.SEQUENCE_STATES if state in sequence.CLOSED)
    return text + f"\nModule on: {on}. Contactor closed: {closed}.\n"


def _transitions(
    events: tuple[str, ...], states: tuple[str, ...], table: dict[str, dict[str, str]]
) -> str:
    rows = [[event] + [table[state].get(event, "·") for state in states] for event in events]
    return _table(["event", *states], rows)


_REACTIONS = {
    supervisor.DERATE: "lowers the current",
    supervisor.STOP: "module off, contactor opens without load (50 to 120 ms)",
    supervisor.EMERGENCY: "module off and contactor open at once",
}
_CLEARS = {
    supervisor.LATCH: "by service only",
    supervisor.UNPLUG: "when the gun is pulled",
    0: "with its cause",
}
_FAULTS_HEAD = """# Faults

The first active row that stops the charger is the one reported: status Faulted, with the OCPP
error code, the row's name as `vendorErrorCode` and its text as `info`. It ends the session with
reason EmergencyStop (the first row) or Other. Rows that only lower the current are not reported.

* A fault that has come four times in one plug-in (without a gun: in an hour) stays until the gun
  is pulled or service clears it. Emergency stop and door may come as often as they like.
* "By service only": `charger.clear_faults()` in the REPL; the cause may set it again at once.
* A restart of the chip forgets what is latched. A welded contactor is found again by its
  auxiliary contact at once, the others when their cause is there again.
* What has restarted again and again is held by CrashLoop or BrownOut until it has stayed up ten
  minutes; service, or pulling the mains plug, ends it at once. A restart that was ordered does not
  count. That a dip of the supply leaves the RTC's memory as it was is unproven on hardware.
* `discharge_ms` suits a module that empties its output by itself. Where the capacitors take
  longer, measure it and raise the setting, or every stop ends as WeldCheckFailed.
* A BMS that forbids charging, or asks for no current, is no fault: power goes off within a tick,
  the status is SuspendedEV, and after `bms_pause_ms` the session ends.
* A session ends by itself when the battery is full: less than `end_of_charge_ma` for 60 s within
  1 % of the voltage limit, or less than 5 % of the rating for 60 s at a state of charge of 100 %.

"""


def faults_page() -> str:
    """The supervisor's table."""
    rows = []
    for name, _, _, _, hold_ms, clear_ms, reaction, code, _ in faults.FAULTS:
        source, threshold = fault_sources.SOURCES[name]
        clears = _CLEARS.get(clear_ms, f"{clear_ms} ms after its cause")
        rows.append(
            [f"`{name}`", source, threshold, f"{hold_ms} ms" if hold_ms else "at once"]
            + [_REACTIONS[reaction], clears, code, fault_texts.TEXTS[name]]
        )
    head = ["name", "measured at", "threshold", "for", "reaction", "clears", "OCPP", "text"]
    return _HEADER.format(source="firmware/charging/faults.py") + _FAULTS_HEAD + _table(head, rows)


def conformance_page() -> str:
    """The certification list case by case. Raises CaseError where a case is not accounted for."""
    groups = conformance_cases.rows(_SCENARIOS)
    every = [row for rows in groups.values() for row in rows]
    counts = Counter(row.result for row in every)
    text = _HEADER.format(source="tools/conformance_cases.py and the scenarios")
    text += (
        "# Conformance\n\n"
        "The charge point cases of the public OCPP 1.6 certification list (2024-04), for one\n"
        "connector with a fixed cable. A case *passes* by its scenario in\n"
        "`host_tests/scenarios/conformance/`, which `make test` runs on the 32-bit MicroPython\n"
        "in 112 KiB of heap (`make test-all` on CPython as well), against a scripted central\n"
        "system that checks every message against the OCPP schemas. `make docs-check` fails when\n"
        "a case has neither a scenario nor a reason.\n\n"
    )
    passes, not_applicable, later = (counts[word] for word in conformance_cases.RESULTS)
    text += f"{len(every)} cases: {passes} pass, {not_applicable} do not apply, {later} not yet.\n"
    for group, rows in groups.items():
        table = [[r.id, r.what, r.result, f"`{r.scenario}`" if r.scenario else r.why]
                 for r in rows]  # fmt: skip
        text += f"\n## {group}\n\n"
        text += _table(["id", "what", "result", "scenario, or why there is none"], table)
    return text


def pages() -> dict[Path, str]:
    """The generated pages of the firmware and what they should hold."""
    source = (ROOT / "firmware" / "settings.py").read_text(encoding="utf-8")
    return {
        ROOT / "docs" / "settings.md": settings_page(source),
        ROOT / "docs" / "hardware-options.md": options_page(),
        ROOT / "docs" / "configuration-keys.md": keys_page(),
        ROOT / "docs" / "states.md": states_page(),
        ROOT / "docs" / "faults.md": faults_page(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Command line. With --check 1 when a page is not what the source says."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    stale = 0
    wrong = ""
    wanted = pages()
    try:
        wanted[ROOT / "docs" / "conformance.md"] = conformance_page()
    except conformance_cases.CaseError as error:
        wrong = f"docs/conformance.md: {error}"
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{path.relative_to(ROOT)} is not up to date: make docs")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"  wrote {path.relative_to(ROOT)}")
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong or check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
