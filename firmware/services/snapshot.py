"""The file that tells recovery.py of the open session after a power cut. Loaded on demand.

Numbers, then texts. A file of up to 128 bytes lies beside its name on flash; a longer one would
cost the erase of a block with each sample.
"""

from firmware.storage.files import write_atomic

SNAPSHOT = "session.txt"
NUMBERS = ("txn", "start_s", "wh", "mwh", "unix_s", "ms", "soc_c100", "mv", "resumed_ms")
TEXTS = ("tag", "parent")


def write(books: "Transactions") -> None:
    """Put the running session's state on flash. Raises OSError."""
    core = books.core
    session = core.session
    values = books.started
    values["unix_s"] = books.clock.unix_s()
    values["ms"] = books.stored_ms = session.duration_ms if session.open else 0
    values["soc_c100"] = session.soc_c100 if session.open else core.bms.soc_c100
    values["mv"] = core.module.terminal_mv
    fields = [str(values.get(name, -1)) for name in NUMBERS]
    fields += [values.get(name, "") for name in TEXTS]
    write_atomic(SNAPSHOT, "\t".join(fields).encode())
