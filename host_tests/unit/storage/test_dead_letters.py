"""Dead letters on flash: read, bounded, sent again while no session runs."""

from pathlib import Path

import pytest

from firmware.ocpp.outbox import Outbox
from firmware.storage import dead_letters
from firmware.storage.dead_letters import Resender
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from host_tests.unit.storage.books import Keys, QuietLog

TID = "@TID@"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return f"{tmp_path}/outbox"


def build(folder: str) -> Outbox:
    return Outbox(Journal(folder), OutboxStore(folder, 0), Keys(), QuietLog())


def session(outbox: Outbox, txn: int, samples: int = 2) -> None:
    outbox.add("StartTransaction", "{}", txn)
    for number in range(samples):
        outbox.add_sample(txn, f"P {number} E{number}")
    outbox.add("StopTransaction", '{"transactionId":%s}' % TID, txn)


def serve(outbox: Outbox, refuses: bool) -> list[tuple[str, str, int]]:
    """Deliver or refuse all there is; (action, payload, transaction) of what was taken."""
    got = []
    now_s = 0
    while len(outbox):
        now_s += 1000
        head = outbox.head(now_s)
        if head is None:
            continue
        seq, action, payload, txn = head
        if refuses:
            outbox.failed(seq, now_s)
            continue
        got.append((action, "".join(payload), txn))
        outbox.delivered(seq, 1000 - txn if action == "StartTransaction" else None)
    return got


def turns(resender: Resender) -> None:
    assert any(not resender.turn() for _ in range(10_000))


def letters(folder: str) -> list[str]:
    return list(dead_letters.read(folder))


def test_they_can_be_read(folder: str) -> None:
    outbox = build(folder)
    session(outbox, 7, 1)
    serve(outbox, refuses=True)
    assert letters(folder) == [
        "1\tStartTransaction\t7\t{}",
        "2\tsample\t7\tP 0 E0",
        '3\tStopTransaction\t7\t{"transactionId":@TID@}',
    ]


def test_they_go_again_in_order_with_the_id_their_start_gets_now(folder: str) -> None:
    outbox = build(folder)
    session(outbox, 7)
    session(outbox, 8)
    serve(outbox, refuses=True)
    turns(Resender(outbox))
    assert letters(folder) == []
    got = serve(outbox, refuses=False)
    assert [action for action, _, _ in got] == [
        "StartTransaction",
        "MeterValues",
        "MeterValues",
        "StopTransaction",
    ] * 2
    assert got[3][1] == '{"transactionId":1007}' and got[7][1] == '{"transactionId":1008}'
    assert {txn for _, _, txn in got} == {-7, -8}


def test_what_is_refused_again_is_a_letter_again_and_no_endless_loop(folder: str) -> None:
    outbox = build(folder)
    session(outbox, 7)
    serve(outbox, refuses=True)
    resender = Resender(outbox)
    turns(resender)
    serve(outbox, refuses=True)
    assert len(letters(folder)) == 4
    turns(Resender(outbox))
    assert len(serve(outbox, refuses=False)) == 4
    assert letters(folder) == []


def test_never_while_a_session_runs(folder: str) -> None:
    outbox = build(folder)
    session(outbox, 7)
    serve(outbox, refuses=True)
    outbox.add("StartTransaction", "{}", 8)
    resender = Resender(outbox)
    assert all(resender.turn() for _ in range(1000))
    assert len(outbox) == 1 and len(letters(folder)) == 4
    outbox.add("StopTransaction", "{}", 8)
    turns(resender)
    assert [txn for _, _, txn in serve(outbox, refuses=False)] == [8, 8, *[-7] * 4]


def test_a_stopped_charger_can_be_told_to_send_again(folder: str) -> None:
    outbox = build(folder)
    session(outbox, 7)
    serve(outbox, refuses=True)
    dead_letters.send_again(folder)
    outbox = build(folder)
    assert outbox.resent[0]
    turns(Resender(outbox))
    assert len(serve(outbox, refuses=False)) == 4
    assert not build(folder).resent[0]


def test_a_server_that_refuses_for_ever_gets_all_starts_and_stops_kept(folder: str) -> None:
    outbox = build(folder)
    for txn in range(1, 121):
        session(outbox, txn, 30)
        serve(outbox, refuses=True)
    kinds = [letter.split("\t")[1] for letter in letters(folder)]
    assert kinds.count("StartTransaction") == kinds.count("StopTransaction") == 120
    assert 1000 < kinds.count("sample") < 120 * 30
    used = sum(path.stat().st_size for path in Path(folder, "dead").iterdir())
    assert used < 64 * 1024 + 120 * 120 + 4096
