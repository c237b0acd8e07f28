"""Tells a card that has just been presented from one that is still there."""

from micropython import const

_AWAY_MS = const(2000)


class Presence:
    """One card at a time; it counts as new again when it has been away for 2 s."""

    def __init__(self) -> None:
        self._tag = ""
        self._away_ms = 0

    def passes(self, dt_ms: int) -> None:
        """Time goes on."""
        self._away_ms = min(self._away_ms + dt_ms, _AWAY_MS)

    def seen(self, tag: str) -> "str | None":
        """The card is there: its tag when it is new, else None."""
        known = tag == self._tag and self._away_ms < _AWAY_MS
        self._tag = tag
        self._away_ms = 0
        return None if known else tag
