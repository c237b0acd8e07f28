"""The outbox's rules: order, ids, retries, dead letters, what a reboot remembers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from firmware.ocpp import samples
from firmware.ocpp.outbox import Outbox, OutboxFull

TID = "@TID@"
START, STOP, SUMMARY = "StartTransaction", "StopTransaction", "DataTransfer"
SAMPLE = "P 1768989150 E7 S8707"


class ListJournal:
    """A journal in RAM, two records a segment; the outbox may be built on it again and again."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.broken = False
        self.first = 0

    def begin(self) -> tuple[int, int]:
        return self.first, 0

    def append(self, text: str) -> None:
        if self.broken:
            raise OSError(28)
        self.records.append(text)

    def read(self, place: tuple[int, int]) -> tuple[str, tuple[int, int], tuple[int, int]] | None:
        index = max(2 * place[0] + place[1], 2 * self.first)
        if index >= len(self.records):
            return None
        return self.records[index], divmod(index, 2), divmod(index + 1, 2)

    def last_records(self) -> Iterator[str]:
        yield from self.records[(len(self.records) - 1) // 2 * 2 :]

    def drop_before(self, segment: int) -> None:
        self.first = max(self.first, segment)


class DictStore:
    """State, dead letters and free space as the test wants them."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.dead: list[str] = []
        self.room = True

    def read(self) -> dict[str, Any]:
        return json.loads(json.dumps(self.state))

    def write(self, state: dict[str, Any]) -> None:
        self.state = dict(state)

    def bury(self, text: str) -> None:
        self.dead.append(text)

    def has_room(self) -> bool:
        return self.room

    def is_low(self) -> bool:
        return False


class Keys:
    def get(self, name: str) -> int:
        return {"TransactionMessageAttempts": 3, "TransactionMessageRetryInterval": 10}[name]


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def error(self, component: str, text: str, *args: object) -> None:
        self.lines.append(text % args)


class World:
    """An outbox on a flash that outlives it."""

    def __init__(self) -> None:
        self.journal, self.store, self.log = ListJournal(), DictStore(), Log()
        self.reboot()

    def reboot(self) -> Outbox:
        self.box = Outbox(self.journal, self.store, Keys(), self.log)
        return self.box

    def session(self, txn: int, samples_count: int = 1) -> None:
        self.box.add(START, '{"n":%d}' % txn, txn)
        for _ in range(samples_count):
            self.box.add_sample(txn, SAMPLE)
        self.box.add(SUMMARY, '{"data":"%d"}' % txn, txn)
        self.box.add(STOP, '{"transactionId":%s}' % TID, txn)

    def deliver(self, transaction_id: int | None = None) -> tuple[str, str]:
        seq, action, payload, _ = self.box.head(0)
        self.box.delivered(seq, transaction_id)
        return action, payload

    def refuse(self, times: int = 3) -> None:
        for attempt in range(times):
            seq, *_ = self.box.head(1000 * attempt)
            self.box.failed(seq, 1000 * attempt)


@pytest.fixture
def world() -> World:
    return World()


def test_an_empty_outbox(world: World) -> None:
    assert len(world.box) == 0
    assert (world.box.last_seq, world.box.oldest_seq) == (0, 1)
    assert world.box.head(0) is None
    assert world.box.open_transaction() == 0
    assert world.box.transaction_id(0) is None


def test_everything_goes_in_order_with_the_servers_id(world: World) -> None:
    world.session(1)
    world.session(2)
    sent = [world.deliver(1768989000)]
    sent += [world.deliver() for _ in range(3)]
    sent.append(world.deliver(7))
    sent += [world.deliver() for _ in range(3)]
    assert sent == [
        (START, '{"n":1}'),
        ("MeterValues", samples.render(SAMPLE, 1768989000)),
        (SUMMARY, '{"data":"1"}'),
        (STOP, '{"transactionId":1768989000}'),
        (START, '{"n":2}'),
        ("MeterValues", samples.render(SAMPLE, 7)),
        (SUMMARY, '{"data":"2"}'),
        (STOP, '{"transactionId":7}'),
    ]
    assert len(world.box) == 0 and world.box.head(0) is None


def test_the_head_stays_until_it_is_delivered(world: World) -> None:
    world.session(1)
    assert world.box.head(0) == world.box.head(99) == (1, START, '{"n":1}', 1)
    world.box.delivered(2)  # an answer to something else
    assert world.box.head(0)[0] == 1


def test_sequence_numbers_count_what_is_left(world: World) -> None:
    world.session(1)
    assert (world.box.oldest_seq, world.box.last_seq, len(world.box)) == (1, 4, 4)
    world.deliver(5)
    assert (world.box.oldest_seq, world.box.last_seq, len(world.box)) == (2, 4, 3)


@pytest.mark.parametrize("delivered", range(9))
def test_a_reboot_goes_on_where_delivery_was(world: World, delivered: int) -> None:
    world.session(1)
    world.session(2)
    ids = [11, None, None, None, 22, None, None, None]
    sent = [world.deliver(ids[i]) for i in range(delivered)]
    world.reboot()
    assert len(world.box) == 8 - delivered
    sent += [world.deliver(ids[i]) for i in range(delivered, 8)]
    assert [payload for action, payload in sent if action == STOP] == [
        '{"transactionId":11}',
        '{"transactionId":22}',
    ]
    assert [action for action, _ in sent] == [START, "MeterValues", SUMMARY, STOP] * 2
    assert world.log.lines == []


def test_numbers_go_on_after_a_reboot(world: World) -> None:
    world.session(1)
    for transaction_id in (5, None, None, None):
        world.deliver(transaction_id)
    world.reboot()
    assert world.box.add(START, "{}", 2) == 5


def test_the_id_is_known_while_it_is_the_newest(world: World) -> None:
    world.session(1)
    assert world.box.transaction_id(1) is None
    world.deliver(42)
    assert world.box.transaction_id(1) == world.reboot().transaction_id(1) == 42
    assert world.box.transaction_id(2) is None


@pytest.mark.parametrize("length", [0, 1, 2, 3, 50])
def test_an_open_session_is_known_after_a_reboot(world: World, length: int) -> None:
    world.session(1)
    world.box.add(START, "{}", 2)
    for _ in range(length):
        world.box.add_sample(2, SAMPLE)
    assert world.box.open_transaction() == world.reboot().open_transaction() == 2
    assert not world.box.has_summary(2)
    world.box.add(SUMMARY, "{}", 2)
    assert world.reboot().open_transaction() == 2
    assert world.box.has_summary(2)
    world.box.add(STOP, "{}", 2)
    assert world.box.open_transaction() == world.reboot().open_transaction() == 0


def test_a_failed_message_waits_longer_each_time(world: World) -> None:
    world.session(1)
    world.box.failed(world.box.head(100)[0], 100)
    assert world.box.backing_off(109) and world.box.head(109) is None
    assert not world.box.backing_off(110)
    world.box.failed(world.box.head(110)[0], 110)
    assert world.box.head(129) is None
    assert world.box.head(130)[0] == 1
    world.box.delivered(1, 5)
    assert world.box.head(130)[1] == "MeterValues"  # its successor does not wait


def test_failing_what_is_not_the_head_changes_nothing(world: World) -> None:
    world.session(1)
    world.box.head(0)
    world.box.failed(3, 0)
    assert world.box.head(0)[0] == 1


def test_a_refused_sample_is_buried_with_its_id_and_the_rest_goes(world: World) -> None:
    world.session(1)
    world.deliver(77)
    world.refuse()
    assert world.store.dead == ["2\tMeterValues\t1\t" + samples.render(SAMPLE, 77)]
    assert world.deliver() == (SUMMARY, '{"data":"1"}')
    world.refuse()
    assert world.store.dead[1] == '4\tStopTransaction\t1\t{"transactionId":77}'
    assert len(world.box) == 0


@pytest.mark.parametrize("reboot_after", range(5))
def test_a_refused_start_takes_its_session_with_it(world: World, reboot_after: int) -> None:
    world.session(1)
    world.session(2)
    world.refuse()
    for step in range(3):
        if step == reboot_after:
            world.reboot()
        assert world.box.head(0) is None  # one a call: each is a write to flash
        assert len(world.store.dead) == step + 2
    assert world.store.dead == [
        '1\tStartTransaction\t1\t{"n":1}',
        f"2\tsample\t1\t{SAMPLE}",
        '3\tDataTransfer\t1\t{"data":"1"}',
        '4\tStopTransaction\t1\t{"transactionId":@TID@}',
    ]
    assert world.deliver(9) == (START, '{"n":2}')
    assert [world.deliver() for _ in range(3)][-1] == (STOP, '{"transactionId":9}')


def test_short_of_room_no_session_starts_but_a_running_one_ends(world: World) -> None:
    world.box.add(START, "{}", 1)
    world.store.room = False
    with pytest.raises(OutboxFull):
        world.box.add(START, "{}", 2)
    with pytest.raises(OutboxFull):
        world.box.add_sample(1, SAMPLE)
    world.box.add(SUMMARY, "{}", 1)
    world.box.add(STOP, "{}", 1)
    assert [record.split("\t")[1] for record in world.journal.records] == [START, SUMMARY, STOP]
    world.store.room = True
    world.box.add(START, "{}", 2)


def test_a_failed_write_is_told_and_takes_no_later_record_along(world: World) -> None:
    world.box.add(START, "{}", 1)
    world.journal.broken = True
    with pytest.raises(OSError):
        world.box.add(SUMMARY, "{}", 1)
    world.journal.broken = False
    world.box.add(STOP, "{}", 1)
    assert [world.deliver(5)[0], world.deliver()[0]] == [START, STOP]
    assert len(world.box) == 0


def test_records_that_flash_has_lost_do_not_stop_the_rest(world: World) -> None:
    world.session(1)
    del world.journal.records[1:]
    world.deliver(5)
    assert world.box.head(0) is None
    assert world.log.lines == ["3 records cannot be read"]
    world.session(2)
    assert world.deliver(6) == (START, '{"n":2}')


def test_a_lost_state_file_repeats_and_loses_nothing(world: World) -> None:
    world.session(1)
    for transaction_id in (5, None, None, None):
        world.deliver(transaction_id)
    world.store.state = {}
    world.journal.first = 0
    world.reboot()
    assert world.deliver(5) == (START, '{"n":1}')
    assert len(world.box) == 3


def test_the_token_is_replaced_only_by_numbers(world: World) -> None:
    world.box.add(START, '{"idTag":"\\u0040TID@"}', 1)
    assert world.box.head(0)[2] == '{"idTag":"\\u0040TID@"}'
