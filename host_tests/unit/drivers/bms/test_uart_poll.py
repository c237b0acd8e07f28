"""What is true of every BMS driver on a UART: the hunt for answers, freshness."""

import random

import pytest

from firmware.charging.readings import STALE_MS, BmsReading
from host_tests.unit.drivers.bms.line import Line, run, shown
from host_tests.unit.drivers.bms.uart_cases import CASES, Options, Rig

UNKNOWN = shown(BmsReading())
every_driver = pytest.mark.parametrize("name", CASES)


@every_driver
def test_a_conversation_makes_the_reading_complete(name):
    rig = Rig(name)
    assert rig.run(2000) == rig.expected
    assert rig.reading.complete and rig.driver.refused == 0
    ages = []
    for _ in range(500):
        run(rig.driver, rig.reading, 10)
        ages.append(rig.reading.age_ms)
    assert max(ages) < 1000


@every_driver
@pytest.mark.parametrize("bits", [1, 2, 3, 7, 13])
def test_answers_come_in_pieces(name, bits):
    rig = Rig(name, bits=bits)
    assert rig.run(10_000, dt_ms=1) == rig.expected
    assert rig.reading.complete and rig.driver.refused == 0


@every_driver
def test_an_answer_split_at_every_byte(name):
    whole = Rig(name)
    whole.run(2000)
    for cut in range(1, 40):
        rig = Rig(name)
        line = rig.line
        for _ in range(300):
            run(rig.driver, rig.reading, 10)
            late = line.waiting[cut:]
            line.waiting = line.waiting[:cut]
            run(rig.driver, rig.reading, 10)
            line.waiting.extend(late)
        assert shown(rig.reading) == rig.expected and rig.driver.refused == 0, cut


@every_driver
@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\xff\x55",
        b"\xdd\xa5\x4e",  # looks like a beginning
        b"\xdd\xdd\xa5\xa5\x4e\x4eW\x00",
        b"\xdd\x03\x00\x02\x00\x00\xff\xfd",  # an answer that breaks off
        b"\xa5\x01\x90\x08\x00\x00",
        b"NW\x00\x14",
    ],
)
def test_noise_before_every_answer(name, noise):
    rig = Rig(name, noise=noise)
    assert rig.run(8000) == rig.expected
    assert rig.reading.complete


@every_driver
def test_its_own_question_comes_back_first(name):
    rig = Rig(name, echo=True)
    assert rig.run(3000) == rig.expected
    assert rig.reading.complete and rig.driver.refused == 0


@every_driver
def test_any_broken_byte_spoils_an_answer(name):
    """The reading stays unknown when every answer to the last question has that byte wrong."""
    for at in range(60):
        rig = Rig(name)
        broken = {}
        for question, answer in rig.line.answers.items():
            spoilt = bytearray(answer)
            spoilt[-1 - at % len(answer)] ^= 0x10
            broken[question] = bytes(spoilt)
        rig.line.answers = broken
        assert rig.run(3000) == UNKNOWN, at
        assert not rig.reading.complete and rig.reading.age_ms >= STALE_MS


@every_driver
def test_answers_to_other_questions_are_not_taken(name):
    rig = Rig(name)
    answers = list(rig.line.answers.values())
    others = {
        question: b"".join(other for other in answers if other != answer)
        for question, answer in rig.line.answers.items()
    }
    rig.line.answers = others
    assert rig.run(5000) == UNKNOWN
    assert rig.driver.refused == 0


@every_driver
def test_what_came_before_the_question_is_dropped(name):
    rig = Rig(name, answers={})
    some = b"".join(CASES[name][1].values())
    rig.line.waiting.extend((some * 20)[:512])  # all that the UART's buffer holds
    run(rig.driver, rig.reading, 10)
    assert len(rig.line.asked) == 1 and not rig.line.waiting
    assert rig.run(2000) == UNKNOWN


@every_driver
def test_silence_lets_the_reading_grow_old_and_is_asked_on(name):
    rig = Rig(name)
    rig.run(2000)
    answers, rig.line.answers = rig.line.answers, {}
    rig.line.asked.clear()
    rig.run(5000)
    assert rig.reading.age_ms >= 4000
    assert len(rig.line.asked) >= 8
    rig.line.answers = answers
    rig.run(2000)
    assert rig.reading.age_ms < 1000


@every_driver
def test_another_vehicle_is_read_from_the_start(name):
    rig = Rig(name)
    rig.run(2000)
    rig.reading.reset()
    assert not rig.reading.complete
    assert rig.run(2500) == rig.expected
    assert rig.reading.complete


@every_driver
def test_random_bytes_are_never_an_answer(name):
    chance = random.Random(name)
    rig = Rig(name, answers={})
    starts = bytes((0xDD, 0xA5, 0x4E, 0x57, 0x01, 0x03, 0x00, 0x08, 0x90))
    for _ in range(3000):
        some = chance.randbytes(chance.randrange(40))
        if chance.random() < 0.5:
            some = bytes(chance.choice(starts) for _ in some)
        rig.line.waiting.extend(some)
        run(rig.driver, rig.reading, 10)
    assert shown(rig.reading) == UNKNOWN
    assert len(rig.line.waiting) < 500  # it reads on


@every_driver
def test_it_is_told_nothing_and_wants_nothing(name):
    rig = Rig(name)
    rig.driver.report(76_000, 10_000, 1)
    assert rig.line.asked == [] and Line({}).any() == 0


@every_driver
def test_a_current_counted_the_other_way(name):
    class Reversed(Options):
        bms_current_reversed = True

    rig = Rig(name, options=Reversed)
    assert rig.run(2000)[2] == -rig.expected[2] != 0


@every_driver
def test_the_options_limit_what_its_thresholds_would_allow(name):
    class Small(Options):
        pack_max_mv, pack_max_ma = 15_000, 2_000

    rig = Rig(name, options=Small)
    shown_limits = rig.run(2000)[5:7]
    assert shown_limits == (15_000, 2_000)
