"""The energy meter: V x I over time, in whole mWh, with the lifetime register (OCPP meterStart).

Integers stay below 2^30 so that the control tick allocates nothing on a 32-bit chip: power is
taken from 10 mV x 1 mA, energy is gathered in mW x ms and carried into mWh, and the lifetime
register is split into Wh and mWh.
"""

from micropython import const

_MW_MS_PER_MWH = const(3_600_000)
_MAX_STEP_MS = const(100)  # 8,550,000 mW x 100 ms still fits 31 bits
_MAX_STEP_WH = const(50)  # a register that moves more between two looks is another one


def power_mw(voltage_mv: int, current_ma: int) -> int:
    """Power in mW, rounded down; exact within 10 mV, for 0..107 V at up to 100 A."""
    return voltage_mv // 10 * current_ma // 100


class EnergyMeter:
    """Integrates the energy that leaves through the gun; never counts backwards."""

    def __init__(self, wh: int = 0, mwh: int = 0) -> None:
        self.wh = wh  # lifetime register, whole Wh
        self.mwh = mwh  # and the rest, 0..999
        self.session_mwh = 0
        self.power_mw = 0
        self._mw_ms = 0
        self._register_wh = -1  # of a meter of its own; -1 = not followed at present

    def start_session(self) -> None:
        """Set the session's energy to zero; the lifetime register goes on."""
        self.session_mwh = 0

    def add(self, voltage_mv: int, current_ma: int, dt_ms: int) -> None:
        """Add `dt_ms` at the measured voltage and current; current from the battery counts 0."""
        self._register_wh = -1
        self.power_mw = power = power_mw(voltage_mv, current_ma) if current_ma > 0 else 0
        while dt_ms > 0:
            step = dt_ms if dt_ms < _MAX_STEP_MS else _MAX_STEP_MS
            dt_ms -= step
            self._mw_ms += power * step
            while self._mw_ms >= _MW_MS_PER_MWH:
                self._mw_ms -= _MW_MS_PER_MWH
                self._count()

    def follow(self, reading: "MeterReading", dt_ms: int) -> None:
        """Count what a meter's register has moved by, from where it stood at the first look.

        What has flowed while it could not be read was added by `add`, and is not counted again.
        """
        register_wh = reading.energy_wh
        if register_wh < 0:
            self.add(reading.voltage_mv, reading.current_ma, dt_ms)
            return
        current_ma = reading.current_ma
        self.power_mw = power_mw(reading.voltage_mv, current_ma) if current_ma > 0 else 0
        moved = register_wh - self._register_wh
        if self._register_wh >= 0 and 0 < moved <= _MAX_STEP_WH:
            self.session_mwh += moved * 1000
            self.wh += moved
        self._register_wh = register_wh

    def _count(self) -> None:
        self.session_mwh += 1
        self.mwh += 1
        if self.mwh == 1000:
            self.mwh = 0
            self.wh += 1
