"""The log's last lines in the RTC's memory: no wear, and they outlive a watchdog reset.

They lie behind boot_record.py's bytes and go with the power. Loaded on demand.
"""

from binascii import crc32

from micropython import const

_PLACE = const(8)  # boot_record.py's
_MAGIC = b"LoG1"
_HEAD = const(10)  # magic, length, check
_MOST = const(640)


def put(rtc: "RTC", data: bytes) -> None:
    """Keep the end of `data` in place of what was there; b"" empties it."""
    data = data[-_MOST:]
    before = rtc.memory()[:_PLACE]
    before += bytes(_PLACE - len(before))
    head = _MAGIC + len(data).to_bytes(2, "big") + crc32(data).to_bytes(4, "big")
    rtc.memory(before + head + data)


def take(rtc: "RTC") -> "list[str]":
    """The lines that were left behind, whole ones; they are gone then."""
    found = rtc.memory()[_PLACE:]
    data = found[_HEAD : _HEAD + int.from_bytes(found[4:6], "big")]
    if found[:4] != _MAGIC or crc32(data) != int.from_bytes(found[6:_HEAD], "big") or not data:
        return []
    put(rtc, b"")
    if len(data) == _MOST:
        data = data[data.find(b"\n") + 1 :]
    try:
        return data.decode().strip().split("\n")
    except ValueError:
        return []
