"""The virtual MCP2515, driven by raw SPI commands as a driver would send them."""

import pytest

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.chips.mcp2515 import Mcp2515

CANSTAT, CANCTRL, TEC, REC = 0x0E, 0x0F, 0x1C, 0x1D
CNF3, CANINTE, CANINTF, EFLG = 0x28, 0x2B, 0x2C, 0x2D
TXB0CTRL, RXB0CTRL, RXB1CTRL = 0x30, 0x60, 0x70
NORMAL, LOOPBACK, LISTEN_ONLY, CONFIGURATION = 0x00, 0x40, 0x60, 0x80
RATES = {  # CNF3, CNF2, CNF1 at 8 MHz
    125_000: b"\x82\xad\x01",
    250_000: b"\x02\xad\x00",
    500_000: b"\x01\x91\x00",
}
EIGHT = bytes(range(8))


def id_bytes(id, ext=True):
    number = id if ext else id << 18
    low = number >> 13 & 0xE0 | (8 if ext else 0) | number >> 16 & 3
    return bytes((number >> 21, low, number >> 8 & 0xFF, number & 0xFF))


class Bench:
    """A chip, one device that answers for the rest of the bus, and a clock."""

    def __init__(self):
        self.now_ms = 0.0
        self.bus = CanBus()
        self.chip = Mcp2515(self.bus, lambda: self.now_ms)
        self.heard = []
        self.present = True
        self.device = Device(self.bus, lambda: self.present, self.heard.append)

    def run(self, ms):
        end_ms = self.now_ms + ms
        while self.bus.due_ms <= end_ms:
            self.now_ms = self.bus.due_ms
            self.bus.advance(self.now_ms)
        self.now_ms = end_ms

    def spi(self, *data):
        self.chip.select(True)
        answer = self.chip.transfer(bytes(data))
        self.chip.select(False)
        return answer

    def read(self, register):
        return self.spi(0x03, register, 0)[2]

    def write(self, register, *values):
        self.spi(0x02, register, *values)

    def start(self, mode=NORMAL, rate=250_000, rxb0=0x60, rxb1=0x60):
        self.spi(0xC0)
        self.write(CNF3, *RATES[rate])
        self.write(RXB0CTRL, rxb0)
        self.write(RXB1CTRL, rxb1)
        self.write(CANCTRL, mode)

    def send(self, id=0x18FF50E5, data=EIGHT, buffer=0, ext=True):
        self.spi(0x40 | buffer << 1, *id_bytes(id, ext), len(data), *data)
        self.spi(0x80 | 1 << buffer)

    def hears(self, *frames):
        for frame in frames:
            self.bus.send(self.device, frame, self.now_ms, lambda outcome: None)
        self.run(len(frames))

    def fetch(self, buffer=0):
        raw = self.spi(0x90 | buffer << 2, *bytes(13))[1:]
        return raw[:4], raw[5 : 5 + (raw[4] & 15)]


@pytest.fixture
def bench():
    return Bench()


def test_reset_state(bench):
    assert bench.read(CANSTAT) == CONFIGURATION and bench.read(CANCTRL) == 0x87
    assert bench.spi(0x03, 0x1E, 0, 0)[2:] == bytes((CONFIGURATION, 0x87))  # in every row
    assert not bench.chip.interrupt()


def test_unselected_it_says_nothing(bench):
    assert bench.chip.transfer(b"\x03\x0e\x00") == b"\xff\xff\xff"
    assert bench.read(CANSTAT) == CONFIGURATION


@pytest.mark.parametrize("rate", RATES)
def test_bit_rates_with_the_8_mhz_crystal(bench, rate):
    bench.start(rate=rate)
    assert bench.chip.bit_rate() == rate
    bench.send()
    bench.run(1)
    assert len(bench.heard) == (rate == 250_000)


def test_sends_in_the_time_a_frame_takes(bench):
    bench.start()
    bench.send()
    assert bench.spi(0xA0, 0)[1] == 0x04  # read status: TXREQ of buffer 0
    bench.run(0.5)
    assert bench.heard == []
    bench.run(0.1)
    assert bench.heard == [CanFrame(0x18FF50E5, EIGHT)]
    assert bench.spi(0xA0, 0)[1] == 0x08  # sent: TX0IF
    assert bench.read(CANINTF) == 0x04


def test_standard_frame_and_priorities(bench):
    bench.start()
    bench.send(0x100, b"\x01", 0, False)  # goes first: the wire is free
    bench.send(0x200, b"\x02", 1, False)
    bench.send(0x300, b"\x03", 2, False)  # of two that wait the higher buffer
    bench.run(3)
    assert [f.id for f in bench.heard] == [0x100, 0x300, 0x200]
    assert not bench.heard[0].ext


def test_configuration_is_locked_outside_its_mode(bench):
    bench.start()
    bench.write(CNF3, 7, 7, 7)
    bench.write(0x00, 0xFF)
    assert bench.read(CNF3) == RATES[250_000][0] and bench.read(0x00) == 0
    bench.write(TEC, 9)
    assert bench.read(TEC) == 0


def test_bit_modify_where_it_works_and_where_not(bench):
    bench.write(CANINTE, 0x0F)
    bench.spi(0x05, CANINTE, 0x03, 0x00)
    assert bench.read(CANINTE) == 0x0C
    bench.spi(0x05, 0x36, 0x0F, 0xA5)  # a data byte: the mask is taken as FFh
    assert bench.read(0x36) == 0xA5


def test_receives_and_frees_the_buffer_with_chip_select(bench):
    bench.start()
    bench.write(CANINTE, 0x03)
    bench.hears(CanFrame(0x1806E5F4, EIGHT))
    assert bench.chip.interrupt() and bench.read(CANSTAT) & 0x0E == 0x0C
    assert bench.spi(0xB0, 0)[1] == 0x40 | 0x10  # rx status: RXB0, extended
    bench.chip.select(True)
    assert bench.chip.transfer(b"\x92" + bytes(8))[1:] == EIGHT  # from the data on
    assert bench.chip.interrupt()
    bench.chip.select(False)
    assert not bench.chip.interrupt() and bench.spi(0xB0, 0)[1] == 0
    bench.hears(CanFrame(0x1806E5F4, b"\x05"))
    assert bench.fetch() == (id_bytes(0x1806E5F4), b"\x05")


@pytest.mark.parametrize(
    ("rxb0", "first", "second", "flags"),
    [(0x64, 1, 2, 0x80), (0x60, 1, None, 0x40)],  # with roll-over and without
)
def test_roll_over_and_overflow(bench, rxb0, first, second, flags):
    bench.start(rxb0=rxb0)
    bench.hears(*(CanFrame(i, bytes((i,))) for i in (1, 2, 3)))
    assert bench.fetch(0)[1] == bytes((first,))
    if second:
        assert bench.fetch(1)[1] == bytes((second,))
    assert bench.read(EFLG) == flags and bench.read(CANINTF) == 0x20
    bench.spi(0x05, EFLG, 0xC0, 0x00)
    assert bench.read(EFLG) == 0


@pytest.mark.parametrize(
    ("id", "ext", "buffer", "hit"),
    [
        (0x1806E5F4, True, 0, 0),
        (0x160B8001, True, 1, 2),
        (0x160D8001, True, 1, 5),
        (0x160B8002, True, None, 0),
        (0x1806E5F4 >> 18, False, None, 0),  # the same bits, but a standard frame
    ],
)
def test_filters_and_masks(bench, id, ext, buffer, hit):
    bench.spi(0xC0)
    bench.write(CNF3, *RATES[250_000])
    first, second, last = 0x1806E5F4, 0x160B8001, 0x160D8001
    wanted_ids = {0x00: first, 0x04: first, 0x08: second, 0x10: second, 0x14: second, 0x18: last}
    for register, wanted in wanted_ids.items():
        bench.write(register, *id_bytes(wanted))
    for register in (0x20, 0x24):
        bench.write(register, *id_bytes(0x1FFFFFFF))
    bench.write(CANCTRL, NORMAL)
    bench.hears(CanFrame(id, EIGHT, ext))
    assert bench.read(CANINTF) == (0 if buffer is None else 1 << buffer)
    if buffer is not None:
        assert bench.spi(0xB0, 0)[1] & 7 == hit
        assert bench.fetch(buffer) == (id_bytes(id), EIGHT)


def test_standard_filter_sees_two_data_bytes(bench):
    bench.spi(0xC0)
    bench.write(CNF3, *RATES[250_000])
    bench.write(0x00, 0x24, 0x60, 0xAB, 0xCD)  # 0x123 and data AB CD
    bench.write(0x04, 0x24, 0x60, 0xAB, 0xCD)
    bench.write(0x20, 0xFF, 0xE0, 0xFF, 0xFF)
    bench.write(0x24, 0xFF, 0xE3, 0xFF, 0xFF)
    bench.write(CANCTRL, NORMAL)
    bench.hears(CanFrame(0x123, b"\xab\xce", False))
    assert bench.read(CANINTF) == 0
    bench.hears(CanFrame(0x123, b"\xab\xcd", False))
    assert bench.read(CANINTF) == 1


def test_loopback_stays_inside(bench):
    bench.start(LOOPBACK)
    bench.send(0x1806E5F4)
    bench.run(5)
    assert bench.heard == []
    assert bench.fetch() == (id_bytes(0x1806E5F4), EIGHT)


def test_listen_only_receives_but_does_not_acknowledge(bench):
    bench.start(LISTEN_ONLY)
    outcomes = []
    bench.bus.send(bench.device, CanFrame(1, EIGHT), 0.0, outcomes.append)
    bench.run(1)
    assert outcomes == ["not acknowledged"]
    Device(bench.bus, lambda: True, lambda frame: None)  # somebody who does
    bench.hears(CanFrame(1, EIGHT))
    assert bench.read(CANINTF) == 1


def test_alone_on_the_bus_it_gets_passive_and_an_abort_helps(bench):
    bench.present = False
    bench.start()
    bench.send()
    bench.run(300)
    assert bench.read(TEC) == 128 and bench.read(EFLG) == 0x15
    assert bench.spi(0xA0, 0)[1] & 0x04
    bench.spi(0x05, TXB0CTRL, 0x08, 0x00)
    assert bench.read(TXB0CTRL) & 0x48 == 0x40  # not requested, aborted
    bench.present = True
    bench.run(30)
    assert bench.heard == []
    bench.send(data=b"\x01")
    bench.run(30)
    assert [f.data for f in bench.heard] == [b"\x01"] and bench.read(TEC) == 127


def test_wrong_bit_rate_ends_in_bus_off_and_recovers(bench):
    bench.start(rate=500_000)
    bench.send()
    bench.run(18.5)  # 32 attempts of 0.56 ms
    assert bench.read(EFLG) & 0x20 and bench.read(TEC) == 255
    bench.run(6)
    assert not bench.read(EFLG) & 0x20  # 128 times 11 recessive bits later it tries again
    assert bench.heard == []


def test_one_shot_does_not_repeat(bench):
    bench.present = False
    bench.start(NORMAL | 0x08)
    bench.send()
    bench.run(1)
    assert bench.read(TXB0CTRL) & 0x18 == 0x10 and bench.read(TEC) == 8


def test_configuration_mode_clears_errors_and_forgets_what_was_sent(bench):
    bench.present = False
    bench.start()
    bench.send()
    bench.run(300)
    bench.write(CANCTRL, CONFIGURATION)
    assert bench.read(TEC) == bench.read(REC) == 0
    bench.present = True
    bench.run(30)
    assert bench.heard == []
