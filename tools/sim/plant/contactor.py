"""The contactor: coil, moving contacts, auxiliary contact; it may weld."""

import math

PULL_IN_MS, DROP_OUT_MS = 30.0, 15.0


class Contactor:
    """`closed` is what the contacts do; the auxiliary contact follows them."""

    def __init__(self) -> None:
        self.closed = False
        self.welded = False
        self.coil_broken = False
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
        pulled = self._pulled()
        if pulled == self.closed or self.welded:
            self.due_ms = math.inf
        else:
            self.due_ms = now_ms + (PULL_IN_MS if pulled else DROP_OUT_MS)

    def _pulled(self) -> bool:
        return self._energised and not self.coil_broken

    def break_coil(self, broken: bool, now_ms: float) -> None:
        """The coil's wire breaks, or is mended."""
        self.coil_broken = broken
        self._plan(now_ms)

    def advance(self, now_ms: float) -> bool:
        """True when the contacts have just moved."""
        if now_ms < self.due_ms:
            return False
        self.due_ms = math.inf
        self.closed = self._pulled()
        self.operations += self.closed
        return True

    def weld(self, on: bool, now_ms: float) -> None:
        """Weld the contacts together, or break the weld."""
        self.welded = on
        self.closed = self.closed or on
        self._plan(now_ms)
