"""PN532: the frames of the document, noise, cards that stay, and the reader that is unplugged."""

import pytest

from firmware.drivers.reader.pn532 import Pn532, make
from host_tests.unit.drivers.bms.line import Line
from host_tests.unit.drivers.reader.reader_fakes import (
    ACK,
    FIRMWARE,
    LIST,
    LISTED,
    SAM,
    SAM_DONE,
    WAKE,
    pn532_line,
    raw,
    told,
)
from tools.sim.plant import reader_pn532

ID = "0A1B2C3D"


def test_what_is_sent():
    line = pn532_line(b"")
    told(make(line, None, None), 5)
    assert line.asked == [WAKE, SAM, LIST]


def test_frames_of_the_virtual_reader_are_the_documents():
    assert reader_pn532.frame(b"\xd4\x02") == FIRMWARE
    assert reader_pn532.frame(b"\xd4\x14\x01\x00\x01") == SAM
    assert reader_pn532.frame(b"\xd4\x4a\x01\x00") == LIST
    assert reader_pn532.listed(bytes.fromhex(ID)) == LISTED


def test_reads_the_documents_card():
    assert told(Pn532(pn532_line()), 10) == [ID]


@pytest.mark.parametrize("tag", [ID, "04112233445566", "0A1B2C3D4E5F60718293"])
def test_ids_of_every_length(tag):
    assert told(Pn532(pn532_line(reader_pn532.listed(bytes.fromhex(tag)))), 10) == [tag]


@pytest.mark.parametrize(
    "line", [{"bits": 1}, {"noise": b"\x00\x00\xff\x05\x00\xff"}, {"noise": bytes(20)}]
)
def test_reads_among_noise(line):
    assert told(Pn532(pn532_line(**line)), 400, dt_ms=2) == [ID]


@pytest.mark.parametrize("cut", range(1, len(LISTED)))
def test_an_answer_in_two_pieces(cut):
    line = pn532_line(b"")
    reader = Pn532(line)
    told(reader, 5)
    line.waiting.extend(LISTED[:cut])
    early = told(reader, 1)
    line.waiting.extend(LISTED[cut:])
    assert early + told(reader, 1) == [ID]


@pytest.mark.parametrize("broken", range(3, len(LISTED) - 1))
def test_a_broken_answer_is_not_a_card(broken):
    frame = bytearray(LISTED)
    frame[broken] ^= 0x10
    line = pn532_line(bytes(frame))
    reader = Pn532(line)
    assert told(reader, 20) == []
    line.answers[LIST] = ACK + LISTED
    assert told(reader, 40) == [ID]


@pytest.mark.parametrize(
    "body",
    ["D54B00", "D54B02", "D54B0101000408", "D54B0101000408050A1B2C3D4E", "D54B0101000408040A1B2C",
     "D44B0101000408040A1B2C3D", "D503320106", "7F", "D5"],
)  # fmt: skip
def test_other_answers_are_not_cards(body):
    line = pn532_line(reader_pn532.frame(raw(body)))
    assert told(Pn532(line), 40) == []


def test_a_card_that_stays_is_told_once_and_again_after_two_seconds_away():
    line = pn532_line()
    reader = Pn532(line)
    assert told(reader, 100) == [ID]
    line.answers[LIST] = ACK
    assert told(reader, 60) == []
    line.waiting.extend(LISTED)
    assert told(reader, 10) == [ID]
    line.answers[LIST] = ACK + LISTED
    assert told(reader, 100) == []


def test_it_is_asked_every_second_while_there_is_no_card():
    line = pn532_line(b"")
    told(Pn532(line), 200)  # 10 s
    assert 9 <= line.asked.count(LIST) <= 11


def test_a_reader_that_is_gone_is_looked_for_and_found_again():
    line = pn532_line()
    reader = Pn532(line)
    assert told(reader, 10) == [ID]
    answers, line.answers = line.answers, {}
    del line.asked[:]
    assert told(reader, 1200) == []  # a minute
    assert 5 <= line.asked.count(SAM) <= 12
    line.answers = answers
    assert told(reader, 250) == [ID]


def test_not_set_up_without_its_answer():
    line = Line({SAM: ACK})
    assert told(Pn532(line), 40) == []
    assert LIST not in line.asked
    assert SAM_DONE  # what was missing


def test_a_babbler_holds_nothing_up():
    line = pn532_line()
    reader = Pn532(line)
    for _ in range(100):
        line.waiting.extend(b"\x00\xff\x30\xd0" * 40)
        reader.poll(50)
    del line.waiting[:]
    assert told(reader, 250) == [ID]
