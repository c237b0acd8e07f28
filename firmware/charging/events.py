"""What the power path tells the rest: small ints in a ring that is allocated once.

The control tick pushes, the central-system side pops after the tick. A full ring drops the
oldest event and says so (`lost`), because the newest state is what matters.
"""

from micropython import const

NONE = const(0)
PLUGGED = const(1)
UNPLUGGED = const(2)
VEHICLE_KNOWN = const(3)  # plugged after power-up, everything VehicleInfo tells has been read
START_READY = const(4)  # permission is there and the vehicle is ready: record the start
STOPPED = const(5)  # the session is over; its record holds reason and energy
AUTHORIZATION_EXPIRED = const(6)  # ConnectionTimeOut passed without a start
FAULT_CHANGED = const(7)
STATE = const(16)  # STATE + index into connector.STATES: the connector changed to that state


class EventRing:
    """A ring of event codes; neither `push` nor `pop` allocates."""

    def __init__(self, size: int = 32) -> None:
        self._ring = bytearray(size)
        self._first = 0
        self._count = 0
        self.lost = 0

    def push(self, code: int) -> None:
        """Append an event, dropping the oldest when the ring is full."""
        size = len(self._ring)
        if self._count == size:
            self._first = (self._first + 1) % size
            self._count -= 1
            self.lost += 1
        self._ring[(self._first + self._count) % size] = code
        self._count += 1

    def empty(self) -> bool:
        """Is there nothing to pop."""
        return not self._count

    def pop(self) -> int:
        """Take the oldest event, `NONE` when there is none."""
        if not self._count:
            return NONE
        code = self._ring[self._first]
        self._first = (self._first + 1) % len(self._ring)
        self._count -= 1
        return code
