"""Wiegand: both frames, parity, lost bits, keypads, cards that stay."""

import pytest

from firmware.drivers.reader.wiegand import Wiegand, make
from host_tests.unit.drivers.reader.reader_fakes import Wires, told
from tools.sim.plant.reader_wiegand import bits_of

# facility 10, card 6956: 0A1B2C = 0000 1010 0001 | 1011 0010 1100, three and six ones
FRAME_26 = "1" + "000010100001" + "101100101100" + "1"
# 0A1B2C3D: six and eight ones
FRAME_34 = "0" + "0000101000011011" + "0010110000111101" + "1"


def fitted(bits=0):
    wires = Wires()
    return wires, Wiegand(*wires.pins, bits)


@pytest.mark.parametrize(("tag", "frame"), [("0A1B2C", FRAME_26), ("0A1B2C3D", FRAME_34)])
def test_frames(tag, frame):
    wires, reader = fitted()
    wires.send(frame)
    assert told(reader, 3) == [tag]
    assert bits_of(tag) == frame


@pytest.mark.parametrize("tag", ["000000", "FFFFFF", "00000001", "FFFFFFFF", "80000000"])
def test_edges_of_the_range(tag):
    wires, reader = fitted()
    wires.send(bits_of(tag))
    assert told(reader, 3) == [tag]


@pytest.mark.parametrize("frame", [FRAME_26, FRAME_34])
def test_every_single_wrong_bit_is_noticed(frame):
    for i in range(len(frame)):
        wires, reader = fitted()
        wires.send(frame[:i] + "10"[int(frame[i])] + frame[i + 1 :])
        assert told(reader, 3) == []
        assert reader.refused == 1


@pytest.mark.parametrize("frame", [FRAME_26, FRAME_34])
def test_lost_and_additional_bits(frame):
    for i in range(len(frame)):
        wires, reader = fitted()
        wires.send(frame[:i] + frame[i + 1 :])
        assert told(reader, 3) == []
        wires.send(frame[:i] + "1" + frame[i:])
        assert told(reader, 3) == []
        assert reader.refused == 2


@pytest.mark.parametrize("count", [1, 4, 8, 25, 27, 33, 35, 40, 41, 500])
def test_keypads_and_noise(count):
    wires, reader = fitted()
    wires.send("01" * (count // 2) + "0" * (count % 2))
    assert told(reader, 3) == []
    wires.send(FRAME_26)
    assert told(reader, 3) == ["0A1B2C"]


@pytest.mark.parametrize(("bits", "tags"), [("auto", 2), ("26", 1), ("34", 1)])
def test_one_length_can_be_demanded(bits, tags):
    class Options:
        reader_wiegand_bits = bits

    wires = Wires()
    reader = make(wires.pins, None, Options)
    found = []
    for frame in (FRAME_26, FRAME_34):
        wires.send(frame)
        found += told(reader, 3)
    assert len(found) == tags
    assert bits == "auto" or len(found[0]) == (int(bits) - 2) // 4


def test_a_frame_that_is_under_way_is_waited_for():
    wires, reader = fitted()
    for i in range(26):
        wires.send(FRAME_26[i])
        assert reader.poll(2) is None
    assert reader.poll(10) is None
    assert reader.poll(20) == "0A1B2C"


def test_half_a_frame_is_forgotten():
    wires, reader = fitted()
    wires.send(FRAME_26[:13])
    assert told(reader, 3) == []
    wires.send(FRAME_26)
    assert told(reader, 3) == ["0A1B2C"]


def test_a_card_is_told_again_after_two_seconds_away():
    wires, reader = fitted()
    wires.send(FRAME_26)
    assert told(reader, 3) == ["0A1B2C"]
    wires.send(FRAME_26)
    assert told(reader, 30) == []
    told(reader, 40)
    wires.send(FRAME_26)
    assert told(reader, 3) == ["0A1B2C"]
