"""The outbox's rules: order, ids, retries, dead letters, what a reboot remembers."""

import json
from collections.abc import Iterator

import pytest

from firmware.ocpp.meter_values import render
from firmware.ocpp.outbox import Outbox, OutboxFull

TID = "@TID@"
START, STOP, SUMMARY = "StartTransaction", "StopTransaction", "DataTransfer"
SAMPLE = "P 1768989150 E7 S8707"


def rendered(packed: str, transaction_id: int) -> str:
    return "".join(render(packed, transaction_id))


class ListJournal:
    """A journal in RAM, two records a segment; the outbox may be built on it again and again."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.broken = False
        self.first = 0

    def begin(self) -> tuple[int, int]:
        return self.first, 0

    def newest(self) -> int:
        return len(self.records) // 2

    def append(self, *texts: str) -> None:
        if self.broken:
            raise OSError(28)
        self.records.append("".join(texts))

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
        self.state: list[int | None] = []
        self.dead: list[str] = []
        self.room = True
        self.broken = False

    def read(self) -> list[int | None]:
        return list(self.state)

    def write(self, state: list[int | None]) -> None:
        assert len(" ".join(map(str, state))) <= 128, "that costs the erase of a block"
        self.state = list(state)

    def bury(self, seq: int, action: str, txn: int, text: str) -> None:
        if self.broken:
            raise OSError(28)
        self.dead.append(f"{seq}\t{action}\t{txn}\t{text}")

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
        return action, "".join(payload)

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
        ("MeterValues", rendered(SAMPLE, 1768989000)),
        (SUMMARY, '{"data":"1"}'),
        (STOP, '{"transactionId":1768989000}'),
        (START, '{"n":2}'),
        ("MeterValues", rendered(SAMPLE, 7)),
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
    assert world.store.dead == ["2\tMeterValues\t1\t" + rendered(SAMPLE, 77)]
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
    world.store.state = []
    world.journal.first = 0
    world.reboot()
    assert world.deliver(5) == (START, '{"n":1}')
    assert len(world.box) == 3


def test_the_token_is_replaced_only_by_numbers(world: World) -> None:
    world.box.add(START, '{"idTag":"\\u0040TID@"}', 1)
    assert world.box.head(0)[2] == '{"idTag":"\\u0040TID@"}'


def test_no_answer_is_no_refusal(world: World) -> None:
    world.session(1)
    now_s = 0
    for _ in range(20):
        seq, *_ = world.box.head(now_s)
        world.box.failed(seq, now_s, False)
        assert world.box.head(now_s + 9) is None  # it waits, but not longer and longer
        now_s += 10
    for _ in range(2):
        now_s += 1000
        world.box.failed(world.box.head(now_s)[0], now_s)
    assert world.store.dead == []


@pytest.mark.parametrize("failures", [1, 2])
def test_attempts_are_counted_over_a_reboot(world: World, failures: int) -> None:
    world.session(1)
    world.refuse(failures)
    world.reboot()
    assert world.box.head(0)[0] == 1
    world.refuse(3 - failures)
    assert [text.split("\t")[1] for text in world.store.dead] == [START]


def test_a_letter_that_flash_does_not_take_stays_in_the_outbox(world: World) -> None:
    world.session(1)
    world.store.broken = True
    world.refuse()
    assert world.log.lines[-1].startswith("no dead letter") and world.store.dead == []
    world.store.broken = False
    assert world.box.head(10_000)[0] == 1
    world.box.failed(1, 10_000)
    assert len(world.store.dead) == 1


def test_flash_that_gives_no_record_is_asked_again(world: World) -> None:
    world.session(1)
    read = world.journal.read

    def fail(place: tuple[int, int]) -> None:
        raise OSError(5)

    world.journal.read = fail  # type: ignore[method-assign, assignment]
    assert world.box.head(0) is None
    world.journal.read = read  # type: ignore[method-assign]
    assert world.box.head(0) is None, "not in each turn"
    assert world.box.head(60)[:2] == (1, START)
    assert world.log.lines == ["flash gives no record: 5"]


def test_a_newest_record_that_cannot_be_read_costs_no_other(world: World) -> None:
    world.session(1)
    last_records = world.journal.last_records

    def fail() -> None:
        raise OSError(5)

    world.journal.last_records = fail  # type: ignore[method-assign, assignment]
    world.reboot()
    world.journal.last_records = last_records  # type: ignore[method-assign]
    world.session(2)
    sent = [world.deliver(7 if i % 4 == 0 else None)[0] for i in range(8)]
    assert sent == [START, "MeterValues", SUMMARY, STOP] * 2
    assert world.box.head(0) is None and len(world.box) == 0


def test_skipping_what_is_delivered_is_done_in_steps(world: World) -> None:
    for txn in range(1, 41):
        world.session(txn, 0)
    for i in range(118):
        world.deliver(5 if i % 3 == 0 else None)
    world.store.state[1:3] = [0, 0]  # its place is lost, not how many it was
    world.journal.first = 0
    world.reboot()
    calls = 0
    while not world.box.head(0):
        calls += 1
    assert calls == 118 // 16
    assert world.box.head(0)[0] == 119


def test_what_is_sent_again_is_no_session_of_the_charger(world: World) -> None:
    world.session(1)
    world.deliver(11)
    world.box.record(START, "{}", -12)
    world.box.record(STOP, '{"transactionId":%s}' % TID, -12)
    assert world.box.open_transaction() == world.reboot().open_transaction() == 0
    world.session(2, 0)
    actions = [world.deliver() for _ in range(3)]
    world.deliver(22)
    assert world.deliver()[1] == '{"transactionId":22}'
    assert world.deliver(33)[0] == START
    world.deliver()
    assert world.deliver()[1] == '{"transactionId":33}'
    assert actions[-1][1] == '{"transactionId":11}'


def test_the_samples_of_a_stop_come_in_parts_and_are_buried_packed(world: World) -> None:
    world.box.add(START, "{}", 1)
    world.deliver(5)
    world.box.add(STOP, '{"transactionId":%s}' % TID, 1, "\tB 0 E1|X 60 E2")
    payload = world.box.head(0)[2]
    text = "".join("".join(part) for part in payload)
    assert [v["timestamp"] for v in json.loads(text)["transactionData"]] == [
        *("1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"),
    ]
    world.refuse()
    assert world.store.dead == ['2\tStopTransaction\t1\t{"transactionId":5}\tB 0 E1|X 60 E2']


@pytest.mark.parametrize("error", [MemoryError, OSError])
def test_a_record_that_was_not_written_is_not_missed(world: World, error, monkeypatch) -> None:
    """What makes it tries again; nobody is told that flash has lost something."""

    def fails(*_: str) -> None:
        raise error

    world.box.add(START, "{}", 1)
    with monkeypatch.context() as patch, pytest.raises(error):
        patch.setattr(world.journal, "append", fails)
        world.box.add_sample(1, SAMPLE)
    assert len(world.box) == 1
    world.box.add_sample(1, SAMPLE)
    assert [world.deliver(5)[0], world.deliver()[0]] == [START, "MeterValues"]
    assert len(world.box) == 0 and world.box.head(0) is None
    with monkeypatch.context() as patch, pytest.raises(error):
        patch.setattr(world.journal, "append", fails)
        world.box.add_sample(1, SAMPLE)
    assert world.box.head(0) is None and len(world.box) == 0
    assert world.log.lines == []
