"""Time: seconds of uptime that never wrap, and seconds since 1970 whatever the port's epoch is.

The RTC holds the date over a reset; the central system sets it. `uptime` must be asked at least
once in six days (the control loop does), because `ticks_ms` wraps.
"""

import time

from firmware.ocpp.dates import civil_from_unix
from firmware.on_demand import load

_FIRST_YEAR = 2025  # an RTC that shows less was never set


class Clock:
    """Wraps `time.ticks_ms` and an RTC with MicroPython's `datetime()` interface.

    `pause_ms`: so much longer than usual the loops may stand still; 0 but for a TLS handshake,
    which computes in pieces of a second or more that nothing can interrupt.
    """

    def __init__(self, rtc: "RTC") -> None:
        self.rtc = rtc
        self.pause_ms = 0
        self._last = time.ticks_ms()
        self._seconds = 0
        self._ms = 0
        year, month, day, _, hour, minute, second, _ = rtc.datetime()
        self.known = year >= _FIRST_YEAR
        dates = load("firmware.ocpp.date_parser")
        self.boot_unix_s = dates.unix_from_civil(year, month, day, hour, minute, second)

    def ticks(self) -> int:
        """`ticks_ms` of now; only to be compared with `time.ticks_diff`."""
        return time.ticks_ms()

    def uptime(self) -> "tuple[int, int]":
        """Time since power-up as (s, ms)."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._last)
        self._last = now
        if self._ms >= 1000:
            self._seconds += self._ms // 1000
            self._ms %= 1000
        return self._seconds, self._ms

    def uptime_s(self) -> int:
        """Whole seconds since power-up."""
        return self.uptime()[0]

    def unix_s(self) -> int:
        """Seconds since 1970-01-01 UTC; the RTC's guess until the central system has set it."""
        return self.boot_unix_s + self.uptime()[0]

    def set_unix(self, unix_s: int) -> None:
        """Set the clock and the RTC (TLS checks certificate dates against it).

        A difference below 2 s is the network's and is ignored: samples stay evenly spaced.
        """
        if self.known and -2 < unix_s - self.unix_s() < 2:
            return
        self.boot_unix_s = unix_s - self.uptime()[0]
        self.known = True
        year, month, day, hour, minute, second = civil_from_unix(unix_s)
        self.rtc.datetime((year, month, day, 0, hour, minute, second, 0))
