"""What strict central systems drop the line for; a charger that does it fails its test at once.

Facts of servers in the field: an answer later than 30 s or never, one that nobody asked for or
that comes twice, a message id used again, a second CALL before the first is answered, a CALLERROR
code that OCPP-J does not list.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from tools.sim.script import SchemaError

LATEST_MS = 30_000
CODES = {
    *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
    *("FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"),
    *("TypeConstraintViolation", "GenericError"),
}
_CALL = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\]*)"\s*,')
_GRACE_MS = 1_500  # the charger looks at its time-outs once a second


class Etiquette:
    """Of all lines of one server; `now_ms` is the bench's clock."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._ids: set[str] = set()  # of the charger's CALLs
        self._outstanding: dict[Hashable, tuple[str, float]] = {}  # line -> its CALL
        self._asked: dict[Hashable, dict[str, list[float]]] = {}  # line -> id -> when
        self._wanted: dict[Hashable, set[str]] = {}  # line -> ids that must be answered

    def asked(self, line: Hashable, text: str) -> None:
        """We send this text; where it looks like a CALL it may be answered once."""
        call = _CALL.match(text)
        if call:
            times = self._asked.setdefault(line, {}).setdefault(call[1], [])
            times.append(self._now_ms())

    def called(self, line: Hashable, id: str) -> None:
        """The charger makes a CALL."""
        if id in self._ids:
            raise SchemaError(f"message id {id} was used before")
        before = self._outstanding.get(line)
        if before and self._now_ms() - before[1] < LATEST_MS - _GRACE_MS:
            raise SchemaError(f"CALL {id} before the answer to {before[0]}")
        self._ids.add(id)
        self._outstanding[line] = id, self._now_ms()

    def answered(self, line: Hashable, id: str) -> None:
        """We answer a CALL of the charger."""
        if self._outstanding.get(line, ("",))[0] == id:
            del self._outstanding[line]

    def replied(self, line: Hashable, frame: list[Any]) -> None:
        """The charger answers."""
        times = self._asked.get(line, {}).get(frame[1], [])
        if not times:
            raise SchemaError(f"nobody asked for this answer, or it came before: {frame}")
        waited_ms = self._now_ms() - times.pop(0)
        self._wanted.get(line, set()).discard(frame[1])
        if waited_ms > LATEST_MS:
            raise SchemaError(f"answered after {waited_ms / 1000:.1f} s: {frame}")
        if frame[0] == 4 and (len(frame) != 5 or frame[2] not in CODES):
            raise SchemaError(f"no CALLERROR of OCPP-J: {frame}")

    def overdue(self, lines: Iterable[Hashable]) -> None:
        """Raises where a CALL that `wanted` named has no answer yet, on a line that is there."""
        for line in lines:
            for id in self._wanted.get(line, ()):
                times = self._asked[line][id]
                if times and self._now_ms() - times[0] > LATEST_MS:
                    raise SchemaError(f"no answer to {id} within 30 s")

    def wanted(self, line: Hashable, id: str) -> None:
        """That CALL of ours is a good one and must be answered."""
        self._wanted.setdefault(line, set()).add(id)

    def gone(self, line: Hashable) -> None:
        """That line is over."""
        self._outstanding.pop(line, None)
        self._asked.pop(line, None)
        self._wanted.pop(line, None)
