"""The diagnostics file: what an operator wants to know of this charger, and no secret. On demand.

Lines of `name: value`, then the log: what is kept on flash, and the newest lines of all levels.
"""

import os

from firmware import VERSION
from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import NAME
from firmware.ocpp.dates import iso8601
from firmware.on_demand import load
from firmware.storage.json_files import read_json

_FOLDER = 0x4000  # in st_mode
_SECRET_WORDS = ("password", "authorization", "secret", "token")


def write(point: "ChargePoint", path: str, span: tuple) -> None:
    """Write the file, section by section. Raises OSError.

    `span` is the time of the log's lines in it, (from, to) in seconds since 1970, None: no limit.
    """
    with open(path, "w") as file:
        for section in (_state, _faults, _settings, _keys, _files):
            for name, value in section(point):
                file.write("%s: %s\n" % (name, value))
            file.write("\n")
        for line in _log(point, *[iso8601(at_s) if at_s is not None else "" for at_s in span]):
            file.write(line)
            file.write("\n")


def _state(point: "ChargePoint") -> "Iterator":
    transactions = point.transactions
    yield "firmware", VERSION
    yield "time", iso8601(point.clock.unix_s())
    yield "time known", point.clock.known
    status = point.status()
    for key in sorted(status):
        yield key, status[key]
    yield "all delivered", transactions.all_delivered()


def _faults(point: "ChargePoint") -> "Iterator":
    active = point.core.supervisor.active
    for index in range(len(FAULTS)):
        if active[index]:
            yield "fault", FAULTS[index][NAME]


def _settings(point: "ChargePoint") -> "Iterator":
    # As stored: what differs from the defaults. The table of all settings is large.
    return _shown(read_json("settings.json"))


def _keys(point: "ChargePoint") -> "Iterator":
    return _shown(point.keys.dump())


def _shown(values: dict) -> "Iterator":
    for key in sorted(values):
        yield key, "(set)" if is_secret(key) else values[key]


def is_secret(key: str) -> bool:
    """May the value of this setting or configuration key not be told."""
    key = key.lower()
    return any(word in key for word in _SECRET_WORDS)


def _files(point: "ChargePoint") -> "Iterator":
    folders = ["."]
    for folder in folders:
        for name in os.listdir(folder):
            path = "%s/%s" % (folder, name)
            stat = os.stat(path)
            if not stat[0] & _FOLDER:
                yield path, "%d bytes" % stat[6]
            elif name in ("outbox", "dead"):
                folders.append(path)


def _log(point: "ChargePoint", start: str, stop: str) -> "Iterator":
    kept = load("firmware.storage.log_file")
    kept.keep(point.log, point.clock)
    yield "log on flash:"
    for line in kept.read(start, stop or "~"):
        yield line
    yield ""
    yield "log in memory:"
    for line in kept.in_ram(point.log):
        yield kept.stamped(line, point.clock)
