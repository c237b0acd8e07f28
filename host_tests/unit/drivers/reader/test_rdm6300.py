"""The tag reader: frames among noise, bad check sums, cards that stay."""

import pytest

from firmware.drivers.reader.rdm6300 import Rdm6300, decode
from host_tests.unit.drivers.fakes import Uart

GOOD = b"\x020A1B2C3D4E4E\x03"  # 0A ^ 1B ^ 2C ^ 3D ^ 4E = 4E
OTHER = b"\x02FFFFFFFFFFFF\x03"


def read_all(data, dt_ms=50):
    reader = Rdm6300(Uart(data))
    return [tag for tag in (reader.poll(dt_ms) for _ in range(10)) if tag]


@pytest.mark.parametrize(
    ("frame", "tag"),
    [
        (GOOD, "0A1B2C3D4E"),
        (GOOD.lower(), "0A1B2C3D4E"),
        (OTHER, "FFFFFFFFFF"),
        (b"\x020A1B2C3D4E4F\x03", ""),  # check sum
        (b"\x020A1B2C3D4E4E\x0d", ""),  # no end
        (b"\x030A1B2C3D4E4E\x03", ""),  # no start
        (b"\x020A1B2C3D4G4E\x03", ""),  # not hex
        (b"\x02+A1B2C3D4E4E\x03", ""),
        (b"\x02 A1B2C3D4E4E\x03", ""),
        (b"\x02\xff\xff1B2C3D4E4E\x03", ""),
    ],
)
def test_decode(frame, tag):
    assert decode(frame) == tag


@pytest.mark.parametrize(
    ("data", "tags"),
    [
        (GOOD, ["0A1B2C3D4E"]),
        (GOOD[:13], []),
        (b"\x00\xff0A\x03" + GOOD, ["0A1B2C3D4E"]),  # noise before
        (GOOD[:6] + GOOD, ["0A1B2C3D4E"]),  # one cut short
        (b"\x02" * 20 + GOOD[1:], ["0A1B2C3D4E"]),
        (b"\x020A1B2C3D4E4F\x03" + GOOD, ["0A1B2C3D4E"]),
        (GOOD + OTHER, ["0A1B2C3D4E", "FFFFFFFFFF"]),
        (GOOD * 3, ["0A1B2C3D4E"]),  # as readers do while the card is there
        (GOOD + OTHER + GOOD, ["0A1B2C3D4E", "FFFFFFFFFF", "0A1B2C3D4E"]),
        (bytes(range(256)) * 8, []),
    ],
)
def test_streams(data, tags):
    assert read_all(data) == tags


def test_frame_that_comes_in_pieces():
    uart = Uart()
    reader = Rdm6300(uart)
    for byte in GOOD[:-1]:
        uart.waiting.append(byte)
        assert reader.poll(10) is None
    uart.waiting.append(GOOD[-1])
    assert reader.poll(10) == "0A1B2C3D4E"


@pytest.mark.parametrize(("away_ms", "again"), [(60, None), (1990, None), (2000, "0A1B2C3D4E")])
def test_card_is_told_again_when_it_was_away(away_ms, again):
    uart = Uart(GOOD)
    reader = Rdm6300(uart)
    assert reader.poll(10)
    uart.waiting += GOOD
    assert reader.poll(away_ms) == again


def test_card_that_stays_is_told_once():
    uart = Uart()
    reader = Rdm6300(uart)
    told = 0
    for _ in range(100):
        uart.waiting += GOOD
        told += reader.poll(100) is not None
    assert told == 1


def test_card_first_seen_right_after_power_up_is_told():
    assert Rdm6300(Uart(GOOD)).poll(0) == "0A1B2C3D4E"
