"""Finished sessions, as JSON and as CSV, and the log. Loaded for one request, sent by lines."""

from firmware.ocpp.dates import iso8601
from firmware.on_demand import load

_LOG_LINES = 300
_CSV = "text/csv; charset=utf-8\r\nContent-Disposition: attachment; filename=sessions.csv"


def answer(web: "Listener", what: str) -> tuple:
    """j: sessions as JSON, c: as CSV, e: the log, oldest line first."""
    if what == "e":
        module = load("firmware.storage.log_file")
        return 200, "text/plain; charset=utf-8", _log(module, web.charger)
    history = load("firmware.storage.session_history")
    if what == "c":
        return 200, _CSV, _csv(history.read())
    return 200, "application/json", _json(history.read())


def _json(rows: "Iterable") -> "Iterator[bytes]":
    """[[number, start, seconds, mWh, SoC in 0.01 %, reason, tag], ...], oldest first."""
    begin = "["
    for number, start_s, seconds, mwh, soc_c100, reason, tag in rows:
        text = '%s[%d,%d,%d,%d,%d,"%s","%s"]' % (
            begin, number, start_s, seconds, mwh, soc_c100, reason, _plain(tag)
        )  # fmt: skip
        yield text.encode()
        begin = ",\n"
    yield b"]" if begin[0] == "," else b"[]"


def _csv(rows: "Iterable") -> "Iterator[bytes]":
    yield b"number,start,seconds,energy_wh,final_soc,reason,tag\r\n"
    for number, start_s, seconds, mwh, soc_c100, reason, tag in rows:
        start = iso8601(start_s) if start_s else ""
        soc = "%d.%02d" % (soc_c100 // 100, soc_c100 % 100) if soc_c100 >= 0 else ""
        text = "%d,%s,%d,%d.%02d,%s,%s,%s\r\n" % (
            number, start, seconds, mwh // 1000, mwh % 1000 // 10, soc, reason, _cell(tag)
        )  # fmt: skip
        yield text.encode()


def _plain(tag: str) -> str:
    return tag.replace("\\", "").replace('"', "")


def _cell(tag: str) -> str:
    """A tag as a cell that no spreadsheet takes for a formula."""
    tag = '"%s"' % tag.replace('"', '""')
    return "\"'" + tag[1:] if tag[1:2] in ("=", "+", "-", "@") else tag


def _log(module: "Module", charger: "Charger") -> "Iterator[bytes]":
    for line in module.read(count=_LOG_LINES):
        yield (line + "\n").encode()
    for line in module.in_ram(charger.log, charger.log.kept):
        yield (module.stamped(line, charger.clock) + "\n").encode()
