"""The status lamp: one lamp, one blink pattern for each connector state."""

from micropython import const

_STEP_MS = const(125)
_STEPS = const(16)
# What the lamp does in two seconds, first step in the lowest bit.
_PATTERNS = {
    "Available": 0xFFFF,  # steady: come in
    "Preparing": 0x00FF,  # slow blink: your turn
    "Charging": 0x0F0F,  # blink: at work
    "SuspendedEV": 0x000F,  # short blink: waiting
    "SuspendedEVSE": 0x000F,
    "Finishing": 0x0FFF,  # long blink: take the gun
    "Reserved": 0x0005,  # two flashes
    "Unavailable": 0x0000,
    "Faulted": 0x5555,  # fast blink
}


class Lamp:
    """Lamp on `pin`, lit by 1."""

    def __init__(self, pin: "Pin") -> None:
        self._pin = pin
        self._pattern = 0
        self._elapsed_ms = 0
        self._lit = 0
        pin(0)

    def show(self, state: str) -> None:
        """Choose the pattern of an OCPP connector state. Allocates nothing."""
        pattern = _PATTERNS[state]
        if pattern != self._pattern:
            self._pattern = pattern
            self._elapsed_ms = 0

    def update(self, dt_ms: int) -> None:
        """Follow the pattern, `dt_ms` after the last time; the pin is written when it changes."""
        lit = self._pattern >> self._elapsed_ms // _STEP_MS & 1
        self._elapsed_ms = (self._elapsed_ms + dt_ms) % (_STEP_MS * _STEPS)
        if lit != self._lit:
            self._lit = lit
            self._pin(lit)
