"""RC522 on SPI: ISO 14443 A cards of 4, 7 and 10 bytes; the idTag is the id in hex.

hardware-protocols.md section 6.1. One exchange with the card a poll: it is begun in one poll and
looked at in the next, so nothing waits. The sequence: is anybody there (WUPA, which reaches halted
cards too), then for each cascade level anticollision and select, then halt. Two cards at once
collide and are not read.
"""

from micropython import const

from firmware.drivers.reader.presence import Presence

WIRE = ("spi",)

_COMMAND = const(0x01)
_COM_IRQ = const(0x04)
_ERROR = const(0x06)
_FIFO = const(0x09)
_FIFO_LEVEL = const(0x0A)
_BIT_FRAMING = const(0x0D)
_TX_CONTROL = const(0x14)
_VERSION = const(0x37)
# Register, value: timer of 25 ms that starts with each question, modulation 100 %, CRC preset as
# ISO 14443 has it, pulse width; antenna on.
_SETUP = b"\x2a\x80\x2b\xa9\x2c\x03\x2d\xe8\x15\x40\x11\x3d\x12\x00\x13\x00\x24\x26\x14\x83"
_ANTENNA_ON = const(0x83)
_RESET = const(0x0F)
_TRANSCEIVE = const(0x0C)
_RECEIVED = const(0x30)
_ERRORS = const(0x1B)  # protocol, parity, collision, overflow

_WUPA = const(0x52)
_LEVELS = b"\x93\x95\x97"
_CASCADE = const(0x88)
_HALT = const(0x50)
_SHORT_FRAME = const(7)  # bits of WUPA

# What is under way.
_ABSENT = const(0)
_RESETTING = const(1)
_CALLED = const(2)
_ANTICOLLISION = const(3)
_SELECTED = const(4)
_HALTED = const(5)

_RESET_MS = const(50)
_EXCHANGE_MS = const(25)
_RETRY_MS = const(500)
_RETRY_MAX_MS = const(10_000)


def crc_a(data: "bytes | bytearray") -> bytes:
    """The checksum of ISO 14443 A, low byte first."""
    crc = 0x6363
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return bytes((crc & 0xFF, crc >> 8))


class Rc522:
    """Driver; a chip that is gone is looked for again, at growing intervals."""

    def __init__(self, spi: "SPI", chip_select: "Pin") -> None:
        self._spi = spi
        self._select_pin = chip_select
        self._out = bytearray(2)
        self._in = bytearray(2)
        self._presence = Presence()
        self._state = _ABSENT
        self._waited_ms = 0
        self._backoff_ms = _RETRY_MS
        self._due_ms = 0
        self._level = 0
        self._id = b""
        self._part = b""  # of the id: this level's

    def poll(self, dt_ms: int) -> "str | None":
        """The idTag of a card that has just been presented, or None; `dt_ms` since the last call.

        Allocates only when a card answers.
        """
        self._presence.passes(dt_ms)
        self._waited_ms += dt_ms
        if self._waited_ms < self._due_ms:
            return None
        self._waited_ms = 0
        if self._state == _ABSENT:
            self._write(_COMMAND, _RESET)
            self._state = _RESETTING
            self._due_ms = _RESET_MS
        elif self._state == _RESETTING:
            self._set_up()
        elif self._read(_TX_CONTROL) != _ANTENNA_ON:
            self._lost()
        else:
            return self._go_on()
        return None

    def _set_up(self) -> None:
        if self._read(_VERSION) in (0x00, 0xFF):
            self._lost()
            return
        for i in range(0, len(_SETUP), 2):
            self._write(_SETUP[i], _SETUP[i + 1])
        self._backoff_ms = _RETRY_MS
        self._due_ms = _EXCHANGE_MS
        self._call()

    def _lost(self) -> None:
        self._state = _ABSENT
        self._due_ms = self._backoff_ms
        self._backoff_ms = min(self._backoff_ms * 2, _RETRY_MAX_MS)

    def _go_on(self) -> "str | None":
        """An exchange is over; begin the next one."""
        state = self._state
        interrupts = self._read(_COM_IRQ)
        if state == _HALTED or not interrupts & _RECEIVED or self._read(_ERROR) & _ERRORS:
            self._call()
            return None
        answer = self._answer()
        if state == _CALLED and len(answer) == 2:
            self._id = b""
            self._level = 0
            self._anticollision()
        elif state == _ANTICOLLISION and self._checked(answer):
            self._part = answer
            command = bytes((_LEVELS[self._level], 0x70)) + answer
            self._begin(_SELECTED, command + crc_a(command))
        elif state == _SELECTED and len(answer) == 3 and crc_a(answer[:1]) == answer[1:]:
            return self._selected()
        else:
            self._call()
        return None

    def _checked(self, answer: bytes) -> bool:
        """Four bytes and their XOR."""
        if len(answer) != 5:
            return False
        return answer[0] ^ answer[1] ^ answer[2] ^ answer[3] == answer[4]

    def _selected(self) -> "str | None":
        """The card has confirmed this level's bytes; the first of a longer id is a mark."""
        part = self._part
        if part[0] == _CASCADE and self._level < 2:
            self._id += part[1:4]
            self._level += 1
            self._anticollision()
            return None
        tag = (self._id + part[:4]).hex().upper()
        command = bytes((_HALT, 0))
        self._begin(_HALTED, command + crc_a(command))
        return self._presence.seen(tag)

    def _call(self) -> None:
        self._prepare()
        self._write(_FIFO, _WUPA)
        self._start(_CALLED, _SHORT_FRAME)

    def _anticollision(self) -> None:
        self._begin(_ANTICOLLISION, bytes((_LEVELS[self._level], 0x20)))

    def _begin(self, state: int, data: bytes) -> None:
        self._prepare()
        out = bytes((_FIFO << 1,)) + data
        self._transfer(out, bytearray(len(out)))
        self._start(state, 0)

    def _prepare(self) -> None:
        self._write(_COMMAND, 0)
        self._write(_COM_IRQ, 0x7F)
        self._write(_FIFO_LEVEL, 0x80)

    def _start(self, state: int, bits: int) -> None:
        self._write(_BIT_FRAMING, bits)
        self._write(_COMMAND, _TRANSCEIVE)
        self._write(_BIT_FRAMING, 0x80 | bits)
        self._state = state

    def _answer(self) -> bytes:
        count = min(self._read(_FIFO_LEVEL), 8)
        into = bytearray(count + 1)
        self._transfer(bytes((0x80 | _FIFO << 1,)) * count + b"\x00", into)
        return bytes(into[1:])

    def _write(self, register: int, value: int) -> None:
        self._out[0] = register << 1
        self._out[1] = value
        self._transfer(self._out, self._in)

    def _read(self, register: int) -> int:
        self._out[0] = 0x80 | register << 1
        self._out[1] = 0
        self._transfer(self._out, self._in)
        return self._in[1]

    def _transfer(self, out: "bytes | bytearray", into: bytearray) -> None:
        self._select_pin(0)
        self._spi.write_readinto(out, into)
        self._select_pin(1)


def make(wire: tuple, reading: None, options: "Settings") -> Rc522:
    """The driver on (SPI, chip select)."""
    return Rc522(wire[0], wire[1])
