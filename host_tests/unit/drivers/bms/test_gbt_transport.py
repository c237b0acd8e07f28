"""J1939 transport protocol, receiving: the captured exchange, lost and wrong packets, silence."""

import pytest

from firmware.drivers.bms.gbt_transport import Transport
from host_tests.unit.drivers.fakes import Can

REQUEST = bytes.fromhex("10310007FF000200")
REPLY = 0x1CECF456


class Rig:
    def __init__(self):
        self.can = Can()
        self.transport = Transport(self.can)

    def request(self, size, message=0x02):
        packets = -(-size // 7)
        data = bytes((0x10, size & 255, size >> 8, packets, 0xFF, 0, message, 0))
        return self.transport.control(bytearray(data))

    def packets(self, content, first=1):
        for number in range(first, -(-len(content) // 7) + 1):
            part = content[(number - 1) * 7 : number * 7]
            last = self.packet(number, part)
        return last

    def packet(self, number, part):
        return self.transport.receive(bytearray(bytes((number,)) + part.ljust(7, b"\xff")))


@pytest.fixture
def rig():
    return Rig()


def test_a_captured_exchange(rig):
    assert rig.transport.control(bytearray(REQUEST))
    assert rig.can.take() == [(REPLY, "110101FFFF000200")]  # one at a time
    content = bytes(range(49))
    assert rig.packets(content) == 0x02
    said = rig.can.take()
    assert said[0] == (REPLY, "110102FFFF000200")
    assert said[-1] == (REPLY, "13310007FF000200")
    assert len(said) == 7 and bytes(rig.transport.data) == content
    assert rig.transport.size == 49


@pytest.mark.parametrize("text, message, size", [
    ("017201DA052A02A5/0210730803C60EFF", 0x06, 13),
    ("01C50EA00F4C614D/020000FFFFFFFFFF", 0x11, 9),
    ("01920DA00F6A7122/025802FFFFFFFFFF", 0x11, 9),
])  # fmt: skip
def test_captured_packets(rig, text, message, size):
    assert rig.request(size, message)
    first, second = (bytearray.fromhex(part) for part in text.split("/"))
    assert rig.transport.receive(first) == -1
    assert rig.transport.receive(second) == message
    assert rig.transport.data[:size] == first[1:] + second[1 : size - 6]


def test_longer_than_what_is_kept(rig):
    assert rig.request(1785, 0x15)
    assert rig.packets(b"\x5a" * 1785) == 0x15
    assert rig.can.take()[-1] == (REPLY, "13F906FFFF001500")
    assert rig.transport.data == b"\x5a" * 49


@pytest.mark.parametrize("wrong", [
    "10310006FF000200", "10080002FF000200", "1000000000000200", "13310007FF000200",
    "FE00000000000000", "20310007FF000200", "110701FFFF000200",
])  # fmt: skip
def test_what_makes_no_sense_is_no_request(rig, wrong):
    assert not rig.transport.control(bytearray.fromhex(wrong))
    assert rig.can.take() == [] and rig.packet(1, b"") == -1


@pytest.mark.parametrize("number", [0, 1, 3, 255])
def test_a_packet_out_of_order_ends_it(rig, number):
    rig.request(49)
    rig.packet(1, b"first")
    assert rig.packet(number, b"wrong") == -1
    rig.can.take()
    assert rig.packets(bytes(49), 2) == -1 and rig.can.take() == []
    rig.request(49)  # the sender begins again
    assert rig.packets(bytes(range(49))) == 0x02


def test_a_new_request_replaces_the_old_one(rig):
    rig.request(49)
    rig.packets(bytes(21))
    rig.request(13, 0x06)
    assert rig.packets(bytes(range(13))) == 0x06 and rig.transport.size == 13


def test_abort_and_silence_end_it(rig):
    rig.request(49)
    assert rig.transport.control(bytearray.fromhex("FF03FFFFFF000200"))
    assert rig.packet(1, b"") == -1
    rig.request(49)
    rig.transport.poll(1250)
    assert rig.packet(1, b"") == -1 and rig.packets(bytes(49), 2) != -1
    rig.request(49)
    rig.transport.poll(1300)
    assert rig.packet(1, b"") == -1


def test_a_busy_bus_is_tried_again(rig):
    rig.can.free = False
    rig.request(49)
    rig.transport.poll(10)
    rig.can.free = True
    rig.transport.poll(10)
    rig.transport.poll(10)
    assert rig.can.take() == [(REPLY, "110101FFFF000200")]
