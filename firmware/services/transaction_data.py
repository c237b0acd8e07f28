"""The samples that StopTransaction carries as transactionData. Loaded on demand.

What StopTxnSampledData and StopTxnAlignedData ask for is kept, packed (samples.py), in a file of
the running session, so the stop after a power cut carries it too. The first and the last value
are always there; of those in between as many of each kind as _BYTES hold (13 with one measurand, 5
with all seven), evenly spaced: when there are more, every second one goes and the spacing doubles.
Each line is number and sample, `17 P 1768..`; a number is kept when it is a multiple of its kind's
spacing.
"""

from firmware.storage.files import read_bytes, write_atomic

_FILE = "samples.txt"  # books.py deletes it when the stop is on flash
_BYTES = 320  # the stop must find memory in one piece


def begin(books: "Transactions", packed: str) -> None:
    """The session's first value."""
    try:
        _write([books.core.session.txn, 1, 1], ["0 " + packed])
    except OSError as error:
        books.log.error("flash", "no sample for the stop: %s", error)


def add(books: "Transactions", packed: str, number: int) -> None:
    """A sample in between, the `number`-th of its kind."""
    try:
        _add(books.core.session.txn, packed, number)
    except (OSError, MemoryError, ValueError) as error:
        books.log.error("flash", "no sample for the stop: %r", error)


def taken(books: "Transactions", txn: int, last: str) -> str:
    """What follows the payload in the record of the stop: a tab, the samples and the last one.

    Nothing where the keys ask for nothing.
    """
    if not books.data_measurands():
        return ""
    samples = [last]
    try:
        samples = [line.partition(" ")[2] for line in _read(txn)[1]] + samples
    except (MemoryError, ValueError) as error:
        books.log.error("flash", "the stop goes without samples: %r", error)
    return "\t" + "|".join(samples)


def _add(txn: int, packed: str, number: int) -> None:
    head, lines = _read(txn)
    kind = packed[0]
    column = 1 + "PC".find(kind)  # the contexts of samples.py
    spacing = head[column]
    if number % spacing:
        return
    same = [line for line in lines if _kind(line) == kind]
    most = _BYTES // (len(packed) + 4)
    if len(same) >= most:
        head[column] = spacing = 2 * spacing
        kept = [line for line in same if not int(line.partition(" ")[0]) % spacing]
        if len(kept) >= most:  # the numbers were no sequence: the interval was changed
            kept = kept[::2]
        lines = [line for line in lines if _kind(line) != kind or line in kept]
    if not number % spacing:
        lines.append("%d %s" % (number, packed))
    _write(head, lines)


def _kind(line: str) -> str:
    return line.partition(" ")[2][0]


def _read(txn: int) -> "tuple[list[int], list[str]]":
    """(transaction, spacings of the two kinds) and the lines; none where they are another's."""
    lines = read_bytes(_FILE).decode().split("\n")
    head = lines.pop(0).split(" ")
    if head[0] != str(txn):
        return [txn, 1, 1], []
    return [int(word) for word in head], [line for line in lines if line]


def _write(head: "list[int]", lines: "list[str]") -> None:
    write_atomic(_FILE, ("%d %d %d\n" % tuple(head) + "\n".join(lines)).encode())
