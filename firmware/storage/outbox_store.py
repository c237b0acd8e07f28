"""The outbox's small files beside its journal: delivery state, dead letters, room left."""

from firmware.on_demand import load
from firmware.storage.files import free_bytes, read_json, write_json

_LOW = 196608  # below this, samples are thinned
_MIN_FREE = 65536  # always left for the messages that end running sessions
_ASK_EVERY = 32  # asking littlefs for free space walks the file system


class OutboxStore:
    """Files in `folder`: `state.json` and `dead.log`."""

    def __init__(self, folder: str, low_bytes: int = _LOW) -> None:
        self._folder = folder
        self._low_bytes = low_bytes
        self._asked = 0
        self._free = 0

    def read(self) -> dict:
        """The stored delivery state, empty at first."""
        return read_json(self._folder + "/state.json")

    def write(self, state: dict) -> None:
        """Store the delivery state; raises OSError."""
        write_json(self._folder + "/state.json", state)

    def bury(self, text: str) -> None:
        """Append a record to the dead letters."""
        with open(self._folder + "/dead.log", "ab") as file:
            file.write(b"\n" + text.encode())  # the line end first: the line before may be torn

    def has_room(self) -> bool:
        """Is there room for more than the ends of running sessions."""
        if self._free <= _MIN_FREE or self._asked % _ASK_EVERY == 0:
            self._free = free_bytes(self._folder)
        self._asked += 1
        return self._free > _MIN_FREE

    def is_low(self, ask: bool = False) -> bool:
        """Does flash fill up; as `has_room` knows it, or asked now."""
        if ask:
            self._free = free_bytes(self._folder)
        return self._free < self._low_bytes

    def thinner(self, outbox: "Outbox", journal: "Journal", level: int) -> "Thinner":
        """What thins the samples from now on."""
        thinner = load("firmware.storage.thinning").Thinner(outbox, journal, self)
        thinner.start(level)
        return thinner
