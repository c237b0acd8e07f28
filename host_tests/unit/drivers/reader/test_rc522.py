"""RC522: ids of every length, what is no card, two cards, and the chip that is unplugged."""

import pytest

from firmware.drivers.reader.rc522 import Rc522, crc_a, make
from host_tests.unit.drivers.reader.reader_fakes import (
    CARD_4,
    CARD_7,
    CARD_10,
    HALT,
    Rc522Chip,
    raw,
    told,
)

ID_4, ID_7, ID_10 = "0A1B2C3D", "04112233445566", "0A1B2C4E5F6071829301"


def fitted(card=None):
    chip = Rc522Chip(card)
    return chip, Rc522(chip, chip)


@pytest.mark.parametrize(("frame", "crc"), [("5000", "57CD"), ("08", "B6DD"), ("04", "DA17")])
def test_crc_a(frame, crc):
    assert crc_a(raw(frame)) == raw(crc)


def test_set_up_of_the_document():
    chip, reader = fitted()
    told(reader, 3)
    wanted = {0x2A: 0x80, 0x2B: 0xA9, 0x2C: 0x03, 0x2D: 0xE8, 0x15: 0x40, 0x11: 0x3D, 0x24: 0x26}
    assert {register: chip.registers[register] for register in wanted} == wanted
    assert chip.registers[0x14] & 3 == 3


@pytest.mark.parametrize(
    ("card", "tag", "polls"), [(CARD_4, ID_4, 5), (CARD_7, ID_7, 7), (CARD_10, ID_10, 9)]
)
def test_ids_of_every_length(card, tag, polls):
    chip, reader = fitted(card)
    assert told(reader, polls) == [tag]
    assert chip.sent == [*card, HALT]
    assert told(make((chip, chip), None, None), polls) == [tag]


def test_a_card_that_stays_is_told_once_and_again_after_two_seconds_away():
    chip, reader = fitted(CARD_4)
    assert told(reader, 100) == [ID_4]
    chip.card = None
    assert told(reader, 41) == []
    chip.card = CARD_4
    assert told(reader, 20) == [ID_4]
    chip.card = None
    told(reader, 20)
    chip.card = CARD_4
    assert told(reader, 20) == []


def test_another_card_is_told_at_once():
    chip, reader = fitted(CARD_4)
    told(reader, 20)
    chip.card = CARD_7
    assert told(reader, 20) == [ID_7]


@pytest.mark.parametrize("question", [b"\x52", raw("9320"), raw("93700A1B2C3D00C236")])
@pytest.mark.parametrize("change", ["silent", "short", "long", "wrong"])
def test_a_card_that_answers_badly_is_not_told(question, change):
    card = dict(CARD_4)
    answer = card.pop(question)
    changed = {
        "short": answer[:-1],
        "long": answer + b"\x00",
        "wrong": answer[:-1] + bytes((answer[-1] ^ 1,)),
    }
    if change in changed:
        card[question] = changed[change]
    if (question, change) == (b"\x52", "wrong"):
        return  # ATQA has no checksum, and the id comes later
    chip, reader = fitted(card)
    assert told(reader, 30) == []
    chip.card = CARD_4
    assert told(reader, 10) == [ID_4]


@pytest.mark.parametrize("error", [0x01, 0x02, 0x08, 0x10])
def test_errors_of_the_chip_two_cards_that_collide_among_them(error):
    chip, reader = fitted(CARD_4)
    chip.error = error
    assert told(reader, 20) == []
    chip.error = 0
    assert told(reader, 10) == [ID_4]


def test_an_endless_cascade_is_given_up():
    part = raw("88718293E8")
    select = b"\x97\x70" + part
    card = {**CARD_10, raw("9720"): part, select + crc_a(select): raw("04DA17")}
    _, reader = fitted(card)
    assert told(reader, 12) == ["0A1B2C4E5F6088718293"]  # ten bytes are the most there are


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_chip_that_is_gone_is_looked_for_and_found_again(level):
    chip, reader = fitted(CARD_4)
    assert told(reader, 10) == [ID_4]
    chip.alive, chip.dead_level = False, level
    before = chip.transfers
    assert told(reader, 1200) == []  # a minute
    assert chip.transfers - before < 60
    chip.alive = True
    chip.power_on()
    assert told(reader, 250) == [ID_4]


def test_a_chip_that_forgot_its_set_up_gets_it_again():
    chip, reader = fitted(None)
    told(reader, 10)
    chip.power_on()
    told(reader, 20)
    chip.card = CARD_4
    assert told(reader, 10) == [ID_4]


def test_not_there_at_the_start():
    chip, reader = fitted(CARD_4)
    chip.alive = False
    assert told(reader, 100) == []
    chip.alive = True
    assert told(reader, 250) == [ID_4]


def test_a_poll_is_short():
    chip, reader = fitted(CARD_10)
    most = 0
    for _ in range(100):
        before = chip.transfers
        reader.poll(50)
        most = max(most, chip.transfers - before)
    assert most <= 18  # of about 50 us each on the ESP32


def test_polls_that_come_fast_wait_for_the_card():
    chip, reader = fitted(CARD_4)
    told(reader, 100, dt_ms=1)
    assert len(chip.sent) <= 3
