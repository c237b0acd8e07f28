"""The three CAN back ends against small models of their controllers, by one contract."""

import pytest

from firmware.drivers.can import BUS_OFF, OK, PASSIVE, STUCK_SENDS, WARNING, Frame
from firmware.drivers.can.mcp2515 import Mcp2515
from firmware.drivers.can.mcp2515_setup import bit_timing
from firmware.drivers.can.native import Native
from firmware.drivers.can.twai import Twai
from firmware.errors import ChargerError
from host_tests.unit.drivers.fakes import Mcp2515Chip, Pin, TwaiChip

ID = 0x1806E5F4
DATA = bytes.fromhex("037001C500000000")
LEFT_ALIGNED = (0xC0, 0x37, 0x2F, 0xA0)  # ID << 3, as the TWAI keeps it
MCP_ID = (0xC0, 0x2A, 0xE5, 0xF4)  # SIDH, SIDL with EXIDE, EID8, EID0


class TwaiRig:
    """Twai with its chip; the wire's side in the terms of the contract test."""

    def __init__(self):
        self.chip = TwaiChip()
        self.pins = Pin(), Pin()
        self.can = Twai(self.chip, *self.pins, 21, 22)

    def deliver(self, ext=True, remote=False):
        info = 8 | (0x80 if ext else 0) | (0x40 if remote else 0)
        self.chip.deliver(info, *(LEFT_ALIGNED if ext else (0x64, 0xA0)), *DATA)

    def sent(self):
        raw = self.chip.acknowledge()
        assert raw[0] == 0x88
        return raw[1:5] == bytes(LEFT_ALIGNED) and raw[5:13]

    def pending(self):
        return self.chip.pending


class McpRig:
    """The same for the MCP2515."""

    def __init__(self):
        self.chip = Mcp2515Chip()
        self.can = Mcp2515(self.chip, self.chip.cs, self.chip.interrupt)

    def deliver(self, ext=True, remote=False):
        if ext:
            self.chip.deliver(0, *MCP_ID, 0x48 if remote else 8, *DATA)
        else:
            self.chip.deliver(0, 0x64, 0xB0 if remote else 0xA0, 0, 0, 8, *DATA)

    def sent(self):
        raw = self.chip.acknowledge()
        assert raw[4] == 8
        return raw[:4] == bytes(MCP_ID) and raw[5:13]

    def pending(self):
        return self.chip.registers[0x30] & 8 != 0


@pytest.fixture(params=[TwaiRig, McpRig])
def rig(request):
    return request.param()


def test_sends_one_frame_and_refuses_until_it_is_gone(rig):
    assert rig.can.send(ID, DATA)
    assert not rig.can.send(ID, bytes(8))
    assert rig.sent() == DATA
    assert rig.can.send(ID, DATA)
    assert rig.can.counters()[0] == 2


def test_frame_nobody_acknowledges_is_dropped(rig):
    assert rig.can.send(ID, DATA)
    for _ in range(STUCK_SENDS - 1):
        assert not rig.can.send(ID, DATA)
        assert rig.pending()
    assert not rig.can.send(ID, DATA)
    assert not rig.pending()
    assert rig.can.send(ID, DATA)


def test_receives_what_waits_and_frees_the_buffer(rig):
    frame = Frame()
    assert not rig.can.receive(frame)
    rig.deliver()
    assert rig.can.receive(frame)
    assert (frame.id, frame.ext, frame.len, bytes(frame.data)) == (ID, True, 8, DATA)
    assert not rig.can.receive(frame)
    assert rig.can.counters() == (0, 1, 0, 0)


@pytest.mark.parametrize(("ext", "id"), [(True, ID), (False, 0x325)])
def test_standard_ids_and_remote_requests(rig, ext, id):
    frame = Frame()
    rig.deliver(ext)
    assert rig.can.receive(frame)
    assert (frame.id, frame.ext, frame.len, bytes(frame.data)) == (id, ext, 8, DATA)
    rig.deliver(ext, remote=True)
    assert rig.can.receive(frame)
    assert (frame.id, frame.ext, frame.len) == (id, ext, 0)


def test_restart_works_again_and_is_counted(rig):
    rig.can.send(ID, DATA)
    assert rig.can.restart()
    assert not rig.pending()
    assert rig.can.send(ID, DATA)
    assert rig.can.counters() == (2, 0, 0, 1)
    rig.chip.alive = False
    assert not rig.can.restart()


# ---- TWAI ----


def test_twai_sets_up_clock_pins_and_timing():
    rig = TwaiRig()
    chip = rig.chip
    assert chip.other == {
        0x3FF000C0: 1 << 19,
        0x3FF000C4: 0,
        0x3FF44530 + 4 * 21: 123,
        0x3FF44130 + 4 * 94: 22 | 0x80,
    }
    assert (rig.pins[0].mode, rig.pins[0].level, rig.pins[1].mode) == (Pin.OUT, 1, Pin.IN)
    assert chip.registers[31] & 0x88 == 0x88  # PeliCAN, no clock output
    assert (chip.registers[6], chip.registers[7]) == (0x87, 0x3E)
    assert chip.mode == 8  # single filter, on the bus
    assert bytes(chip.mask) == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("bitrate", "brp"), [(125_000, 15), (250_000, 7), (500_000, 3)])
def test_twai_prescaler(bitrate, brp):
    chip = TwaiChip()
    Twai(chip, Pin(), Pin(), 21, 22, bitrate)
    assert chip.registers[6] & 0x3F == brp


@pytest.mark.parametrize("bitrate", [10_000, 300_000])
def test_twai_refuses_other_bit_rates(bitrate):
    with pytest.raises(ChargerError, match="TWAI: no bit timing"):
        Twai(TwaiChip(), Pin(), Pin(), 21, 22, bitrate)


def test_twai_not_there():
    chip = TwaiChip()
    chip.alive = False
    with pytest.raises(ChargerError, match="TWAI.*does not answer"):
        Twai(chip, Pin(), Pin(), 21, 22)


@pytest.mark.parametrize(
    ("filters", "code", "ignore"),
    [
        ((), "00000000", "ffffffff"),
        (((ID, 0x1FFFFFFF, True),), "c0372fa0", "00000007"),
        (((0x325, 0x7FF, False),), "64a00000", "001fffff"),
        # both replies of the module: they differ in bits 8 and 9
        (((0x0681817E, 0x1FFFFFFF, True), (0x0681827E, 0x1FFFFFFF, True)), "340c0bf0", "00001807"),
    ],
)
def test_twai_filter(filters, code, ignore):
    rig = TwaiRig()
    rig.can.set_filters(filters)
    assert (rig.chip.code.hex(), rig.chip.mask.hex()) == (code, ignore)
    assert rig.chip.mode == 8


def test_twai_sends_standard_frames():
    rig = TwaiRig()
    assert rig.can.send(0x325, b"\x01\x02", False)
    assert rig.chip.acknowledge()[:5] == b"\x02\x64\xa0\x01\x02"


def test_twai_overrun_drops_the_fifo_and_goes_on():
    rig = TwaiRig()
    frame = Frame()
    for _ in range(5):
        rig.deliver()
    assert not rig.can.receive(frame)
    assert rig.chip.waiting == 0 and not rig.chip.overrun
    rig.deliver()
    assert rig.can.receive(frame)
    assert rig.can.counters() == (0, 1, 1, 0)


@pytest.mark.parametrize(("errors", "state"), [(0, OK), (95, OK), (96, WARNING), (128, PASSIVE)])
def test_twai_states(errors, state):
    rig = TwaiRig()
    rig.chip.errors = errors
    assert rig.can.state() == state


def test_twai_bus_off():
    rig = TwaiRig()
    rig.can.set_filters(((ID, 0x1FFFFFFF, True),))
    rig.chip.bus_off, rig.chip.mode = True, 9
    assert rig.can.state() == BUS_OFF
    # in reset mode the buffer is the filter: nothing may be written there
    assert not rig.can.send(ID, DATA)
    assert rig.chip.code.hex() == "c0372fa0"
    assert rig.can.restart()
    assert rig.can.state() == OK
    assert rig.chip.code.hex() == "c0372fa0"


# ---- MCP2515 ----


@pytest.mark.parametrize("crystal_hz", [8_000_000, 16_000_000])
@pytest.mark.parametrize("bitrate", [125_000, 250_000, 500_000])
def test_mcp2515_bit_timing(crystal_hz, bitrate):
    cnf3, cnf2, cnf1 = bit_timing(crystal_hz, bitrate)
    propagation, phase1, phase2 = (cnf2 & 7) + 1, (cnf2 >> 3 & 7) + 1, (cnf3 & 7) + 1
    quanta = 1 + propagation + phase1 + phase2
    assert crystal_hz / (2 * ((cnf1 & 0x3F) + 1)) / quanta == bitrate
    assert cnf2 & 0xC0 == 0x80  # phase 2 from CNF3, one sample
    assert propagation + phase1 >= phase2 > (cnf1 >> 6) + 1  # data sheet, 5.3
    assert 0.75 <= (quanta - phase2) / quanta <= 0.875


@pytest.mark.parametrize(
    ("crystal_hz", "bitrate"),
    [(8_000_000, 1_000_000), (8_000_000, 100_000), (12_000_000, 250_000)],
)
def test_mcp2515_refuses_other_timings(crystal_hz, bitrate):
    with pytest.raises(ChargerError, match="MCP2515: no timing"):
        bit_timing(crystal_hz, bitrate)


def test_mcp2515_is_set_up_for_normal_mode():
    registers = McpRig().chip.registers
    assert bytes(registers[0x28:0x2B]) == bit_timing(8_000_000, 250_000)
    assert (registers[0x2B], registers[0x0F]) == (3, 0)  # interrupts; normal, not one-shot
    assert (registers[0x60], registers[0x70]) == (0x64, 0x60)  # any frame, roll over


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_mcp2515_not_there(level):
    chip = Mcp2515Chip()
    chip.alive, chip.dead_level = False, level
    with pytest.raises(ChargerError, match="MCP2515: does not answer"):
        Mcp2515(chip, chip.cs, chip.interrupt)
    assert chip.transfers < 200


def test_mcp2515_that_never_gets_onto_the_bus():
    chip = Mcp2515Chip()
    chip.off_bus = True
    with pytest.raises(ChargerError, match="MCP2515: does not get onto the bus"):
        Mcp2515(chip, chip.cs, chip.interrupt)


def test_mcp2515_idle_receive_costs_no_transfer():
    rig = McpRig()
    before = rig.chip.transfers
    assert not rig.can.receive(Frame())
    assert rig.chip.transfers == before


def test_mcp2515_empties_both_buffers_while_int_is_low():
    rig = McpRig()
    frame = Frame()
    rig.chip.deliver(1, 0, 0x08, 0, 1, 0)
    rig.chip.deliver(0, 0, 0x08, 0, 0, 0)
    assert [rig.can.receive(frame) and frame.id for _ in range(3)] == [0, 1, False]
    assert rig.chip.interrupt.level == 1


ALL = 0x1FFFFFFF


@pytest.mark.parametrize(
    ("filters", "expected", "masks"),
    [
        ([(ID, ALL, True)], [ID] * 6, (ALL, ALL)),
        ([(1, ALL, True), (2, ALL, True), (3, ALL, True)], [1, 2, 3, 3, 3, 3], (ALL, ALL)),
        ([(1, ALL, True), (2, 0xFF, True)], [1, 2, 2, 2, 2, 2], (0xFF, 0xFF)),
        ([(i, 0x1F00 if i > 3 else ALL, True) for i in range(6)], range(6), (ALL, 0x1F00)),
    ],
)
def test_mcp2515_filters(filters, expected, masks):
    rig = McpRig()
    rig.can.set_filters(tuple(filters))

    def id_at(register):
        high, low, middle, last = rig.chip.registers[register : register + 4]
        return high << 21 | (low & 0xE0) << 13 | (low & 3) << 16 | middle << 8 | last

    slots = (0x00, 0x04, 0x08, 0x10, 0x14, 0x18)
    assert [id_at(slot) for slot in slots] == list(expected)
    assert all(rig.chip.registers[slot + 1] & 8 for slot in slots)
    assert (id_at(0x20), id_at(0x24)) == masks
    assert (rig.chip.registers[0x60], rig.chip.registers[0x70]) == (4, 0)
    assert rig.can.state() == OK


def test_mcp2515_standard_filter():
    rig = McpRig()
    rig.can.set_filters(((0x325, 0x7FF, False),))
    assert bytes(rig.chip.registers[0:4]) == b"\x64\xa0\x00\x00"
    high, low, middle, last = rig.chip.registers[0x20:0x24]
    assert (high, low & 0xE3, middle, last) == (0xFF, 0xE0, 0, 0)


def test_mcp2515_too_many_filters_let_everything_through():
    rig = McpRig()
    rig.can.set_filters(tuple((i, ALL, True) for i in range(7)))
    assert rig.chip.registers[0x70] == 0x60


@pytest.mark.parametrize(
    ("eflg", "state"),
    [(0, OK), (0x03, WARNING), (0x0B, PASSIVE), (0x15, PASSIVE), (0x35, BUS_OFF)],
)
def test_mcp2515_states(eflg, state):
    rig = McpRig()
    rig.chip.registers[0x2D] = eflg
    assert rig.can.state() == state


def test_mcp2515_counts_and_clears_overruns():
    rig = McpRig()
    rig.chip.registers[0x2D] = 0x40
    assert rig.can.state() == OK
    assert rig.can.state() == OK
    assert rig.can.counters()[2] == 1
    assert rig.chip.registers[0x2D] == 0


def test_mcp2515_that_lost_its_supply_is_noticed_and_set_up_again():
    rig = McpRig()
    rig.can.set_filters(((ID, ALL, True),))
    before = bytes(rig.chip.registers)
    rig.chip.reset()
    assert rig.can.state() == BUS_OFF
    assert rig.can.restart()
    assert rig.can.state() == OK
    assert bytes(rig.chip.registers) == before


# ---- machine.CAN ----


class MachineCan:
    """`machine.CAN` as its documentation describes it, one frame deep."""

    FLAG_RTR, FLAG_EXT_ID, RECV_ERR_OVERRUN, FILTERS_MAX = 1, 2, 4, 2
    STATE_STOPPED, STATE_ACTIVE, STATE_WARNING, STATE_PASSIVE, STATE_BUS_OFF = range(5)

    def __init__(self, bus, bitrate):
        self.made = bus, bitrate
        self.filters = "nothing comes through"
        self.queue = []
        self.waiting = []
        self.now = self.STATE_ACTIVE
        MachineCan.last = self

    def set_filters(self, filters):
        self.filters = filters

    def send(self, id, data, flags=0):
        if self.now == self.STATE_BUS_OFF:
            raise OSError(5)
        if self.queue:
            return None
        self.queue.append((id, bytes(data), flags))
        return 0

    def recv(self, message):
        if not self.waiting:
            return None
        message[0], data, message[2], message[3] = self.waiting.pop(0)
        message[1] = memoryview(data)
        return message

    def state(self):
        return self.now

    def restart(self):
        self.now = self.STATE_ACTIVE
        self.queue.clear()


def test_native_adapter():
    can = Native(MachineCan, 1)
    chip = MachineCan.last
    frame = Frame()
    assert chip.made == (1, 250_000)
    assert chip.filters is None
    assert can.send(ID, DATA) and not can.send(ID, DATA)
    assert chip.queue == [(ID, DATA, 2)]
    assert not can.receive(frame)
    chip.waiting = [(ID, DATA, 2, 0), (0x325, b"\x01", 0, 4), (7, bytes(8), 1, 0)]
    assert can.receive(frame)
    assert (frame.id, frame.ext, frame.len, bytes(frame.data)) == (ID, True, 8, DATA)
    assert can.receive(frame)
    assert (frame.id, frame.ext, frame.len, frame.data[0]) == (0x325, False, 1, 1)
    assert can.receive(frame) and frame.len == 0
    assert can.counters() == (1, 3, 1, 0)


def test_native_filters():
    can = Native(MachineCan)
    can.set_filters(((ID, ALL, True), (5, 0x7FF, False)))
    assert MachineCan.last.filters == [(ID, ALL, 2), (5, 0x7FF, 0)]
    can.set_filters(((1, 1, True),) * 3)
    assert MachineCan.last.filters is None


def test_native_states_and_restart():
    can = Native(MachineCan)
    states = []
    for MachineCan.last.now in range(5):
        states.append(can.state())
    assert states == [BUS_OFF, OK, WARNING, PASSIVE, BUS_OFF]
    assert not can.send(ID, DATA)
    assert can.restart() and can.state() == OK
    assert can.counters() == (0, 0, 0, 1)
