"""Hands the central system's limit to the regulator, anew each second (OCPP 1.6 3.13).

In memory only while a profile is installed or waits for its session; `ChargePoint.smart` is None
otherwise. It keeps what holds now and until when; the profiles and their rules are loaded when
that ends (profile_limits.py): at a boundary, at the edges of a session, when the clock is set.
"""

from micropython import const

from firmware.on_demand import load

_PERMITTED_S = const(2)  # a permission that is there is looked at this often


class SmartCharging:
    """The limit of one connector. `allowed` holds until the profiles have been read.

    `waiting`: (idTag, row) of a RemoteStartTransaction, until its session begins.
    """

    def __init__(self, point: "ChargePoint", allowed: int) -> None:
        self.point = point
        self.limits = allowed, allowed, 0, 0  # mA, tenths of W; and as much less is a pause
        self.txn = -1  # local number of the running transaction, 0 = none
        self.begin_s = 0  # uptime at which it began
        self.due_s = 0  # uptime until which the limits hold, 0 = the profiles are others
        self.boot_s = 0  # uptime 0 in seconds since 1970
        self.waiting = None
        self.waiting_until_s = 0
        self.none = False  # no profile is installed
        self._looked_s = -1

    def turn(self) -> None:
        """Once a second, and at the edges of a session."""
        point = self.point
        session = point.core.session
        txn = session.txn if session.open else 0
        now_s = point.clock.uptime_s()
        if now_s == self._looked_s and txn == self.txn and self.due_s:
            return
        self._looked_s = now_s
        if self.waiting and not txn:
            if point.core.connector.authorized:
                self.waiting_until_s = now_s + _PERMITTED_S
            elif now_s >= self.waiting_until_s:  # the start does not come
                self.waiting = None
        if (
            txn != self.txn
            or now_s >= self.due_s
            or point.clock.unix_s() - now_s != self.boot_s  # the clock was set
        ):
            load("firmware.services.profile_limits").renew(self, txn)
        self.apply()
        if self.none and not self.waiting:
            point.smart = None

    def apply(self) -> None:
        """The limit in mA, watts at the battery's present voltage (none: the highest possible).

        Small ints: 100 kW is 1,000,000 tenths, the most that a profile may say.
        """
        ma, tenths_w, least_ma, least_w = self.limits
        core = self.point.core
        per = ((core.battery_mv() or core.regulator.max_mv) + 99) // 100
        ma = min(ma, tenths_w * 1000 // per)
        core.regulator.smart_ma = ma if ma >= max(least_ma, least_w * 1000 // per) else 0
