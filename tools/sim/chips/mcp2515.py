"""The MCP2515 CAN controller behind SPI: registers, filters, two receive buffers, INT.

A command is what is transferred between chip select going low and high.
"""

from tools.sim.chips.can_bus import CanBus, CanFrame

_CANSTAT, _CANCTRL, _CNF3, _CNF2, _CNF1 = 0x0E, 0x0F, 0x28, 0x29, 0x2A
_CANINTE, _CANINTF, _EFLG, _TEC, _REC = 0x2B, 0x2C, 0x2D, 0x1C, 0x1D
_TXB = (0x30, 0x40, 0x50)
_RXB = (0x60, 0x70)
_FILTERS = ((0x00, 0x04), (0x08, 0x10, 0x14, 0x18))
_MASKS = (0x20, 0x24)
_CONFIGURATION, _NORMAL, _LOOPBACK = 4, 0, 2
_READ_ONLY = (_CANSTAT, _TEC, _REC)
_MODIFIABLE = {_CANCTRL, _CNF1, _CNF2, _CNF3, _CANINTE, _CANINTF, _EFLG, *_TXB, *_RXB}


class Mcp2515:
    """A node of `bus` with a crystal of `crystal_hz`."""

    def __init__(self, bus: CanBus, crystal_hz: int = 8_000_000) -> None:
        self._bus = bus
        self._crystal_hz = crystal_hz
        self.now_ms = 0.0
        self._selected = False
        self._bytes = bytearray()  # of the command since chip select
        bus.nodes.append(self)
        self._reset()

    def _reset(self) -> None:
        self._r = bytearray(128)
        self._r[_CANCTRL] = 0x87
        self._mode = _CONFIGURATION
        self._sending: list[int] = []
        self._bus.cancel(self)

    # ---- SPI ----

    def select(self, low: bool) -> None:
        """Chip select has changed."""
        if low and not self._selected:
            self._bytes.clear()
        elif self._selected and not low:
            self._finish()
        self._selected = low

    def transfer(self, data: bytes) -> bytes:
        """Clock bytes in, and those of the answer out."""
        if not self._selected:
            return b"\xff" * len(data)
        return bytes(self._clock(byte) for byte in data)

    def _clock(self, byte: int) -> int:
        self._bytes.append(byte)
        command, index = self._bytes[0], len(self._bytes) - 1
        if index == 0:
            if command == 0xC0:
                self._reset()
            elif command & 0xF8 == 0x80:
                self._request_to_send(command & 7)
            return 0
        if command == 0x03 and index >= 2:
            return self._read((self._bytes[1] + index - 2) & 0x7F)
        if command == 0x02 and index >= 2:
            self._write((self._bytes[1] + index - 2) & 0x7F, byte)
        elif command == 0x05 and index == 3:
            self._modify(self._bytes[1], self._bytes[2], byte)
        elif command == 0xA0:
            return self._status()
        elif command == 0xB0:
            return self._rx_status()
        elif command & 0xF9 == 0x90:
            return self._read(_RXB[command >> 2 & 1] + (6 if command & 2 else 1) + index - 1)
        elif command & 0xF8 == 0x40 and command & 7 < 6:
            self._write(_TXB[(command & 7) >> 1] + (6 if command & 1 else 1) + index - 1, byte)
        return 0

    def _finish(self) -> None:
        if self._bytes and self._bytes[0] & 0xF9 == 0x90:  # reading a buffer frees it
            self._r[_CANINTF] &= ~(1 << (self._bytes[0] >> 2 & 1))

    def _read(self, register: int) -> int:
        if register & 0x0F == _CANSTAT:
            return self._mode << 5
        if register & 0x0F == _CANCTRL:
            return self._r[_CANCTRL]
        return self._r[register]

    def _write(self, register: int, value: int) -> None:
        if register & 0x0F == _CANCTRL:
            self._r[_CANCTRL] = value
            self._set_mode(value >> 5)
        elif register in _READ_ONLY:
            return
        elif register in (_CNF1, _CNF2, _CNF3) or register < 0x0E or 0x10 <= register < 0x28:
            if self._mode == _CONFIGURATION and register not in (_TEC, _REC):
                self._r[register] = value
        elif register in _TXB:
            self._write_tx_control(register, value)
        elif register in _RXB:
            self._r[register] = self._r[register] & 0x8B | value & 0x64
        else:
            self._r[register] = value

    def _modify(self, register: int, mask: int, value: int) -> None:
        if register not in _MODIFIABLE:
            mask = 0xFF  # the data sheet: the mask is forced to FFh
        self._write(register, self._read(register) & ~mask & 0xFF | value & mask)

    def _set_mode(self, mode: int) -> None:
        if mode == _CONFIGURATION:
            self._bus.cancel(self)
            self._sending.clear()
        self._mode = mode

    def _status(self) -> int:
        status = self._r[_CANINTF] & 3
        for i, control in enumerate(_TXB):
            status |= (self._r[control] >> 3 & 1) << (2 + 2 * i)
            status |= (self._r[_CANINTF] >> (2 + i) & 1) << (3 + 2 * i)
        return status

    def _rx_status(self) -> int:
        flags = self._r[_CANINTF] & 3
        if not flags:
            return 0
        control = _RXB[0 if flags & 1 else 1]
        extended = self._r[control + 2] >> 3 & 1
        return flags << 6 | extended << 4

    def interrupt(self) -> bool:
        """Is INT pulled low."""
        return bool(self._r[_CANINTE] & self._r[_CANINTF])

    # ---- the wire ----

    def bit_rate(self) -> float:
        """What CNF1..3 give with the crystal."""
        prescaler = 2 * ((self._r[_CNF1] & 63) + 1)
        phase_2 = (self._r[_CNF3] & 7) + 1 if self._r[_CNF2] & 0x80 else 2
        quanta = 1 + (self._r[_CNF2] & 7) + 1 + (self._r[_CNF2] >> 3 & 7) + 1 + phase_2
        return self._crystal_hz / prescaler / quanta

    def listens(self) -> bool:
        """Normal mode, at the bus's rate."""
        right = abs(self.bit_rate() / self._bus.bitrate - 1) < 0.01
        return self._mode == _NORMAL and right

    def deliver(self, frame: CanFrame) -> None:
        """Through masks and filters into a free buffer."""
        self._r[_REC] = max(0, self._r[_REC] - 1)
        flags = self._r[_CANINTF]
        if self._accepts(0, frame):
            if not flags & 1:
                self._store(0, frame)
            elif self._r[_RXB[0]] & 4 and not flags & 2:
                self._store(1, frame)  # roll-over
            else:
                self._r[_EFLG] |= 0x40
        elif self._accepts(1, frame):
            if not flags & 2:
                self._store(1, frame)
            else:
                self._r[_EFLG] |= 0x80

    def _accepts(self, buffer: int, frame: CanFrame) -> bool:
        if self._r[_RXB[buffer]] & 0x60 == 0x60:
            return True
        mask = _identifier(self._r[_MASKS[buffer] : _MASKS[buffer] + 4])[0]
        full = frame.id if frame.ext else frame.id << 18
        care = mask if frame.ext else mask & 0x1FFC0000
        for register in _FILTERS[buffer]:
            wanted, extended = _identifier(self._r[register : register + 4])
            if extended == frame.ext and not (wanted ^ full) & care:
                return True
        return False

    def _store(self, buffer: int, frame: CanFrame) -> None:
        at = _RXB[buffer]
        self._r[at + 1 : at + 5] = _registers(frame)
        self._r[at + 5] = len(frame.data)
        self._r[at + 6 : at + 6 + len(frame.data)] = frame.data
        self._r[_CANINTF] |= 1 << buffer

    def _request_to_send(self, which: int) -> None:
        for i in range(3):
            if which >> i & 1:
                self._write_tx_control(_TXB[i], self._r[_TXB[i]] | 8)

    def _write_tx_control(self, control: int, value: int) -> None:
        pending = self._r[control] & 8
        self._r[control] = value & 0x0B
        if value & 8 and not pending:
            self._transmit(control)
        elif pending and not value & 8:
            self._bus.cancel(self)
            self._sending.clear()

    def _transmit(self, control: int) -> None:
        if not self.listens():
            return
        number, extended = _identifier(self._r[control + 1 : control + 5])
        length = min(self._r[control + 5] & 15, 8)
        data = bytes(self._r[control + 6 : control + 6 + length])
        frame = CanFrame(number if extended else number >> 18, data, extended)
        self._sending.append(control)
        self._bus.send(self, frame, self.now_ms, lambda ok: self._sent(ok, frame, control))

    def _sent(self, acknowledged: bool, frame: CanFrame, control: int) -> None:
        if control not in self._sending:
            return
        if acknowledged:
            self._sending.remove(control)
            self._r[control] &= ~8 & 0xFF
            self._r[_CANINTF] |= 4 << _TXB.index(control)
            self._r[_TEC] = max(0, self._r[_TEC] - 1)
        else:
            self._r[_TEC] = min(128, self._r[_TEC] + 8)
            self._bus.send(self, frame, self.now_ms, lambda ok: self._sent(ok, frame, control))
        passive = 0x15 if self._r[_TEC] >= 128 else 0x05 if self._r[_TEC] >= 96 else 0
        self._r[_EFLG] = self._r[_EFLG] & 0xC0 | passive


def _identifier(registers: bytes) -> tuple[int, bool]:
    """SIDH SIDL EID8 EID0 as a 29-bit number, and the extended flag."""
    high, low, eid8, eid0 = registers
    number = high << 21 | (low & 0xE0) << 13 | (low & 3) << 16 | eid8 << 8 | eid0
    return number, bool(low & 8)


def _registers(frame: CanFrame) -> bytes:
    number = frame.id if frame.ext else frame.id << 18
    low = number >> 13 & 0xE0 | (8 if frame.ext else 0) | number >> 16 & 3
    return bytes((number >> 21 & 0xFF, low, number >> 8 & 0xFF, number & 0xFF))
