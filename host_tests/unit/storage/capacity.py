"""How much the outbox holds, on any interpreter: `capacity.py sessions FOLDER COUNT`, `... fill`.

Prints one JSON object. Run by test_capacity.py.
"""

import gc
import json
import sys
import time

from firmware.ocpp import messages, rivot
from firmware.ocpp.outbox import Outbox, OutboxFull
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from host_tests.unit.storage.books import Keys, QuietLog, RamFlash, Server

_BEGIN_S = 1768989150
_PACKED = "P %d E%d W3710 S5550 V74200 I50000"


def record_session(outbox: Outbox, txn: int, samples: int) -> None:
    """A session as transactions.py writes it."""
    unix_s = _BEGIN_S + 3600 * txn
    outbox.add("StartTransaction", messages.start_transaction(1, "0A1B2C3D4E", txn, unix_s), txn)
    for i in range(samples):
        outbox.add_sample(txn, _PACKED % (unix_s + 10 * i, i))
    end_session(outbox, txn)


def end_session(outbox: Outbox, txn: int) -> None:
    """Summary and stop."""
    outbox.add("DataTransfer", rivot.session_summary(5550, 1234567, 3600000), txn)
    stop = messages.stop_transaction(txn, _BEGIN_S, messages.TID, "Local", "0A1B2C3D4E")
    outbox.add("StopTransaction", stop, txn)


def drain(outbox: Outbox) -> "list[tuple[str, int]]":
    """Deliver all; (action, transaction) of each message but the samples."""
    got = []
    while True:
        head = outbox.head(0)
        if head is None:
            return got
        seq, action, payload, txn = head
        json.loads(payload)
        outbox.delivered(seq, 1700000000 + txn if action == "StartTransaction" else None)
        if action != "MeterValues":
            got.append((action, txn))


def sessions(folder: str, count: int) -> dict:
    """`count` offline sessions of four samples, a restart, then all delivered."""
    outbox = Outbox(Journal(folder), OutboxStore(folder), Keys(), QuietLog())
    times_ms = []
    heap = [0, 0]
    for txn in range(1, count + 1):
        since = time.time()
        record_session(outbox, txn, 4)
        times_ms.append(int(1000000 * (time.time() - since)))
        if txn in (10, count):
            gc.collect()
            heap[txn == count] = _used()
    outbox = Outbox(Journal(folder), OutboxStore(folder), Keys(), QuietLog())
    queued = len(outbox)
    right = 0
    txn = 0
    for i, (action, number) in enumerate(drain(outbox)):
        txn += action == "StartTransaction"
        expected = ("StartTransaction", "DataTransfer", "StopTransaction")[i % 3]
        right += action == expected and number == txn
    return {
        "queued": queued,
        "right": right,
        "left": len(outbox),
        "first_us": sorted(times_ms[:100])[50],
        "last_us": sorted(times_ms[-100:])[50],
        "heap_growth": heap[1] - heap[0],
    }


def _used() -> int:
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


def fill() -> dict:
    """A session's samples until littlefs takes no more; then its end, a refusal, and the drain."""
    flash = RamFlash(48)
    flash.wipe()
    folder = flash.start() + "outbox"
    outbox = Outbox(Journal(folder, 4096), OutboxStore(folder, 100000), Keys(), QuietLog())
    outbox.add("StartTransaction", '{"n":1}', 1)
    samples = 0
    for txn in range(2, 999):  # sessions before it, so that thinning cannot help
        try:
            record_session(outbox, txn, 20)
        except OutboxFull:
            break
    refused = 0
    end_session(outbox, txn)
    try:
        outbox.add("StartTransaction", "{}", txn + 1)
    except OutboxFull:
        refused = 1
    outbox = Outbox(Journal(folder, 4096), OutboxStore(folder, 100000), Keys(), QuietLog())
    open_txn = outbox.open_transaction()
    got = drain(outbox)
    record_session(outbox, 1000, 3)
    return {
        "sessions": txn,
        "samples": samples,
        "refused": refused,
        "open": open_txn,
        "last": got[-1],
        "afterwards": drain(outbox),
    }


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        print(json.dumps(fill()))
    else:
        print(json.dumps(sessions(sys.argv[2], int(sys.argv[3]))))
