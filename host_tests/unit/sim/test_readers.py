"""The virtual tag readers: cards, the RC522's registers, Wiegand's pulses, and their commands."""

import pytest

from tools.sim.chip import Chip
from tools.sim.hardware import Hardware
from tools.sim.plant.card import Card, crc_a
from tools.sim.protocol import NO_PIN, REPLY, Op

FALLING, RISING = 2, 1
D0, D1, CS = 34, 39, 15
SHORT = 7


def raw(text):
    return bytes.fromhex(text)


def select(level, part):
    command = bytes((level, 0x70)) + part
    return command + crc_a(command)


# ---- cards ----


def test_a_card_of_four_bytes():
    card = Card(raw("0A1B2C3D"))
    assert card.hear(b"\x26", SHORT) == raw("0400")
    assert card.hear(raw("9320"), 0) == raw("0A1B2C3D00")
    assert card.hear(raw("93700A1B2C3D00C236"), 0) == raw("08B6DD")


def test_a_card_of_seven_bytes():
    card = Card(raw("04112233445566"))
    assert card.hear(b"\x26", SHORT) == raw("4400")
    assert card.hear(raw("9320"), 0) == raw("88041122BF")
    assert card.hear(select(0x93, raw("88041122BF")), 0) == raw("04DA17")
    assert card.hear(raw("9520"), 0) == raw("3344556644")
    assert card.hear(select(0x95, raw("3344556644")), 0) == raw("08B6DD")


def test_a_halted_card_hears_only_the_louder_call():
    card = Card(raw("0A1B2C3D"))
    card.hear(b"\x26", SHORT)
    card.hear(raw("93700A1B2C3D00C236"), 0)
    assert card.hear(raw("500057CD"), 0) is None
    assert card.hear(b"\x26", SHORT) is None
    assert card.hear(b"\x52", SHORT) == raw("0400")


@pytest.mark.parametrize(
    "wrong", [raw("93700A1B2C3D00C237"), raw("93700A1B2C3E03") + b"\x00\x00", raw("9520"), b"\x26"]
)
def test_a_card_that_hears_nonsense_falls_back(wrong):
    card = Card(raw("0A1B2C3D"))
    card.hear(b"\x26", SHORT)
    assert card.hear(wrong, SHORT if len(wrong) == 1 else 0) is None
    assert card.hear(raw("9320"), 0) is None  # not called
    assert card.hear(b"\x26", SHORT) == raw("0400")


# ---- RC522 ----


class Spi:
    """The bus of a board with an RC522 on it."""

    def __init__(self):
        self.hardware = Hardware(settings={"reader": "rc522"})
        self.hardware.spi_init(2, 8_000_000, 0, 0)
        for pin in (CS, 5):
            self.hardware.pin_write(pin, 1)
            self.hardware.pin_mode(pin, 3, 0)

    def transfer(self, data):
        self.hardware.pin_write(CS, 0)
        answer = self.hardware.spi_transfer(2, data)
        self.hardware.pin_write(CS, 1)
        return answer

    def write(self, register, *values):
        self.transfer(bytes((register << 1, *values)))

    def read(self, register):
        return self.transfer(bytes((0x80 | register << 1, 0)))[1]

    def set_up(self):
        for i in range(0, 20, 2):
            self.write(*raw("2A802BA92C032DE81540113D1200130024261483")[i : i + 2])

    def exchange(self, frame, bits=0):
        """Interrupt bits 30 ms later, and what has come."""
        self.write(0x01, 0)
        self.write(0x04, 0x7F)
        self.write(0x0A, 0x80)
        self.write(0x09, *frame)
        self.write(0x0D, bits)
        self.write(0x01, 0x0C)
        self.write(0x0D, 0x80 | bits)
        self.hardware.advance(self.hardware.now_ms + 30)
        return self.read(0x04) & 0x31, bytes(self.read(0x09) for _ in range(self.read(0x0A)))


@pytest.fixture
def spi():
    spi = Spi()
    spi.hardware.advance(10)
    return spi


def test_rc522_answers_behind_its_chip_select(spi):
    assert spi.read(0x37) == 0x92
    assert spi.hardware.spi_transfer(2, raw("EE00")) == raw("FFFF")  # nobody is selected
    spi.hardware.pin_write(5, 0)  # the other chip on the bus
    assert spi.hardware.spi_transfer(2, raw("03 0E 00"))[2] == 0x80
    spi.hardware.pin_write(5, 1)


def test_rc522_calls_a_card_and_times_out_without_one(spi):
    spi.set_up()
    assert spi.exchange(b"\x52", SHORT) == (0x01, b"")
    assert spi.hardware.command(["tag", "0A1B2C3D"]) == {"ok": True}
    assert spi.exchange(b"\x52", SHORT) == (0x30, raw("0400"))
    spi.hardware.advance(spi.hardware.now_ms + 1000)  # the hand has gone
    assert spi.exchange(b"\x52", SHORT) == (0x01, b"")


def test_rc522_needs_its_antenna_and_its_timer(spi):
    spi.hardware.command(["tag", "0A1B2C3D"])
    assert spi.exchange(b"\x52", SHORT) == (0, b"")
    spi.set_up()
    assert spi.exchange(b"\x52", SHORT) == (0x30, raw("0400"))


def test_rc522_forgets_everything_without_power(spi):
    spi.set_up()
    assert spi.read(0x14) == 0x83
    spi.hardware.command(["reader", "off"])
    assert spi.read(0x37) == 0xFF
    spi.hardware.command(["reader", "on"])
    spi.hardware.advance(spi.hardware.now_ms + 1)
    assert (spi.read(0x37), spi.read(0x14)) == (0x92, 0x80)


# ---- Wiegand ----


@pytest.fixture
def wiegand():
    return Hardware(settings={"reader": "wiegand"})


def test_pulses_interrupt_the_pins_that_want_it(wiegand):
    wiegand.pin_interrupt(D0, FALLING)
    wiegand.pin_interrupt(D1, FALLING)
    wiegand.command(["tag", "0A1B2C"])
    wiegand.advance(200)
    bits = "".join("01"[pin == D1] for pin in wiegand.interrupts)
    assert bits == "10000101000011011001011001"


@pytest.mark.parametrize(("edges", "heard"), [(0, 0), (RISING, 0), (FALLING, 8), (3, 8)])
def test_only_wanted_edges_are_told(wiegand, edges, heard):
    wiegand.pin_interrupt(D1, edges)
    wiegand.reader.send("0" * 10 + "1" * 8, 0.0)
    wiegand.advance(200)
    assert len(wiegand.interrupts) == heard


def test_lines_are_high_but_for_the_pulse(wiegand):
    assert wiegand.pin_read(D0) == wiegand.pin_read(D1) == 1
    wiegand.reader.send("1", 0.0)
    wiegand.advance(5.01)
    assert (wiegand.pin_read(D0), wiegand.pin_read(D1)) == (1, 0)
    wiegand.advance(5.1)
    assert wiegand.pin_read(D1) == 1


def test_interrupts_are_told_by_the_replies_and_a_reset_ends_them(wiegand):
    chip = Chip(wiegand, None, lambda host, port: 0)
    chip.handle(Op.PIN_INTERRUPT, D0, FALLING, 0, b"")
    assert flags(chip.handle(Op.PIN_READ, 33, 0, 0, b"")) == 0
    wiegand.reader.send("00", 0.0)
    wiegand.advance(100)
    assert flags(chip.handle(Op.PIN_READ, 33, 0, 0, b"")) == 1
    told = [value(chip.handle(Op.PIN_INTERRUPTED, 0, 0, 0, b"")) for _ in range(3)]
    assert told == [D0, D0, NO_PIN]
    assert flags(chip.handle(Op.PIN_READ, 33, 0, 0, b"")) == 0
    wiegand.reader.send("0", wiegand.now_ms)
    wiegand.advance(200)
    chip.reset(1)
    wiegand.reader.send("0", wiegand.now_ms)
    wiegand.advance(300)
    assert flags(chip.handle(Op.PIN_READ, 33, 0, 0, b"")) == 0


def flags(reply):
    return REPLY.unpack(reply)[1]


def value(reply):
    return REPLY.unpack(reply)[3]


# ---- commands ----


@pytest.mark.parametrize(
    ("reader", "command", "hint"),
    [
        ("rdm6300", "tag 0A1B2C3D", "ten hex digits, for example tag 0A1B2C3D4E"),
        ("rc522", "tag 0A1B2C3D4E", "8 or 14 or 20 hex digits, for example tag 0A1B2C3D"),
        ("pn532", "tag 0A1B2C3D4E", "8 or 14 or 20 hex digits"),
        ("wiegand", "tag 0A1B2C3D4E", "6 or 8 hex digits"),
        ("rc522", "tag", "hex digits"),
        ("rc522", "tag 0A1B2C3G", "hex digits"),
        ("none", "tag 0A1B2C3D4E", "reader=none"),
        ("none", "reader off", "reader=none"),
        ("rc522", "reader", "reader on or reader off"),
        ("rc522", "meter off", "meter=none"),
    ],
)
def test_commands_say_what_is_wrong(reader, command, hint):
    hardware = Hardware(settings={"reader": reader})
    assert hint in hardware.command(command.split())["error"]


@pytest.mark.parametrize("reader", ["rdm6300", "rc522", "pn532", "wiegand"])
def test_a_reader_without_power_reads_nothing(reader):
    hardware = Hardware(settings={"reader": reader})
    assert hardware.command(["reader", "off"]) == {"ok": True}
    tag = "0A1B2C3D4E" if reader == "rdm6300" else "0A1B2C3D"
    assert hardware.command(["tag", tag]) == {"ok": True}
    hardware.uart_init(2, 115_200 if reader == "pn532" else 9600, 8, None, 1, 2, 16)
    hardware.uart_write(2, bytes.fromhex("5555000000 0000FF02FED4022A00"))
    hardware.advance(500)
    assert hardware.uart_any(2) == 0 and not hardware.interrupts
