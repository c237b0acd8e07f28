"""The vehicle's battery: charge counting, an open-circuit curve and a series resistance."""

from bisect import bisect

# 20 cells in series, NMC: state of charge in %, open-circuit voltage of the pack in V.
_CURVE = ((0, 60.0), (5, 66.0), (10, 68.4), (20, 70.4), (40, 73.0), (60, 75.6), (80, 79.6),
          (90, 81.6), (100, 83.6))  # fmt: skip
_OHM = 0.025


def open_circuit_v(soc: float) -> float:
    """Voltage of the pack at rest, at a state of charge in %."""
    soc = min(max(soc, 0.0), 100.0)
    place = min(bisect([point[0] for point in _CURVE], soc), len(_CURVE) - 1)
    (soc_0, v_0), (soc_1, v_1) = _CURVE[place - 1], _CURVE[place]
    return v_0 + (v_1 - v_0) * (soc - soc_0) / (soc_1 - soc_0)


class Battery:
    """State of charge in %, terminal voltage; `pinned_v` makes it stiff at that voltage."""

    def __init__(self, soc: float = 87.0, pinned_v: float | None = 76.38) -> None:
        self.soc = soc
        self.pinned_v = pinned_v
        self.charged_ah = 0.0  # since `soc` was set

    def terminal_v(self, amps: float) -> float:
        """Voltage at the terminals while `amps` flow in."""
        return self.pinned_v if self.pinned_v is not None else self.rest_v() + amps * _OHM

    def rest_v(self) -> float:
        """Voltage without current."""
        return self.pinned_v if self.pinned_v is not None else open_circuit_v(self.soc)

    def amps_at(self, volts: float) -> float:
        """What it would take from a source of `volts`."""
        if self.pinned_v is not None:
            return float("inf") if volts > self.pinned_v else 0.0
        return max(0.0, (volts - self.rest_v()) / _OHM)

    def charge(self, amps: float, dt_ms: float, capacity_ah: float) -> None:
        """Let `amps` flow in for `dt_ms`."""
        ah = amps * dt_ms / 3_600_000
        self.charged_ah += ah
        self.soc = min(100.0, self.soc + 100 * ah / capacity_ah)
