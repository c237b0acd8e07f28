"""The contactor: coil, auxiliary contact, and the charge pump that powers the coil."""

from firmware.charging.readings import STALE_MS


class Contactor:
    """Coil on `coil_pin`; `feedback` is the auxiliary contact as a DigitalInput.

    `enable_pin` feeds a charge pump: it toggles with every update while closed, so that a program
    that hangs with the coil pin high drops the contactor all the same.
    """

    def __init__(
        self, coil_pin: "Pin", feedback: "DigitalInput", enable_pin: "Pin | None" = None
    ) -> None:
        self._coil = coil_pin
        self._feedback = feedback
        self._enable = enable_pin
        self._pump = 0
        self.disagree_ms = 0  # how long the auxiliary contact has not agreed with the command
        self.command(False)

    def command(self, closed: bool) -> None:
        """Close or open, at once. Allocates nothing."""
        self.commanded = closed
        self._coil(1 if closed else 0)
        if not closed and self._enable is not None:
            self._enable(0)

    @property
    def closed(self) -> bool:
        """What the auxiliary contact says."""
        return self._feedback.active

    def update(self, dt_ms: int) -> None:
        """Sample the auxiliary contact and run the charge pump. Allocates nothing."""
        self._feedback.update(dt_ms)
        if self._feedback.active == self.commanded:
            self.disagree_ms = 0
        else:
            self.disagree_ms = min(self.disagree_ms + dt_ms, STALE_MS)
        if self.commanded and self._enable is not None:
            self._pump ^= 1
            self._enable(self._pump)
