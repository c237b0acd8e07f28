"""What the outbox has beside its journal: delivery state, dead letters, room left."""

import os

from firmware.on_demand import load
from firmware.storage.files import free_bytes, read_bytes, write_atomic

_DEAD = "firmware.storage.dead_letters"
_LOW = 196608  # below this, samples are thinned
_MIN_FREE = 65536  # always left for the messages that end running sessions
_ASK_EVERY = 32  # asking littlefs for free space walks the file system


class OutboxStore:
    """The file `state` and the folder `dead` in `folder`."""

    def __init__(self, folder: str, low_bytes: int = _LOW) -> None:
        self._folder = folder
        self._low_bytes = low_bytes
        self._asked = 0
        self._free = 0
        self._dead = None
        self.reclaim = None  # frees a part of what can be done without; False when there is none

    def read(self) -> "list[int | None]":
        """The stored delivery state, empty at first; one that makes no sense is set aside."""
        path = self._folder + "/state"
        try:
            return [None if word == b"None" else int(word) for word in read_bytes(path).split()]
        except ValueError:
            os.rename(path, path + ".bad")
            return []

    def write(self, state: "list[int | None]") -> None:
        """Store the delivery state; raises OSError.

        Up to 128 bytes lie beside the file's name on flash; more would cost the erase of a block.
        """
        write_atomic(self._folder + "/state", " ".join(map(str, state)).encode())

    def bury(self, seq: int, action: str, txn: int, text: str) -> None:
        """Put a record to the dead letters. Raises OSError."""
        load(_DEAD).bury(self._dead or self.new_dead(), seq, action, txn, text)

    def new_dead(self) -> "Journal":
        """The journal of the dead letters, with a new segment for those to come."""
        self._dead = load(_DEAD).journal(self._folder)
        return self._dead

    def has_room(self) -> bool:
        """Is there room for more than the ends of running sessions."""
        if self._free <= _MIN_FREE or self._asked % _ASK_EVERY == 0:
            self._ask()
        self._asked += 1
        return self._free > _MIN_FREE

    def is_low(self, ask: bool = False) -> bool:
        """Does flash fill up; as `has_room` knows it, or asked now."""
        if ask:
            self._ask()
        return self._free < self._low_bytes

    def _ask(self) -> None:
        """How much is free; as long as some of it can be reclaimed, that is enough."""
        self._free = free_bytes(self._folder)
        if self._free < self._low_bytes and self.reclaim and self.reclaim():
            self._free = self._low_bytes
            self._asked = -1  # and ask the next time again

    def thinner(self, outbox: "Outbox", journal: "Journal", level: int) -> "Thinner":
        """What thins the samples from now on."""
        thinner = load("firmware.storage.thinning").Thinner(outbox, journal, self)
        thinner.start(level)
        return thinner
