"""How much the outbox holds, on any interpreter: `capacity.py sessions FOLDER COUNT`, `... fill`.

Prints one JSON object. Run by test_capacity.py.
"""

import gc
import json
import sys
import time

from firmware.ocpp import messages, payloads, rivot
from firmware.ocpp.outbox import Outbox, OutboxFull
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from host_tests.unit.storage.books import Keys, QuietLog, RamFlash

_BEGIN_S = 1768989150
_PACKED = "P %d E%d W3710 S5550 V74200 I50000"


def record_session(outbox: Outbox, txn: int, samples: int) -> None:
    """A session as transactions.py writes it."""
    unix_s = _BEGIN_S + 3600 * txn
    outbox.add("StartTransaction", payloads.start_transaction(1, "0A1B2C3D4E", txn, unix_s), txn)
    for i in range(samples):
        outbox.add_sample(txn, _PACKED % (unix_s + 10 * i, i))
    end_session(outbox, txn)


def end_session(outbox: Outbox, txn: int) -> None:
    """Summary and stop."""
    outbox.add("DataTransfer", rivot.session_summary(5550, 1234567, 3600000), txn)
    stop = payloads.stop_transaction(txn, _BEGIN_S, messages.TID, "Local", "0A1B2C3D4E")
    outbox.add("StopTransaction", stop, txn)


def drain(outbox: Outbox) -> "Iterator[tuple[str, int]]":  # noqa: F821
    """Deliver all; (action, transaction) of each message."""
    while True:
        head = outbox.head(0)
        if head is None:
            return
        seq, action, payload, txn = head
        json.loads("".join(payload))
        outbox.delivered(seq, 1700000000 + txn if action == "StartTransaction" else None)
        yield action, txn


def new_outbox(folder: str, segment_bytes: int = 16384, low_bytes: int = 0) -> Outbox:
    """An outbox as after power-up."""
    journal = Journal(folder, segment_bytes)
    return Outbox(journal, OutboxStore(folder, low_bytes), Keys(), QuietLog())


def sessions(folder: str, count: int) -> dict:
    """`count` offline sessions of four samples, a restart, then all delivered."""
    outbox = new_outbox(folder)
    first = last = 0.0
    early = late = 1 << 30
    for txn in range(1, count + 1):
        since = time.time()
        record_session(outbox, txn, 4)
        took = time.time() - since
        first += took if txn <= 100 else 0
        last += took if txn > count - 100 else 0
        # A collection may take a number on the stack for an address and keep what is there: the
        # least of several is what lives.
        if 10 <= txn < 15:
            early = min(early, _used())
        if txn > count - 5:
            late = min(late, _used())
    outbox = new_outbox(folder)
    queued = len(outbox)
    expected = ("StartTransaction",) + ("MeterValues",) * 4 + ("DataTransfer", "StopTransaction")
    right = 0
    for i, (action, txn) in enumerate(drain(outbox)):
        right += action == expected[i % 7] and txn == i // 7 + 1
    return {
        "queued": queued,
        "right": right,
        "left": len(outbox),
        "first_us": int(first * 10000),
        "last_us": int(last * 10000),
        "heap_growth": late - early,
    }


def _used() -> int:
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


def fill() -> dict:
    """Sessions until littlefs takes no more; then an end, a refusal, and the drain."""
    flash = RamFlash(48)
    flash.wipe()
    folder = flash.start() + "outbox"
    outbox = new_outbox(folder, 4096, 100000)
    for txn in range(1, 999):
        try:
            record_session(outbox, txn, 20)
        except OutboxFull:
            break
    outbox.add("DataTransfer", "{}", txn)
    outbox.add("StopTransaction", "{}", txn)
    refused = 0
    try:
        outbox.add("StartTransaction", "{}", txn + 1)
    except OutboxFull:
        refused = 1
    outbox = new_outbox(folder, 4096, 100000)
    counts = {}
    for action, _ in drain(outbox):
        counts[action] = counts.get(action, 0) + 1
    record_session(outbox, 1000, 3)
    return {
        "sessions": txn,
        "refused": refused,
        "counts": counts,
        "afterwards": [action for action, _ in drain(outbox)],
    }


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        print(json.dumps(fill()))
    else:
        print(json.dumps(sessions(sys.argv[2], int(sys.argv[3]))))
