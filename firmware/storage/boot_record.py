"""Why the charger started, over its last lives: crashes and supply dips that come again and again.

The first bytes of the RTC's memory, which outlives every reset but not the power; what follows
them is others' and stays. Three lives in a row that ended by themselves before they were ten
minutes old are trouble. Loaded on demand.
"""

from micropython import const

PWRON_RESET = const(1)  # machine.PWRON_RESET and so on: numbers, because ports name them alike
HARD_RESET = const(2)
WDT_RESET = const(3)

BROWN_OUTS = const(1)  # as ChargingCore.boot_trouble
CRASHES = const(2)
_ENOUGH = const(3)
_MOST = const(200)
_MAGIC = b"BoR1"
_SIZE = const(8)  # magic, runs, crashes, dips, check
_RUNS = const(4)
_CRASHED = const(5)
_DIPPED = const(6)
_CHECK = const(7)


def look(rtc: "RTC", cause: int) -> int:
    """Count this start; 0, or which trouble it is. `cause` is machine.reset_cause().

    A crash is a reset by watchdog or by machine.reset() while the charger ran and had not called
    `wanted`. The ESP32 calls a dip of its supply a power-on; then the record is still there.
    """
    record = _read(rtc)
    if record[_RUNS]:
        if cause in (HARD_RESET, WDT_RESET):
            record[_CRASHED] = min(record[_CRASHED] + 1, _MOST)
        elif cause == PWRON_RESET:
            record[_DIPPED] = min(record[_DIPPED] + 1, _MOST)
    record[_RUNS] = 1
    _write(rtc, record)
    if record[_CRASHED] >= _ENOUGH:
        return CRASHES
    return BROWN_OUTS if record[_DIPPED] >= _ENOUGH else 0


def wanted(rtc: "RTC") -> None:
    """The restart that follows was ordered and does not count."""
    record = _read(rtc)
    record[_RUNS] = 0
    _write(rtc, record)


def forget(rtc: "RTC") -> None:
    """It has stayed up, or service has seen to it: begin to count anew."""
    record = _read(rtc)
    record[_CRASHED] = record[_DIPPED] = 0
    _write(rtc, record)


def _read(rtc: "RTC") -> bytearray:
    record = bytearray(rtc.memory()[:_SIZE])
    if len(record) < _SIZE or record[:_RUNS] != _MAGIC or record[_CHECK] != _check(record):
        return bytearray(_MAGIC + bytes(_SIZE - len(_MAGIC)))
    return record


def _check(record: bytearray) -> int:
    return (record[_RUNS] * 7 + record[_CRASHED] * 31 + record[_DIPPED] * 57 + 0x5A) & 0xFF


def _write(rtc: "RTC", record: bytearray) -> None:
    record[_CHECK] = _check(record)
    rtc.memory(bytes(record) + rtc.memory()[_SIZE:])
