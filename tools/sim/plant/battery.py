"""The vehicle's battery: 20 NMC cells in series, or a source pinned to a voltage.

Open-circuit voltage over state of charge, and one series resistance. It also limits what it takes,
as a real pack does near its end.
"""

_CELLS = 20
# State of charge in %, volts of one cell at rest.
_CURVE = (
    (0, 3.00), (5, 3.30), (10, 3.45), (20, 3.57), (30, 3.64), (40, 3.69),
    (50, 3.75), (60, 3.83), (70, 3.92), (80, 4.01), (90, 4.10), (100, 4.20),
)  # fmt: skip


def cell_volts(soc: float) -> float:
    """Voltage of a cell at rest; `soc` in %."""
    soc = min(max(soc, 0.0), 100.0)
    for (low, volts_low), (high, volts_high) in zip(_CURVE, _CURVE[1:], strict=False):
        if soc <= high:
            return volts_low + (soc - low) / (high - low) * (volts_high - volts_low)
    return _CURVE[-1][1]


class Battery:
    """State of charge in %, and what happens at the terminals."""

    def __init__(self, soc: float, capacity_ah: float, resistance_ohm: float = 0.025) -> None:
        self.soc = soc
        self.capacity_ah = capacity_ah
        self.resistance_ohm = resistance_ohm
        self.pinned_volts: float | None = None  # a stiff source at exactly this voltage
        self.accepts_amps = 0.0  # the most it takes

    def volts(self, amps: float) -> float:
        """Terminal voltage while it is charged with `amps`."""
        if self.pinned_volts is not None:
            return self.pinned_volts
        return _CELLS * cell_volts(self.soc) + amps * self.resistance_ohm

    def takes(self, source_volts: float, source_amps: float) -> float:
        """Amps that flow in from a source with these limits."""
        excess = source_volts - self.volts(0)
        if excess <= 0:
            return 0.0
        amps = min(source_amps, self.accepts_amps)
        return amps if self.pinned_volts is not None else min(amps, excess / self.resistance_ohm)

    def charge(self, amps: float, seconds: float) -> None:
        """Take in charge; what is above 100 % is lost."""
        self.soc = min(100.0, self.soc + amps * seconds / 36 / self.capacity_ah)

    @property
    def held_mah(self) -> int:
        """Charge in it, in whole mAh."""
        return int(self.soc * self.capacity_ah * 10 + 1e-6)


class Short:
    """A dead short instead of a battery: takes whatever comes, at next to no voltage."""

    OHM = 0.005

    def volts(self, amps: float) -> float:
        """Across it."""
        return amps * self.OHM

    def takes(self, source_volts: float, source_amps: float) -> float:
        """Amps that flow."""
        return source_amps if source_volts > 0 else 0.0

    def charge(self, amps: float, seconds: float) -> None:
        """It only gets warm."""
