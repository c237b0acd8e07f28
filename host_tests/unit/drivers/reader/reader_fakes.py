"""Readers and cards for the drivers' tests; on CPython and on MicroPython."""

from binascii import unhexlify

from host_tests.unit.drivers.bms.line import Line


def raw(text):
    """Bytes of a vector."""
    return unhexlify(text.replace(" ", ""))


class InterruptPin:
    """An input whose edges call a handler."""

    IRQ_FALLING = 2

    def __init__(self):
        self.handler = None

    def irq(self, handler, trigger):
        assert trigger == self.IRQ_FALLING
        self.handler = handler


class Wires:
    """D0 and D1."""

    def __init__(self):
        self.pins = (InterruptPin(), InterruptPin())

    def send(self, bits):
        """A frame as text of 0 and 1."""
        for bit in bits:
            pin = self.pins[int(bit)]
            pin.handler(pin)


# hardware-protocols.md section 6.2.
ACK = raw("00 00 FF 00 FF 00")
FIRMWARE = raw("00 00 FF 02 FE D4 02 2A 00")
SAM = raw("00 00 FF 05 FB D4 14 01 00 01 16 00")
LIST = raw("00 00 FF 04 FC D4 4A 01 00 E1 00")
WAKE = raw("55 55 00 00 00")
LISTED = raw("00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 0A 1B 2C 3D 40 00")
SAM_DONE = raw("00 00 FF 02 FE D5 15 16 00")


def pn532_line(card=LISTED, **more):
    """A line to a reader with a card in its field, or `card` = b""."""
    return Line({SAM: ACK + SAM_DONE, LIST: ACK + card}, **more)


# Section 6.1, from the id 0A1B2C3D: question of the reader -> answer of the card.
CARD_4 = {
    b"\x52": raw("0400"),
    raw("9320"): raw("0A1B2C3D00"),
    raw("93700A1B2C3D00C236"): raw("08B6DD"),
}
CARD_7 = {
    b"\x52": raw("4400"),
    raw("9320"): raw("88041122BF"),
    raw("937088041122BFB3F9"): raw("04DA17"),
    raw("9520"): raw("3344556644"),
    raw("95703344556644ECA3"): raw("08B6DD"),
}
CARD_10 = {
    b"\x52": raw("8400"),
    raw("9320"): raw("880A1B2CB5"),
    raw("9370880A1B2CB5C111"): raw("04DA17"),
    raw("9520"): raw("884E5F60F9"),
    raw("9570884E5F60F9EE2F"): raw("04DA17"),
    raw("9720"): raw("7182930161"),
    raw("977071829301610FB1"): raw("08B6DD"),
}
HALT = raw("500057CD")


class Rc522Chip:
    """SPI slave; is `spi` and chip select in one. `card`: {question: answer}; `error`: its error
    register after an exchange."""

    def __init__(self, card=None):
        self.card = card
        self.alive = True
        self.dead_level = 0xFF
        self.error = 0
        self.sent = []
        self.selected = False
        self.transfers = 0
        self.power_on()

    def power_on(self):
        self.registers = bytearray(64)
        self.registers[0x14] = 0x80
        self.registers[0x37] = 0x92
        self.fifo = []

    def __call__(self, level):
        self.selected = not level

    def write_readinto(self, out, into):
        assert self.selected and len(out) == len(into)
        self.transfers += 1
        if not self.alive:
            for i in range(len(into)):
                into[i] = self.dead_level
            return
        register = out[0] >> 1 & 63
        for i in range(1, len(out)):
            if out[0] & 0x80:
                into[i] = self.read(out[i - 1] >> 1 & 63)
            else:
                self.write(register, out[i])

    def read(self, register):
        if register == 9:
            return self.fifo.pop(0) if self.fifo else 0
        if register == 10:
            return len(self.fifo)
        return self.registers[register]

    def write(self, register, value):
        if register == 1 and value == 0x0F:
            self.power_on()
        elif register == 9:
            self.fifo.append(value)
        elif register == 10:
            self.fifo = []
        elif register == 4:
            self.registers[4] &= ~value
        else:
            self.registers[register] = value
            if register == 13 and value & 0x80 and self.registers[1] == 0x0C:
                self.exchange(value & 7)

    def exchange(self, bits):
        frame = bytes(self.fifo)
        assert (bits == 7) == (len(frame) == 1)
        self.sent.append(frame)
        self.registers[6] = self.error
        answer = self.card.get(frame) if self.card else None
        self.fifo = list(answer or b"")
        self.registers[4] |= 0x01 if answer is None else 0x30


def told(reader, polls, dt_ms=50):
    """The tags that polls give, in order."""
    return [tag for tag in [reader.poll(dt_ms) for _ in range(polls)] if tag]
