"""The virtual TWAI controller, driven by raw register accesses as a driver would make them."""

import pytest

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.chips.twai import Twai

BASE = 0x3FF6B000
MODE, COMMAND, STATUS, INTERRUPT, ENABLE = 0x00, 0x04, 0x08, 0x0C, 0x10
TIMING_0, TIMING_1, RX_ERRORS, TX_ERRORS = 0x18, 0x1C, 0x38, 0x3C
BUFFER, WAITING, DIVIDER = 0x40, 0x74, 0x7C
TRANSMIT, ABORT, RELEASE, CLEAR_OVERRUN, SELF_RECEPTION = 1, 2, 4, 8, 16
TX_PIN, RX_PIN = 21, 22
EIGHT = bytes(range(8))


class Bench:
    """A controller, one device that answers for the rest of the bus, and a clock."""

    def __init__(self):
        self.now_ms = 0.0
        self.bus = CanBus()
        self.twai = Twai(self.bus, TX_PIN, RX_PIN, lambda: self.now_ms)
        self.heard = []
        self.present = True
        self.device = Device(self.bus, lambda: self.present, self.heard.append)

    def run(self, ms):
        end_ms = self.now_ms + ms
        while self.bus.due_ms <= end_ms:
            self.now_ms = self.bus.due_ms
            self.bus.advance(self.now_ms)
        self.now_ms = end_ms

    def read(self, offset):
        return self.twai.read(BASE + offset)

    def write(self, offset, value):
        self.twai.write(BASE + offset, value)

    def open_gates(self):
        self.twai.pin_mode(TX_PIN, True)
        self.twai.pin_mode(RX_PIN, False)
        self.twai.write(0x3FF000C0, 1 << 19)
        self.twai.write(0x3FF44530 + 4 * TX_PIN, 123)
        self.twai.write(0x3FF44130 + 4 * 94, RX_PIN | 0x80)

    def start(self, prescaler=7, mode=0, code=0, ignore=0xFFFFFFFF, enable=0):
        self.write(MODE, 1)
        self.write(DIVIDER, 0x88)
        self.write(TIMING_0, prescaler | 2 << 6)
        self.write(TIMING_1, 14 | 3 << 4)
        self.write(ENABLE, enable)
        for i in range(4):
            self.write(BUFFER + 4 * i, code >> (24 - 8 * i) & 0xFF)
            self.write(BUFFER + 16 + 4 * i, ignore >> (24 - 8 * i) & 0xFF)
        self.write(MODE, 1 | 8 | mode)
        self.write(MODE, 8 | mode)

    def send(self, id=0x18FF50E5, data=EIGHT, command=TRANSMIT):
        raw = bytes([0x80 | len(data)]) + (id << 3).to_bytes(4, "big") + data
        for i, byte in enumerate(raw):
            self.write(BUFFER + 4 * i, byte)
        self.write(COMMAND, command)

    def receive(self):
        raw = bytes(self.read(BUFFER + 4 * i) for i in range(13))
        self.write(COMMAND, RELEASE)
        return int.from_bytes(raw[1:5], "big") >> 3, raw[5 : 5 + (raw[0] & 15)]

    def hears(self, *frames):
        for frame in frames:
            self.bus.send(self.device, frame, self.now_ms, lambda outcome: None)
        self.run(len(frames))


@pytest.fixture
def bench():
    bench = Bench()
    bench.open_gates()
    return bench


def test_sends_in_the_time_a_frame_takes(bench):
    bench.start()
    bench.send()
    assert bench.read(STATUS) & 0x04 == 0  # the one buffer is taken
    bench.run(0.5)
    assert bench.heard == []
    bench.run(0.1)
    assert bench.heard == [CanFrame(0x18FF50E5, EIGHT)]
    assert bench.read(STATUS) & 0x0C == 0x0C


def test_receives_and_releases(bench):
    bench.start()
    bench.hears(CanFrame(0x0681817E, EIGHT), CanFrame(0x123, b"\x07", False))
    assert bench.read(WAITING) == 2 and bench.read(STATUS) & 1
    assert bench.receive() == (0x0681817E, EIGHT)
    raw = [bench.read(BUFFER + 4 * i) for i in range(4)]
    assert raw == [1, 0x123 >> 3, 0x123 << 5 & 0xFF, 7]  # a standard frame
    bench.write(COMMAND, RELEASE)
    assert bench.read(WAITING) == 0 and not bench.read(STATUS) & 1


def test_fifo_holds_four_extended_frames(bench):
    bench.start(enable=8)
    frames = [CanFrame(i + 1, EIGHT) for i in range(6)]
    bench.hears(*frames)
    assert bench.read(WAITING) == 4 and bench.read(STATUS) & 2
    assert bench.read(INTERRUPT) == 8 and bench.read(INTERRUPT) == 0  # reading clears
    bench.write(COMMAND, CLEAR_OVERRUN)
    assert [bench.receive()[0] for _ in range(4)] == [1, 2, 3, 4]
    assert not bench.read(STATUS) & 3


@pytest.mark.parametrize(
    ("id", "ext", "passes"),
    [
        (0x0681817E, True, True),
        (0x0681827E, True, True),  # the two differ in bits that are masked out
        (0x00433F01, True, False),
        (0x123, False, False),
    ],
)
def test_acceptance_filter(bench, id, ext, passes):
    code, other = 0x0681817E << 3, 0x0681827E << 3
    bench.start(code=code, ignore=(code ^ other) | 7)
    bench.hears(CanFrame(id, EIGHT, ext))
    assert bench.read(WAITING) == passes


def spoil_nothing(bench):
    pass


def spoil_clock(bench):
    bench.twai.write(0x3FF000C0, 0)


def spoil_output(bench):
    bench.twai.write(0x3FF44530 + 4 * TX_PIN, 256)


def spoil_input(bench):
    bench.twai.write(0x3FF44130 + 4 * 94, RX_PIN)


def spoil_direction(bench):
    bench.twai.pin_mode(TX_PIN, False)


def spoil_by_pin_init(bench):
    bench.twai.pin_mode(TX_PIN, True)  # machine.Pin takes the pin out of the matrix


@pytest.mark.parametrize(
    ("spoil", "heard"),
    [
        (spoil_nothing, 1), (spoil_clock, 0), (spoil_output, 0), (spoil_input, 0),
        (spoil_direction, 0), (spoil_by_pin_init, 0),
    ],
)  # fmt: skip
def test_every_gate_is_needed(bench, spoil, heard):
    bench.start()
    spoil(bench)
    bench.send()
    bench.run(5)
    assert len(bench.heard) == heard


def test_bus_timing_is_written_in_reset_mode_only(bench):
    bench.start()
    bench.write(TIMING_0, 3)
    assert bench.read(TIMING_0) == 7 | 2 << 6
    assert bench.twai.bit_rate() == 250_000
    bench.write(MODE, 1)
    bench.write(TIMING_0, 3)
    assert bench.twai.bit_rate() == 500_000
    bench.write(ENABLE, 0x10)  # the extra prescaler of later chips
    assert bench.twai.bit_rate() == 250_000


@pytest.mark.parametrize("prescaler", [3, 15])
def test_wrong_bit_rate_ends_in_bus_off_and_is_left_again(bench, prescaler):
    bench.start(prescaler)
    bench.send()
    bench.run(5)
    assert bench.read(TX_ERRORS) >= 56 and bench.heard == []
    bench.run(100)
    assert bench.read(STATUS) & 0x80 and bench.read(MODE) & 1
    assert bench.heard == []
    bench.start()
    assert bench.read(STATUS) & 0x80  # 128 times 11 recessive bits
    bench.run(6)
    assert not bench.read(STATUS) & 0x80 and bench.read(TX_ERRORS) == 0
    bench.send()
    bench.run(1)
    assert len(bench.heard) == 1


def test_wrong_bit_rate_hears_errors_only(bench):
    bench.start(3)
    nobody = Device(bench.bus, lambda: True, lambda frame: None)  # acknowledges
    bench.bus.send(nobody, CanFrame(1, EIGHT), bench.now_ms, lambda outcome: None)
    bench.run(1)
    assert bench.read(RX_ERRORS) == 1 and bench.read(WAITING) == 0


def test_alone_on_the_bus_it_gets_passive_never_off(bench):
    bench.present = False
    bench.start(enable=0x24)
    bench.send()
    bench.run(500)
    assert bench.read(TX_ERRORS) == 128
    assert bench.read(STATUS) & 0xC0 == 0x40
    assert bench.read(INTERRUPT) == 0x24  # warning and passive
    bench.present = True
    bench.run(20)
    assert len(bench.heard) == 1 and bench.read(TX_ERRORS) == 127


def test_abort_gives_the_buffer_back(bench):
    bench.present = False
    bench.start()
    bench.send()
    bench.run(30)
    bench.write(COMMAND, ABORT)
    assert bench.read(STATUS) & 0x0C == 0x04  # free, but not complete
    bench.present = True
    bench.run(30)
    assert bench.heard == []


def test_listen_only_neither_sends_nor_acknowledges(bench):
    bench.start(mode=2)
    bench.send()
    bench.run(5)
    assert bench.heard == []
    outcomes = []
    bench.bus.send(bench.device, CanFrame(1, EIGHT), bench.now_ms, outcomes.append)
    bench.run(1)
    assert outcomes == ["not acknowledged"] and bench.read(WAITING) == 0


def test_self_test_needs_nobody(bench):
    bench.present = False
    bench.start(mode=4)
    bench.send(command=SELF_RECEPTION)
    bench.run(1)
    assert bench.receive() == (0x18FF50E5, EIGHT) and bench.read(TX_ERRORS) == 0


def test_reset_of_the_chip_forgets_everything(bench):
    bench.start()
    bench.hears(CanFrame(1, EIGHT))
    bench.twai.reset_chip()
    bench.open_gates()
    assert bench.read(MODE) == 1 and bench.read(TIMING_0) == 0 and bench.read(WAITING) == 0


def test_lowest_id_goes_first():
    bus = CanBus()
    order = []
    Device(bus, lambda: True, lambda frame: order.append(frame.id))
    sender = Device(bus, lambda: True, lambda frame: None)
    for id in (0x18FF50E5, 0x300, 0x100):  # the first is on the wire before the others come
        sender.send(id, EIGHT, 0.0)
    bus.advance(10)
    assert order == [0x18FF50E5, 0x100, 0x300]
    assert bus.frames == 3 and bus.due_ms == float("inf")
