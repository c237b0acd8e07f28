"""The contactor: coil, moving contacts, auxiliary contact; it may weld."""

import math

PULL_IN_MS, DROP_OUT_MS = 30.0, 15.0


class Contactor:
    """`closed` is what the contacts do; the auxiliary contact follows them."""

    def __init__(self) -> None:
        self.closed = False
        self.welded = False
        self.operations = 0
        self.due_ms = math.inf  # when the contacts will move
        self._energised = False

    def drive(self, energised: bool, now_ms: float) -> None:
        """Current in the coil begins or ends."""
        if energised == self._energised:
            return
        self._energised = energised
        self._plan(now_ms)

    def _plan(self, now_ms: float) -> None:
        if self._energised == self.closed or self.welded:
            self.due_ms = math.inf
        else:
            self.due_ms = now_ms + (PULL_IN_MS if self._energised else DROP_OUT_MS)

    def advance(self, now_ms: float) -> bool:
        """True when the contacts have just moved."""
        if now_ms < self.due_ms:
            return False
        self.due_ms = math.inf
        self.closed = self._energised
        self.operations += self.closed
        return True

    def weld(self, on: bool, now_ms: float) -> None:
        """Weld the contacts together, or break the weld."""
        self.welded = on
        self.closed = self.closed or on
        self._plan(now_ms)
