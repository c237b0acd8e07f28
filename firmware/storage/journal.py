"""An append-only journal in numbered segments: one line a record, durable when `append` returns.

Each line ends in a checksum; a reader takes the first line that does not fit for the end of its
segment, and after a restart a new segment is begun, so a torn tail harms nothing. Segments are
deleted from the front. RAM held does not grow with the number of records.
"""

import os
from binascii import crc32

from firmware.storage.files import ensure_folder, remove

_SUFFIX = ".log"


class Journal:
    """Records are texts without line ends; a place in the journal is (segment, offset)."""

    def __init__(self, folder: str, segment_bytes: int = 16384) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        ensure_folder(folder)
        numbers = [
            int(name[: -len(_SUFFIX)])
            for name in os.listdir(folder)
            if name.endswith(_SUFFIX) and name[: -len(_SUFFIX)].isdigit()
        ]
        self._first = min(numbers) if numbers else 1
        self._last = max(numbers) + 1 if numbers else 1
        self._size = 0

    def _name(self, segment: int) -> str:
        return "%s/%08d%s" % (self.folder, segment, _SUFFIX)

    def begin(self) -> "tuple[int, int]":
        """The place of the oldest record."""
        return self._first, 0

    def append(self, text: str) -> bool:
        """Add a record; True when it began a new segment. Raises OSError, then nothing is added."""
        data = text.encode()
        line = b"%s\t%08x\n" % (data, crc32(data))
        begun = self._size == 0
        if self._size + len(line) > self._segment_bytes and self._size:
            self._last += 1
            self._size = 0
            begun = True
        with open(self._name(self._last), "ab") as file:
            file.write(line)
        self._size += len(line)
        return begun

    def read(self, place: "tuple[int, int]") -> "tuple[str, tuple[int, int], tuple] | None":
        """The record at or after `place` as (text, its place, the next place); None at the end."""
        segment, offset = place
        while segment <= self._last:
            text, end = self._line(segment, offset)
            if end:
                return text, (segment, offset), (segment, end)
            segment, offset = segment + 1, 0
        return None

    def _line(self, segment: int, offset: int) -> "tuple[str, int]":
        """(text, offset behind it); ("", 0) where no sound record is."""
        try:
            with open(self._name(segment), "rb") as file:
                file.seek(offset)
                line = file.readline()
        except OSError:
            return "", 0
        if line[-1:] != b"\n" or line[-10:-9] != b"\t":
            return "", 0
        data = line[:-10]
        if b"%08x" % crc32(data) != line[-9:-1]:
            return "", 0
        return data.decode(), offset + len(line)

    def last_records(self) -> "Iterator[str]":
        """The records of the newest segment that has any, oldest first; none when empty."""
        for segment in range(self._last, self._first - 1, -1):
            text, end = self._line(segment, 0)
            if end:
                while end:
                    yield text
                    text, end = self._line(segment, end)
                return

    def drop_before(self, segment: int) -> None:
        """Delete the segments before `segment`."""
        while self._first < segment:
            remove(self._name(self._first))
            self._first += 1
