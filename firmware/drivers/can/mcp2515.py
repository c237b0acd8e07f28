"""The MCP2515 CAN controller on SPI: one transfer a command, buffers made once.

INT is a level: low while a frame waits. The chip holds two frames and a full one of ours; two
back-to-back frames arrive within 1 ms, so set filters. Registers and commands: data sheet
DS20001801, chapters 3 to 5 (bit timing), 11 (registers), 12 (SPI commands).
"""

from micropython import const

from firmware.drivers.can import BUS_OFF, COUNT_MASK, OK, PASSIVE, STUCK_SENDS, WARNING
from firmware.errors import ChargerError

_RESET = const(0xC0)
_READ = const(0x03)
_WRITE = const(0x02)
_MODIFY = const(0x05)
_STATUS = const(0xA0)
_RX_STATUS = const(0xB0)
_LOAD_TX0 = const(0x40)
_SEND_TX0 = const(0x81)
_READ_RX0 = const(0x90)
_READ_RX1 = const(0x94)

_CANSTAT = const(0x0E)
_CANCTRL = const(0x0F)
_RXM0 = const(0x20)
_RXM1 = const(0x24)
_CNF3 = const(0x28)
_CANINTE = const(0x2B)
_EFLG = const(0x2D)
_TXB0CTRL = const(0x30)
_RXB0CTRL = const(0x60)
_RXB1CTRL = const(0x70)
_FILTERS = bytes((0x00, 0x04, 0x08, 0x10, 0x14, 0x18))  # RXF0 to 5: two for RXB0, four for RXB1

_ID_BITS = const(0x1FFFFFFF)
_MODE_BITS = const(0xE0)
_NORMAL = const(0x00)
_CONFIGURATION = const(0x80)
_MODE_TRIES = const(100)
_NO_TXREQ = b"\x08\x00"  # mask, value for _MODIFY
_NO_OVERRUNS = b"\xc0\x00"
_TX0_PENDING = const(0x04)  # in the answer to _STATUS
_ANY_FRAME = const(0x60)
_ROLL_OVER = const(0x04)
_EXIDE = const(0x08)
_REMOTE_STANDARD = const(0x10)
_REMOTE_EXTENDED = const(0x40)
_OVERRUNS = const(0xC0)  # EFLG
_IS_BUS_OFF = const(0x20)
_IS_PASSIVE = const(0x18)
_IS_WARNING = const(0x07)


def bit_timing(crystal_hz: int, bitrate: int) -> bytes:
    """CNF3, CNF2, CNF1: 16 time quanta a bit sampled at 81 %, or 8 sampled at 75 %."""
    if crystal_hz not in (8_000_000, 16_000_000) or bitrate not in (125_000, 250_000, 500_000):
        raise ChargerError("MCP2515: no timing for %d bit/s at %d Hz" % (bitrate, crystal_hz))
    quanta = crystal_hz // (2 * bitrate)
    if quanta == 8:  # sync 1 + 2 + 3 + 2
        return b"\x01\x91\x00"
    return bytes((0x02, 0xAD, 0x40 | quanta // 16 - 1))  # sync 1 + 6 + 6 + 3, jump width 2


class Mcp2515:
    """CAN back end on `spi` (mode 0, at most 10 MHz), chip select and interrupt Pins."""

    def __init__(
        self,
        spi: "SPI",
        cs: "Pin",
        interrupt_pin: "Pin",
        crystal_hz: int = 8_000_000,
        bitrate: int = 250_000,
    ) -> None:
        self._timing = bit_timing(crystal_hz, bitrate)
        self._spi = spi
        self._cs = cs
        self._interrupt = interrupt_pin
        self._buffer = buffer = bytearray(14)
        self._views = {n: memoryview(buffer)[:n] for n in (1, 2, 3, 4, 5, 6, 14)}
        self._filters = ()
        self._sent = self._received = self._overruns = self._restarts = self._stuck = 0
        cs(1)
        problem = self._start()
        if problem:
            raise ChargerError("MCP2515: " + problem)

    def _command(self, command: int, length: int) -> int:
        """Transfer the command and what lies behind it in the buffer; the last byte answered."""
        buffer = self._buffer
        buffer[0] = command
        view = self._views[length]
        self._cs(0)
        self._spi.write_readinto(view, view)  # the answer overwrites the command
        self._cs(1)
        return buffer[length - 1]

    def _read(self, register: int) -> int:
        self._buffer[1] = register
        return self._command(_READ, 3)

    def _write(self, register: int, values: bytes, command: int = _WRITE) -> None:
        self._buffer[1] = register
        for i in range(len(values)):
            self._buffer[2 + i] = values[i]
        self._command(command, 2 + len(values))

    def _reaches(self, mode: int) -> bool:
        return any(self._read(_CANSTAT) & _MODE_BITS == mode for _ in range(_MODE_TRIES))

    def _start(self) -> str:
        self._command(_RESET, 1)
        if not self._reaches(_CONFIGURATION):
            return "does not answer; check SPI wiring and power"
        self._write(_CNF3, self._timing)
        for i in range(3):
            if self._read(_CNF3 + i) != self._timing[i]:
                return "does not keep what is written; check SPI wiring and power"
        self._write_filters()
        self._write(_CANINTE, b"\x03")  # INT low while RXB0 or RXB1 is full
        self._write(_CANCTRL, b"\x00")  # normal mode, no one-shot, no clock output
        return "" if self._reaches(_NORMAL) else "does not get onto the bus; is it wired?"

    def set_filters(self, filters: tuple) -> None:
        """Up to six, exact where the first two share a mask and the others share one."""
        self._filters = filters if len(filters) <= len(_FILTERS) else ()
        self._start()

    def _write_filters(self) -> None:
        filters = self._filters
        accept = 0 if filters else _ANY_FRAME
        self._write(_RXB0CTRL, bytes((accept | _ROLL_OVER,)))
        self._write(_RXB1CTRL, bytes((accept,)))
        masks = [_ID_BITS, _ID_BITS]
        for slot in range(6 if filters else 0):
            # Slots that are left over repeat a filter of their buffer, or the last one.
            id, mask, ext = filters[slot if slot < len(filters) else 0 if slot < 2 else -1]
            # A mask serves a whole buffer: it keeps the bits that all its filters want.
            masks[slot >= 2] &= mask if ext else mask << 18
            self._write_id(_FILTERS[slot], id, ext)
        self._write_id(_RXM0, masks[0], True)
        self._write_id(_RXM1, masks[1], True)

    def _write_id(self, register: int, id: int, ext: bool) -> None:
        self._buffer[1] = register
        self._put_id(2, id, ext)
        self._command(_WRITE, 6)

    def _put_id(self, at: int, id: int, ext: bool) -> None:
        if not ext:
            id <<= 18
        buffer = self._buffer
        buffer[at] = id >> 21
        buffer[at + 1] = id >> 13 & 0xE0 | (_EXIDE if ext else 0) | id >> 16 & 0x03
        buffer[at + 2] = id >> 8 & 0xFF
        buffer[at + 3] = id & 0xFF

    def send(self, id: int, data: bytes, ext: bool = True) -> bool:
        """Hand over one frame of up to 8 bytes; False while the one before waits for the bus."""
        if self._command(_STATUS, 2) & _TX0_PENDING:
            self._stuck += 1
            if self._stuck >= STUCK_SENDS:
                self._stuck = 0
                self._write(_TXB0CTRL, _NO_TXREQ, _MODIFY)
            return False
        self._stuck = 0
        self._put_id(1, id, ext)
        self._buffer[5] = len(data)
        for i in range(len(data)):
            self._buffer[6 + i] = data[i]
        self._command(_LOAD_TX0, 14)  # only TXB0 is used: frames leave in order
        self._command(_SEND_TX0, 1)
        self._sent = self._sent + 1 & COUNT_MASK
        return True

    def receive(self, frame: "Frame") -> bool:
        """Fill `frame`; False when none waits, which costs no SPI transfer."""
        if self._interrupt():
            return False
        waiting = self._command(_RX_STATUS, 2) & 0xC0
        if not waiting:
            return False
        self._command(_READ_RX0 if waiting & 0x40 else _READ_RX1, 14)  # frees the buffer as well
        buffer = self._buffer
        low = buffer[2]
        id = buffer[1] << 21 | (low & 0xE0) << 13 | (low & 3) << 16 | buffer[3] << 8 | buffer[4]
        frame.ext = low & _EXIDE != 0
        frame.id = id if frame.ext else id >> 18
        remote = buffer[5] & _REMOTE_EXTENDED if frame.ext else low & _REMOTE_STANDARD
        length = 0 if remote else min(buffer[5] & 0x0F, 8)
        frame.len = length
        for i in range(length):
            frame.data[i] = buffer[6 + i]
        self._received = self._received + 1 & COUNT_MASK
        return True

    def state(self) -> int:
        """OK, WARNING, PASSIVE or BUS_OFF; counts overruns, so call it now and then."""
        flags = self._read(_EFLG)
        if flags & _OVERRUNS:
            self._overruns = self._overruns + 1 & COUNT_MASK
            self._write(_EFLG, _NO_OVERRUNS, _MODIFY)
        # Another mode than normal: the chip lost its supply and forgot everything.
        if flags & _IS_BUS_OFF or self._read(_CANSTAT) & _MODE_BITS != _NORMAL:
            return BUS_OFF
        if flags & _IS_PASSIVE:
            return PASSIVE
        return WARNING if flags & _IS_WARNING else OK

    def counters(self) -> tuple:
        """(sent, received, overruns, restarts) since power-up."""
        return self._sent, self._received, self._overruns, self._restarts

    def restart(self) -> bool:
        """Reset and initialise the chip, filters included; False when it does not answer."""
        self._restarts = self._restarts + 1 & COUNT_MASK
        return not self._start()
