"""Dead letters: messages that the central system has refused for good. Read, kept, sent again.

They are a journal of their own in the folder `dead` of the outbox; a letter is the record as it
stood in the outbox, its transaction's id filled in where it was known. Starts, summaries and stops
are always kept; refused samples only while there are less than _SEGMENTS segments (64 kB), so a
server that refuses everything fills flash slowly, and then new sessions are refused and say so.

Sending again moves the letters to the end of the outbox, a record at a time and never while a
session runs. How far that has come is in the outbox's state, and what was recorded right before a
power cut is known by its text: no cut loses a letter or doubles one. Their transactions get
negative numbers, so they are not taken for the charger's present ones; ids are resolved as before,
when their start is delivered. What is refused again goes back to the letters. Loaded on demand.
"""

from firmware.ocpp.outbox import PAIRS, RESENT, split
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore

_SEGMENTS = 16
_SEGMENT_BYTES = 4096
_REST = 10  # turns (50 ms) between two records: each is written to flash
_WAIT = 200  # turns after a failure


def journal(folder: str) -> Journal:
    """The letters of the outbox in `folder`."""
    return Journal(folder + "/dead", _SEGMENT_BYTES)


def bury(letters: Journal, seq: int, action: str, txn: int, text: str) -> None:
    """Keep a refused message. Raises OSError."""
    many = letters.newest() - letters.begin()[0] >= _SEGMENTS
    if not (many and action in ("sample", "MeterValues")):
        letters.append("%d\t%s\t%d\t%s" % (seq, action, txn, text))


def read(folder: str) -> "Iterator[str]":
    """The letters: number, action, the charger's number of the transaction, text, by tabs."""
    letters = journal(folder)
    found = letters.read(letters.begin())
    while found:
        yield found[0]
        found = letters.read(found[2])


def send_again(folder: str) -> None:
    """Send the letters again from the next power-up on; for a charger that does not run."""
    store = OutboxStore(folder)
    state = store.read()
    if state and not state[RESENT]:
        state[RESENT:PAIRS] = _begin(journal(folder))
        store.write(state)


def go_on(books: "Transactions") -> None:
    """At boot: the letters are being sent again."""
    books.resending = Resender(books.outbox)


def _begin(letters: Journal) -> "list[int]":
    """Segment and offset of the first letter, and the last segment that is to be sent."""
    return list(letters.begin()) + [letters.newest() - 1]


class Resender:
    """Moves the letters; goes on where a power cut has stopped it. Making it raises OSError."""

    def __init__(self, outbox: "Outbox") -> None:
        self._outbox = outbox
        self._letters = letters = outbox.store.new_dead()  # what is refused from now on is apart
        self._rest = 0
        self._newest = ""  # of a resumed one: the outbox's newest record, without its number
        if outbox.resent[0]:
            for text in outbox.journal.last_records():
                self._newest = text.partition("\t")[2]
        else:
            outbox.resent = _begin(letters)
            outbox.save()

    def turn(self) -> bool:
        """Move a letter when it is time; False when all are moved."""
        self._rest -= 1
        outbox = self._outbox
        if self._rest > 0 or outbox.open_transaction() or not outbox.store.has_room():
            return True
        self._rest = _REST
        try:
            return self._move(outbox)
        except OSError:
            self._rest = _WAIT
            return True

    def _move(self, outbox: "Outbox") -> bool:
        segment, offset, last = outbox.resent
        found = self._letters.read((segment, offset))
        if not found or found[1][0] > last:
            self._letters.drop_before(last + 1)
            outbox.resent = [0, 0, 0]
            outbox.save()
            return False
        _, action, txn, text = split(found[0])
        if self._newest != "%s\t%d\t%s" % (action, -abs(txn), text):
            outbox.record(action, text, -abs(txn))
        self._newest = ""
        outbox.resent = [found[2][0], found[2][1], last]
        outbox.save()
        self._letters.drop_before(found[2][0])
        return True
