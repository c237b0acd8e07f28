"""An append-only journal in numbered segments: one line a record, durable when `append` returns.

Each line ends in a checksum; a reader passes over lines that do not fit. After a restart and after
a failed write a new segment is begun, so a torn tail harms nothing. Segments are deleted from the
front. RAM held does not grow with the number of records.
"""

import os
from binascii import crc32

from micropython import const

from firmware.storage.files import ensure_folder, remove

_SUFFIX = ".log"
_ENOENT = const(2)
_TRIES = const(10)
_TAIL = const(10)  # bytes behind a record


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
        self._failures = 0

    def name(self, segment: int) -> str:
        """The file of a segment."""
        return "%s/%08d%s" % (self.folder, segment, _SUFFIX)

    def line(self, text: str) -> bytes:
        """The record as it is on flash."""
        data = text.encode()
        return b"%s\t%08x\n" % (data, crc32(data))

    def newest(self) -> int:
        """The segment that is being written."""
        return self._last

    def begin(self) -> "tuple[int, int]":
        """The place of the oldest record."""
        return self._first, 0

    def append(self, *texts: str) -> None:
        """Add a record, durably: the texts in one. Raises OSError.

        Text by text, because there may be no memory for the whole in one piece.
        """
        crc = 0
        size = _TAIL
        for text in texts:
            data = text.encode()
            crc = crc32(data, crc)
            size += len(data)
        if self._size + size > self._segment_bytes and self._size:
            self._last += 1
            self._size = 0
        size += self._size
        self._size = self._segment_bytes  # when the write fails: nothing may follow a torn line
        with open(self.name(self._last), "ab") as file:
            for text in texts:
                file.write(text.encode())
            file.write(b"\t%08x\n" % crc)
        self._size = size

    def read(self, place: "tuple[int, int]") -> "tuple[str, tuple[int, int], tuple] | None":
        """The record at or after `place` as (text, its place, the next place); None at the end.

        Raises OSError where flash gives no answer; a segment that has failed ten times in a row
        is set aside as `.bad`.
        """
        segment, offset = place
        while segment <= self._last:
            try:
                text, end = self._line(segment, offset)
                self._failures = 0
            except OSError:
                self._failures += 1
                if self._failures < _TRIES:
                    raise
                os.rename(self.name(segment), self.name(segment) + ".bad")
                text, end = "", 0
            if text:
                return text, (segment, offset), (segment, end)
            offset = end
            if not end:
                segment += 1
        return None

    def _line(self, segment: int, offset: int) -> "tuple[str, int]":
        """(text, offset behind it); "" for a spoilt line, and offset 0 at the segment's end."""
        try:
            with open(self.name(segment), "rb") as file:
                file.seek(offset)
                line = file.readline()
        except OSError as error:
            if error.args[0] != _ENOENT:
                raise
            return "", 0
        if line[-1:] != b"\n":
            return "", 0
        end = offset + len(line)
        data = line[:-10]
        if b"\t%08x\n" % crc32(data) != line[-10:]:
            return "", end
        return data.decode(), end

    def last_records(self) -> "Iterator[str]":
        """The records of the newest segment that has any, oldest first; none when empty.

        Raises OSError where flash gives no answer.
        """
        for segment in range(self._last, self._first - 1, -1):
            text, end = self._line(segment, 0)
            found = False
            while end:
                if text:
                    found = True
                    yield text
                text, end = self._line(segment, end)
            if found:
                return

    def drop_before(self, segment: int) -> None:
        """Delete the segments before `segment`."""
        while self._first < segment:
            remove(self.name(self._first))
            self._first += 1
