"""Thins the samples that wait in the outbox while flash fills up. Loaded on demand.

The rule: at level n, of the samples of a session the first, the last and those whose record
number is a multiple of 2^n are kept. Each time flash gets low the level rises, the spacing
doubles. Starts, summaries and stops are never dropped. The segment that is being delivered stays
as it is, the one being written is for the next pass.

Segments are copied a few records at a time and replaced by a rename, so a power cut costs only
the work on one segment, and the newest sample where it was not due for recording: that one is
held in RAM, as it may become the last.
"""

import os

from firmware.storage.files import remove

_RECORDS = 16  # looked at with each new sample
_MAX_LEVEL = 6  # 64 times the sample interval
_SAMPLE = "sample"


class Thinner:
    """Lives from the first shortage until the outbox is empty."""

    def __init__(self, outbox: "Outbox", journal: "Journal", store: "OutboxStore") -> None:
        self.level = 0
        self._outbox = outbox
        self._journal = journal
        self._store = store
        self._copy = journal.folder + "/thin.tmp"
        self._held = None  # the newest sample (txn, packed), while it is not recorded
        self._txn = 0
        self._at_work = False

    def start(self, level: int) -> None:
        """Begin a pass at `level`."""
        self.level = level
        self._at_work = True
        self._segment = 0

    def add_sample(self, txn: int, packed: str) -> int:
        """Record the sample or hold it; work on the old ones."""
        if self._at_work:
            try:
                self._at_work = self._step()
            except OSError:
                self._segment = 0  # all over again: what was not copied must not be left out
                raise
            if not self._at_work:
                self._store.is_low(True)  # what the pass has freed counts from now on
        elif self.level < _MAX_LEVEL and self._store.is_low():
            self.start(self.level + 1)
            self._outbox.save()
        outbox = self._outbox
        first = txn != self._txn
        self._txn = txn
        if first or not (outbox.last_seq + 1) & self._mask():
            self._held = None
            return outbox.record(_SAMPLE, packed, txn)
        self._held = (txn, packed)
        outbox.last_seq += 1
        outbox.dropped += 1  # its number: the last one is recorded under a new one
        return outbox.last_seq

    def flush(self) -> bool:
        """Record the held sample; was there one."""
        held = self._held
        self._held = None
        if held:
            self._outbox.record(_SAMPLE, held[1], held[0])
        return held is not None

    def _mask(self) -> int:
        return (1 << self.level) - 1

    def _begin(self, segment: int) -> None:
        remove(self._copy)
        self._segment = segment
        self._dropped = 0
        self._found = self._journal.read((segment, 0))

    def _step(self) -> bool:
        """Look at some records; False when the pass is over."""
        busy = self._outbox.busy_segment()
        if self._segment <= busy:
            self._before = ""
            self._begin(busy + 1)
        journal = self._journal
        if self._segment >= journal.newest():
            return False
        lines = []
        for _ in range(_RECORDS):
            found = self._found
            if not found or found[1][0] > self._segment:
                self._finish(lines)
                return True
            self._found = journal.read(found[2])
            seq, action = found[0].split("\t", 2)[:2]
            inner = self._before == action == _SAMPLE == self._action_ahead()
            if inner and int(seq) & self._mask():
                self._dropped += 1
            else:
                lines.append(journal.line(found[0]))
            self._before = action
        self._write(lines)
        return True

    def _action_ahead(self) -> str:
        return self._found[0].split("\t", 2)[1] if self._found else ""

    def _write(self, lines: "list[bytes]") -> None:
        with open(self._copy, "ab") as file:
            file.write(b"".join(lines))

    def _finish(self, lines: "list[bytes]") -> None:
        if self._dropped:
            self._write(lines)
            os.rename(self._copy, self._journal.name(self._segment))
            self._outbox.dropped += self._dropped
        self._begin(self._segment + 1)
