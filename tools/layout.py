"""Which modules are joined for the chip, which are loaded for one use, and what those are called.

A module that is loaded for one use costs RAM for ever by its name and its path, so most of them go
into the folder `m` under a name that MicroPython has in its own program, and are found there by
firmware/on_demand.py.
"""

import ast
import keyword
import string
from collections.abc import Iterable
from pathlib import Path

from tools.trees import parsed, walk

FOLDER = "m"
# Loaded for one use (firmware/on_demand.py), or only at the start; all else is one bundle.
ON_DEMAND = {
    "firmware",
    "firmware.app",
    "firmware.warm_up",
    "firmware.bring_up",
    "firmware.settings",
    "firmware.values",
    "firmware.made_once",
    "firmware.status",
    "firmware.console",
    "firmware.console.change",
    "firmware.console.live",
    "firmware.console.readings",
    "firmware.console.records",
    "firmware.console.state",
    "firmware.last_words",
    "firmware.storage.json_files",
    "firmware.storage.log_keeper",
    "firmware.storage.black_box",
    "firmware.storage.log_file",
    "firmware.charging.fault_texts",
    "firmware.charging.faults",
    "firmware.drivers.can.native",
    "firmware.net.connect",
    "firmware.net.dial",
    "firmware.net.tls",
    "firmware.net.http_request",
    "firmware.net.http_server",
    "firmware.net.lan",
    "firmware.net.link",
    "firmware.net.links",
    "firmware.net.names",
    "firmware.net.ppp",
    "firmware.net.wifi",
    "firmware.provisioning",
    "firmware.provisioning.page",
    "firmware.provisioning.rules",
    "firmware.provisioning.setup",
    "firmware.provisioning.watch",
    "firmware.ocpp.charging_profiles",
    "firmware.ocpp.composite",
    "firmware.ocpp.core",
    "firmware.ocpp.date_parser",
    "firmware.net.ftp_transfer",
    "firmware.net.http_transfer",
    "firmware.net.transfer",
    "firmware.ocpp.firmware_management",
    "firmware.ocpp.get_configuration",
    "firmware.services.diagnostics",
    "firmware.services.stored_log",
    "firmware.services.transfer_steps",
    "firmware.services.transfer_task",
    "firmware.services.transfers",
    "firmware.ocpp.handshake",
    "firmware.ocpp.key_check",
    "firmware.ocpp.key_table",
    "firmware.ocpp.local_list",
    "firmware.ocpp.measurands",
    "firmware.ocpp.meter_values",
    "firmware.ocpp.profile_check",
    "firmware.ocpp.profile_fields",
    "firmware.ocpp.profile_rules",
    "firmware.ocpp.payloads",
    "firmware.ocpp.profiles",
    "firmware.ocpp.remote_trigger",
    "firmware.ocpp.requests",
    "firmware.ocpp.reservation",
    "firmware.ocpp.rivot",
    "firmware.ocpp.samples",
    "firmware.ocpp.status_notification",
    "firmware.ocpp.set_charging_profile",
    "firmware.ocpp.stop_parts",
    "firmware.ocpp.strict_json",
    "firmware.ocpp.tag_records",
    "firmware.services.authorization",
    "firmware.services.books",
    "firmware.services.core_events",
    "firmware.services.session_start",
    "firmware.services.profile_keeper",
    "firmware.services.profile_limits",
    "firmware.storage.profiles",
    "firmware.storage.thinning",
    "firmware.storage.boot_record",
    "firmware.storage.dead_letters",
    "firmware.services.commands",
    "firmware.services.recovery",
    "firmware.services.registration",
    "firmware.services.resumption",
    "firmware.services.sampling",
    "firmware.services.snapshot",
    "firmware.services.smart_charging",
    "firmware.services.standing",
    "firmware.services.start_record",
    "firmware.services.transaction_data",
    "firmware.services.statuses",
    "firmware.services.tag_answers",
    "firmware.services.tag_keeper",
    "firmware.services.tag_reader",
    "firmware.services.tags",
    "firmware.storage.tag_cache",
    "firmware.storage.tag_changes",
    "firmware.storage.tag_file",
    "firmware.web",
    "firmware.web.access",
    "firmware.web.changes",
    "firmware.web.door",
    "firmware.web.figures",
    "firmware.web.listener",
    "firmware.web.live",
    "firmware.web.orders",
    "firmware.web.public",
    "firmware.web.records",
    "firmware.web.visit",
    "firmware.storage.password",
    "firmware.storage.session_history",
    "firmware.update",
    "firmware.update.p256",
    "firmware.update.installer",
    "firmware.update.package",
    "firmware.update.room",
    "firmware.update.signature",
    "firmware.update.slots",
    "firmware.update.unpacking",
    "firmware.services.trial",
}
# Of these only what the hardware options choose is loaded.
CHOSEN = (
    *("firmware.board", "firmware.drivers.bms", "firmware.drivers.meter"),
    *("firmware.drivers.power", "firmware.drivers.reader", "firmware.drivers.can.mcp2515"),
    *("firmware.drivers.can.twai", "firmware.drivers.analog_input"),
    *("firmware.drivers.thermistor", "firmware.drivers.voltage_sense"),
)
_ALWAYS = ("firmware.drivers.bms.alarms",)  # constants only: joined, they cost nothing
_KEEP_PATH = (
    "firmware.app",
    "firmware.bring_up",
    "firmware.console",
    "firmware.last_words",
    "firmware.update.installer",
)  # main.py and people ask for them
# The drivers that the hardware options name: how the board's code makes up their paths, and how
# it does on the chip.
_BY_NAME = tuple(f"firmware.drivers.{kind}." for kind in ("bms", "meter", "power", "reader"))
_TEMPLATE, _SHORT_TEMPLATE = "firmware.drivers.%s.%s", "%s_%s"


def module_name(src: Path, path: Path) -> str:
    """Dotted name of the source at `path` in the package `src`."""
    parts = [src.name, *path.relative_to(src).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def on_demand(name: str) -> bool:
    """Is the module loaded only while it is used."""
    return name in ON_DEMAND or chosen(name)


def chosen(name: str) -> bool:
    """Is the module one that the hardware options choose: loaded at the start, it stays."""
    return name.startswith(CHOSEN) and name not in _ALWAYS


def short_modules(
    sources: dict[str, str], packages: Iterable[str], cheap: Iterable[str] = ()
) -> dict[str, str]:
    """Dotted name -> short one, for the modules (name -> source) that can have one.

    `cheap` names are given out first: they cost no RAM.

    None for packages, nor for modules that a text in a source might mean by a part of their name.
    """
    kept = {"firmware.resident", *packages}
    pieces: tuple[str, ...] = _KEEP_PATH
    for source in sources.values():
        for node in walk(parsed(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.split("%")[0]
                if node.value == _TEMPLATE:
                    continue
                if text.startswith("firmware.") and text not in sources:
                    pieces = (*pieces, text)
    letters = string.ascii_lowercase
    pairs = (first + letter for first in letters for letter in letters)
    names = dict.fromkeys([*cheap, *pairs])
    # Not every PC's file system tells a from A.
    free = (name for name in names if name.islower() and name not in keyword.kwlist)
    return {
        module: "_".join(module.split(".")[2:]) if module.startswith(_BY_NAME) else next(free)
        for module in sorted(sources)
        if module not in kept and not module.startswith(pieces)
    }


def with_short_modules(source: str, short: dict[str, str], loader: str = "") -> str:
    """`source` with the imports and the texts that name a module naming its short name.

    `loader`: what firmware/on_demand.py's `load` is called; imports become calls of it, because
    the interpreter never forgets the path of a module that it imports itself.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    edits = []
    for node in walk(parsed(source)):
        if isinstance(node, ast.ImportFrom):
            text = _import(node, short, loader)
        elif isinstance(node, ast.Constant) and node.value in short:
            text = f'"{short[node.value]}"'
        elif isinstance(node, ast.Constant) and node.value == _TEMPLATE and short:
            text = f'"{_SHORT_TEMPLATE}"'
        else:
            continue
        if text and node.lineno != node.end_lineno:
            raise ValueError(f"{node.lineno}: an import of several lines")
        if text:
            edits.append((node.lineno - 1, node.col_offset, node.end_col_offset or 0, text))
    for row, start, end, text in sorted(edits, reverse=True):
        lines[row] = lines[row][:start] + text.encode() + lines[row][end:]
    return b"".join(lines).decode()


def _import(node: ast.ImportFrom, short: dict[str, str], loader: str) -> str:
    if node.module in short and loader:
        first = node.names[0].asname or node.names[0].name
        rest = "".join(f"{a.asname or a.name} = {first}.{a.name}; " for a in node.names[1:])
        call = (
            f'from firmware.resident import {loader}; {first} = {loader}("{short[node.module]}")'
        )
        return f"{call}; {rest}{first} = {first}.{node.names[0].name}"
    names = [f"{a.name} as {a.asname}" if a.asname else a.name for a in node.names]
    if node.module in short:
        return f"from {short[node.module]} import {', '.join(names)}"
    whole = [f"{node.module}.{alias.name}" for alias in node.names]
    if not any(name in short for name in whole):
        return ""
    return "; ".join(
        f"import {short[name]} as {alias.asname or alias.name}"
        if name in short
        else f"from {node.module} import {text}"
        for name, alias, text in zip(whole, node.names, names, strict=True)
    )
