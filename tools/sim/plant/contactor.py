"""The contactor: coil, mechanics, auxiliary contact, and the counters tests look at."""

_PULL_IN_MS = 30
_DROP_OUT_MS = 15


class Contactor:
    """`closed` is where the main contacts are."""

    def __init__(self) -> None:
        self.closed = False
        self.welded = False
        self.operations = 0
        self.opened_under_load = 0
        self.closed_onto_difference = 0
        self._coil = False
        self._moves_at_ms: float | None = None

    def step(self, now_ms: float, coil: bool, amps: float, difference_v: float) -> None:
        """Follow the coil; `amps` flow, `difference_v` lies across the open contacts."""
        if coil != self._coil:
            self._coil = coil
            self._moves_at_ms = now_ms + (_PULL_IN_MS if coil else _DROP_OUT_MS)
        if self._moves_at_ms is None or now_ms < self._moves_at_ms:
            return
        self._moves_at_ms = None
        if self.closed == coil or (self.closed and self.welded):
            return
        self.closed = coil
        self.operations += 1
        if coil and abs(difference_v) > 5:
            self.closed_onto_difference += 1
        if not coil and abs(amps) > 5:
            self.opened_under_load += 1

    def weld(self, on: bool, now_ms: float) -> None:
        """Weld the contacts, or break them free: then they follow the coil again."""
        self.welded = on
        if not on:
            self._moves_at_ms = now_ms
