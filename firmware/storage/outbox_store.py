"""The outbox's small files beside its journal: delivery state, dead letters, room left."""

from firmware.storage.files import free_bytes, read_json, write_json

_MIN_FREE = 65536  # always left for the messages that end running sessions
_ASK_EVERY = 32  # asking littlefs for free space walks the file system


class OutboxStore:
    """Files in `folder`: `state.json` and `dead.log`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._asked = 0
        self._room = True

    def read(self) -> dict:
        """The stored delivery state, empty at first."""
        return read_json(self._folder + "/state.json")

    def write(self, state: dict) -> None:
        """Store the delivery state; raises OSError."""
        write_json(self._folder + "/state.json", state)

    def bury(self, text: str) -> None:
        """Append a record to the dead letters."""
        with open(self._folder + "/dead.log", "ab") as file:
            file.write(text.encode() + b"\n")

    def has_room(self) -> bool:
        """Is there room for more than the ends of running sessions."""
        if not self._room or self._asked % _ASK_EVERY == 0:
            self._room = free_bytes(self._folder) > _MIN_FREE
        self._asked += 1
        return self._room
