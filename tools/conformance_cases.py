"""The 102 charge point cases of the certification list (2024-04), and why some have no scenario.

A case passes when it has a scenario file in host_tests/scenarios/conformance/ whose first line
names it; the test suite proves that. The others are listed here with their reason. tools/docs.py
makes docs/conformance.md of both and refuses a case that has neither, or both.
"""

import re
from pathlib import Path
from typing import NamedTuple

PASSES = "passes"
NOT_APPLICABLE = "does not apply"
LATER = "not yet"
RESULTS = (PASSES, NOT_APPLICABLE, LATER)

FIXED_CABLE = "the cable is fixed to the charger: there is no connector lock and no socket"
SECURITY = "security profiles are not built yet"

# What is tested, by group; the ids in the order of the list.
CASES: dict[str, dict[str, str]] = {
    "Core": {
        "TC_001": "cold boot, registration rejected at first",
        "TC_002": "cold boot, registration pending",
        "TC_003": "session, gun first",
        "TC_004_1": "session, tag first",
        "TC_004_2": "no gun within ConnectionTimeOut",
        "TC_005_1": "vehicle side unplugged, cable unlocked at both ends",
        "TC_005_2": "vehicle side unplugged ends the session",
        "TC_005_3": "vehicle side unplugged suspends the session",
        "TC_007": "start with a cached tag",
        "TC_010": "remote start, gun first",
        "TC_011_1": "remote start, gun after it",
        "TC_011_2": "remote start, no gun within ConnectionTimeOut",
        "TC_012": "remote stop",
        "TC_013": "hard reset while idle",
        "TC_014": "soft reset while idle",
        "TC_015": "hard reset in a transaction",
        "TC_016": "soft reset in a transaction",
        "TC_017_1": "unlock while idle, detachable cable",
        "TC_017_2": "unlock while idle, fixed cable",
        "TC_018_1": "unlock in a transaction, detachable cable",
        "TC_018_2": "unlock in a transaction, fixed cable",
        "TC_019": "get configuration",
        "TC_021": "change configuration",
        "TC_023": "start with an invalid tag",
        "TC_024": "the connector's lock fails at the start",
        "TC_026": "remote start while a transaction runs",
        "TC_027": "remote start of connector 0",
        "TC_028": "remote stop of an unknown transaction",
        "TC_030": "the connector's lock fails at UnlockConnector",
        "TC_031": "unlock of an unknown connector",
        "TC_032_1": "power failure in a transaction, back-up supply",
        "TC_032_2": "power failure in a transaction, no back-up supply",
        "TC_034": "power failure while unavailable",
        "TC_036": "connection lost in a transaction",
        "TC_037_1": "offline start, valid tag",
        "TC_037_2": "offline start, invalid tag, transaction kept",
        "TC_037_3": "offline start, invalid tag, transaction stopped",
        "TC_038": "offline stop",
        "TC_039": "offline transaction",
        "TC_040_1": "change of an unknown key",
        "TC_040_2": "change to an invalid value",
        "TC_041": "fault",
        "TC_061": "clear the authorization cache",
        "TC_062": "data transfer of an unknown vendor",
        "TC_068": "stop with the tag that started",
        "TC_069": "stop with a tag of the same parent",
        "TC_070": "sampled meter values",
        "TC_071": "clock-aligned meter values",
    },
    "Local authorization list": {
        "TC_008": "start with a listed tag",
        "TC_042_1": "version of a list that is switched off",
        "TC_042_2": "version of an empty list",
        "TC_043": "send the list",
        "TC_043_1": "send to a list that is switched off",
        "TC_043_2": "version mismatch",
        "TC_043_3": "the list cannot be stored",
    },
    "Firmware management and diagnostics": {
        "TC_044_1": "download and install",
        "TC_044_2": "download fails",
        "TC_044_3": "installation fails",
        "TC_045_1": "diagnostics",
        "TC_045_2": "upload of diagnostics fails",
    },
    "Reservation": {
        "TC_046_1": "reserved, local start",
        "TC_046_2": "reserved, remote start",
        "TC_047": "reservation runs out",
        "TC_048_1": "reserve a faulted connector",
        "TC_048_2": "reserve an occupied connector",
        "TC_048_3": "reserve an unavailable connector",
        "TC_048_4": "reserve without the profile",
        "TC_049": "reserve the charge point",
        "TC_050_1": "reserve a faulted charge point",
        "TC_050_2": "reserve an occupied charge point",
        "TC_050_3": "reserve an unavailable charge point",
        "TC_050_4": "reserve the charge point without the profile",
        "TC_051": "cancel a reservation",
        "TC_052": "cancel another reservation",
        "TC_053": "reserved for a parent tag",
    },
    "Remote trigger": {
        "TC_054": "trigger each message",
        "TC_055": "trigger for an unknown connector",
    },
    "Smart charging": {
        "TC_056": "default profile",
        "TC_057": "profile of the transaction",
        "TC_058_1": "profile of a transaction while there is none",
        "TC_058_2": "profile of another transaction",
        "TC_059": "remote start with a profile",
        "TC_060": "remote start with a profile of another purpose",
        "TC_066": "composite schedule of three profiles",
        "TC_067": "clear profiles",
        "TC_072": "stacked profiles",
        "TC_082": "default profile in a transaction",
    },
    "Security": {
        "TC_073": "new password",
        "TC_074": "new client certificate",
        "TC_075_1": "install a manufacturer root certificate",
        "TC_075_2": "install a central system root certificate",
        "TC_076": "delete a certificate",
        "TC_077": "invalid client certificate",
        "TC_078": "invalid root certificate",
        "TC_079": "security log",
        "TC_080": "signed firmware update",
        "TC_081": "firmware with a bad signature",
        "TC_083": "upgrade of the security profile",
        "TC_084": "downgrade of the security profile",
        "TC_085": "basic authentication",
        "TC_086": "server certificate",
        "TC_087": "client certificate",
    },
}

_LATER_SECURITY = (
    *("TC_074", "TC_075_1", "TC_075_2", "TC_076", "TC_077", "TC_078", "TC_079"),
    *("TC_083", "TC_084", "TC_087"),
)
# Cases without a scenario: verdict and reason.
WITHOUT: dict[str, tuple[str, str]] = {
    "TC_005_1": (NOT_APPLICABLE, FIXED_CABLE),
    "TC_017_1": (NOT_APPLICABLE, FIXED_CABLE),
    "TC_018_1": (NOT_APPLICABLE, FIXED_CABLE),
    "TC_024": (NOT_APPLICABLE, FIXED_CABLE),
    "TC_030": (NOT_APPLICABLE, FIXED_CABLE),
    "TC_032_1": (NOT_APPLICABLE, "there is no back-up supply; TC_032_2 is what happens"),
    "TC_048_4": (NOT_APPLICABLE, "the Reservation profile is built in"),
    "TC_050_4": (NOT_APPLICABLE, "the Reservation profile is built in"),
    "TC_073": (LATER, f"{SECURITY}; AuthorizationKey works, but as text, not as hex digits"),
    "TC_080": (LATER, f"{SECURITY}; comes with the firmware update"),
    "TC_081": (LATER, f"{SECURITY}; comes with the firmware update"),
    "TC_086": (LATER, f"{SECURITY}; wss:// checks the server against one fixed root"),
    **dict.fromkeys(_LATER_SECURITY, (LATER, SECURITY)),
}

COUNT = 102
_NAMED = re.compile(r'"""(TC_\d{3}(?:_\d)?)(?:_CS)?: (.+)$')


class CaseError(ValueError):
    """The scenarios and the list do not agree."""


class Row(NamedTuple):
    """One case and its result. `scenario`: the name of its file, "" without."""

    id: str
    what: str
    result: str
    why: str
    scenario: str


def scenarios(folder: Path) -> dict[str, Path]:
    """The scenario files by the case that their first line names. Raises CaseError."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("tc_*.py")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        named = _NAMED.match(first)
        if not named or not path.name.startswith(named[1].lower()):
            raise CaseError(f"{path.name}: the first line must name its case")
        if named[1] in found:
            raise CaseError(f"{named[1]} has two files: {path.name}, {found[named[1]].name}")
        found[named[1]] = path
    return found


def rows(folder: Path) -> dict[str, list[Row]]:
    """The results by group, in the list's order. Raises CaseError."""
    files = scenarios(folder)
    known = [case for group in CASES.values() for case in group]
    strangers = (set(files) | set(WITHOUT)) - set(known)
    both = set(files) & set(WITHOUT)
    neither = [case for case in known if case not in files and case not in WITHOUT]
    if len(known) != COUNT or strangers or both or neither:
        raise CaseError(
            f"{len(known)} cases; unknown: {sorted(strangers)}; scenario and reason: "
            f"{sorted(both)}; neither scenario nor reason: {neither}"
        )
    table: dict[str, list[Row]] = {}
    for group, cases in CASES.items():
        table[group] = []
        for case, what in cases.items():
            result, why = WITHOUT.get(case, (PASSES, ""))
            name = files[case].name if case in files else ""
            table[group].append(Row(case, what, result, why, name))
    return table
