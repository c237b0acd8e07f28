"""The MCP2515 CAN controller behind SPI: registers, filters, two receive buffers, INT.

A command is what is transferred between chip select going low and high. Data sheet DS20001801:
chapter 3 transmitting, 4 receiving, 5 bit timing, 7 interrupts, 11 registers, 12 SPI commands.
Not there: sleep and wake-up, remote frames, the RXnBF and TXnRTS pins.
"""

from collections.abc import Callable

from tools.sim.chips.can_bus import (
    ACKNOWLEDGED,
    RECOVERY_BITS,
    CanBus,
    CanFrame,
    ErrorCounters,
)

_CANSTAT, _CANCTRL, _TEC, _REC = 0x0E, 0x0F, 0x1C, 0x1D
_CNF3, _CNF2, _CNF1, _CANINTE, _CANINTF, _EFLG = 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D
_TXB = (0x30, 0x40, 0x50)
_RXB = (0x60, 0x70)
_FILTERS = (0x00, 0x04, 0x08, 0x10, 0x14, 0x18)  # the first two belong to RXB0
_MASKS = (0x20, 0x24)
_NORMAL, _SLEEP, _LOOPBACK, _LISTEN_ONLY, _CONFIGURATION = range(5)
_ABORT_ALL, _ONE_SHOT = 0x10, 0x08  # CANCTRL
_TXREQ, _TXERR, _ABTF = 0x08, 0x10, 0x40  # TXBnCTRL
_ANY, _BUKT = 0x60, 0x04  # RXBnCTRL
_ERRIF, _MERRF = 0x20, 0x80  # CANINTF
_OVERFLOWS = 0xC0  # EFLG: RX1OVR, RX0OVR
_MODIFIABLE = {_CANCTRL, _CNF1, _CNF2, _CNF3, _CANINTE, _CANINTF, _EFLG, *_TXB, *_RXB}


class Mcp2515:
    """A node of `bus` with a crystal of `crystal_hz`."""

    def __init__(
        self, bus: CanBus, now_ms: Callable[[], float], crystal_hz: int = 8_000_000
    ) -> None:
        self._bus = bus
        self._now_ms = now_ms
        self._crystal_hz = crystal_hz
        self.errors = ErrorCounters()
        self._selected = False
        self._bytes = bytearray()  # of the command since chip select
        bus.nodes.append(self)
        self._reset()

    def _reset(self) -> None:
        self._r = bytearray(128)
        self._r[_CANCTRL] = 0x87
        self._mode = _CONFIGURATION
        self._on_wire: int | None = None  # control register of the buffer being sent
        self._off_until_ms: float | None = None  # bus-off
        self.errors.clear()
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
        self._recover()
        return bytes(map(self._clock, data))

    def _clock(self, byte: int) -> int:
        self._bytes.append(byte)
        command, index = self._bytes[0], len(self._bytes) - 1
        if index == 0:
            if command == 0xC0:
                self._reset()
            return 0
        if command == 0x03 and index >= 2:
            return self._read(self._bytes[1] + index - 2)
        if command & 0xF9 == 0x90:
            return self._read(_RXB[command >> 2 & 1] + (6 if command & 2 else 1) + index - 1)
        if command == 0xA0:
            return self._status()
        if command == 0xB0:
            return self._rx_status()
        if command == 0x02 and index >= 2:
            self._write(self._bytes[1] + index - 2, byte)
        elif command == 0x05 and index == 3:
            self._modify(self._bytes[1] & 0x7F, self._bytes[2], byte)
        elif command & 0xF8 == 0x40 and command & 7 < 6:
            self._write(_TXB[(command & 7) >> 1] + (6 if command & 1 else 1) + index - 1, byte)
        return 0

    def _finish(self) -> None:
        command = self._bytes[0] if self._bytes else 0
        if command & 0xF9 == 0x90:  # having read a buffer frees it
            self._r[_CANINTF] &= ~(1 << (command >> 2 & 1))
        elif command & 0xF8 == 0x80:
            for i, control in enumerate(_TXB):
                if command >> i & 1:
                    self._write(control, self._r[control] | _TXREQ)

    # ---- registers ----

    def _read(self, register: int) -> int:
        register &= 0x7F
        if register & 0x0F == _CANSTAT:  # both are seen in every row
            return self._mode << 5 | self._interrupt_code() << 1
        if register & 0x0F == _CANCTRL:
            return self._r[_CANCTRL]
        if register in (_TEC, _REC):
            return min(self.errors.tx if register == _TEC else self.errors.rx, 255)
        return self._error_flags() if register == _EFLG else self._r[register]

    def _write(self, register: int, value: int) -> None:
        register &= 0x7F
        if register & 0x0F == _CANSTAT or register in (_TEC, _REC):
            return
        if register & 0x0F == _CANCTRL:
            self._control(value)
        elif register == _EFLG:
            self._r[_EFLG] &= value | ~_OVERFLOWS & 0xFF
        elif register < 0x2B:  # filters, masks, bit timing
            if self._mode == _CONFIGURATION:
                self._r[register] = value
        elif register in _TXB:
            self._tx_control(register, value)
        elif register in _RXB:
            self._rx_control(register, value)
        else:
            self._r[register] = value

    def _modify(self, register: int, mask: int, value: int) -> None:
        if register not in _MODIFIABLE:
            mask = 0xFF  # the data sheet: the mask is forced to FFh
        self._write(register, self._read(register) & ~mask & 0xFF | value & mask)

    def _control(self, value: int) -> None:
        self._r[_CANCTRL] = value
        if value & _ABORT_ALL:
            for control in _TXB:
                if self._r[control] & _TXREQ:
                    self._r[control] = self._r[control] & ~_TXREQ | _ABTF
            self._unsend()
        mode = value >> 5
        if mode > _CONFIGURATION or mode == self._mode:
            return
        if mode == _CONFIGURATION:
            self._unsend()
            self.errors.clear()
            self._off_until_ms = None
        self._mode = mode
        self._send_next()

    def _rx_control(self, register: int, value: int) -> None:
        writable = _ANY | (_BUKT if register == _RXB[0] else 0)
        kept = self._r[register] & ~writable & 0xFD
        self._r[register] = kept | value & writable
        if register == _RXB[0] and value & _BUKT:
            self._r[register] |= 2  # BUKT1, a copy

    def _status(self) -> int:
        status = self._r[_CANINTF] & 3
        for i, control in enumerate(_TXB):
            status |= (self._r[control] >> 3 & 1) << (2 + 2 * i)
            status |= (self._r[_CANINTF] >> (2 + i) & 1) << (3 + 2 * i)
        return status

    def _rx_status(self) -> int:
        full = self._r[_CANINTF] & 3
        if not full:
            return 0
        control = _RXB[0 if full & 1 else 1]
        hit = self._r[control] & (1 if full & 1 else 7)
        if not full & 1 and hit < 2:
            hit += 6  # a filter of RXB0, rolled over
        extended = self._r[control + 2] >> 3 & 1
        return full << 6 | extended << 4 | hit

    def _error_flags(self) -> int:
        tx, rx = self.errors.tx, self.errors.rx
        flags = self._r[_EFLG] & _OVERFLOWS
        flags |= 0x20 if self._off_until_ms is not None else 0
        flags |= (0x10 if tx >= 128 else 0) | (0x08 if rx >= 128 else 0)
        flags |= (0x04 if tx >= 96 else 0) | (0x02 if rx >= 96 else 0)
        return flags | (0x01 if max(tx, rx) >= 96 else 0)

    def _interrupt_code(self) -> int:
        active = self._r[_CANINTE] & self._r[_CANINTF]
        for code, bit in enumerate((_ERRIF, 0x40, 0x04, 0x08, 0x10, 0x01, 0x02), 1):
            if active & bit:
                return code
        return 0

    def interrupt(self) -> bool:
        """Is INT pulled low."""
        return bool(self._r[_CANINTE] & self._r[_CANINTF])

    # ---- the wire ----

    def bit_rate(self) -> float:
        """What CNF1..3 give with the crystal, in bit/s."""
        cnf1, cnf2, cnf3 = self._r[_CNF1], self._r[_CNF2], self._r[_CNF3]
        phase_1 = (cnf2 >> 3 & 7) + 1
        phase_2 = (cnf3 & 7) + 1 if cnf2 & 0x80 else max(phase_1, 2)
        quanta = 1 + (cnf2 & 7) + 1 + phase_1 + phase_2
        return self._crystal_hz / (2 * ((cnf1 & 63) + 1)) / quanta

    def rate(self) -> float:
        """Bit rate at which it takes part, 0 while it does not."""
        self._recover()
        on = self._mode in (_NORMAL, _LISTEN_ONLY) and self._off_until_ms is None
        return self.bit_rate() if on else 0.0

    def acknowledges(self) -> bool:
        """Not when it only listens."""
        return self._mode == _NORMAL

    def _recover(self) -> None:
        if self._off_until_ms is not None and self._now_ms() >= self._off_until_ms:
            self._off_until_ms = None
            self.errors.clear()
            self._send_next()

    def deliver(self, frame: CanFrame) -> None:
        """Through masks and filters into a free buffer (figure 4-3 of the data sheet)."""
        self.errors.received()
        full = self._r[_CANINTF]
        hit = self._filter_hit(0, frame)
        if hit is not None:
            if not full & 1:
                self._store(0, frame, hit)
            elif not self._r[_RXB[0]] & _BUKT:
                self._overflow(0)
            elif not full & 2:
                self._store(1, frame, hit)
            else:
                self._overflow(1)
            return
        hit = self._filter_hit(1, frame)
        if hit is not None:
            if full & 2:
                self._overflow(1)
            else:
                self._store(1, frame, hit)

    def disturbed(self) -> None:
        """Traffic at another bit rate."""
        if self._mode == _NORMAL:
            self.errors.disturbed()
        self._r[_CANINTF] |= _MERRF

    def _filter_hit(self, buffer: int, frame: CanFrame) -> int | None:
        """Number of the filter that lets the frame into a buffer."""
        if self._r[_RXB[buffer]] & _ANY == _ANY:
            return 2 * buffer
        mask, _ = _identifier(self._r[_MASKS[buffer] : _MASKS[buffer] + 4])
        number = frame.id
        if not frame.ext:  # the low bits of filter and mask then stand for two data bytes
            mask &= 0x1FFCFFFF
            number = frame.id << 18 | int.from_bytes((frame.data + b"\0\0")[:2], "big")
        for i in range(2, 6) if buffer else range(2):
            wanted, extended = _identifier(self._r[_FILTERS[i] : _FILTERS[i] + 4])
            if extended == frame.ext and not (wanted ^ number) & mask:
                return i
        return None

    def _store(self, buffer: int, frame: CanFrame, hit: int) -> None:
        at = _RXB[buffer]
        self._r[at] = self._r[at] & (0xF8 if buffer else 0xFE) | hit
        self._r[at + 1 : at + 5] = _registers(frame)
        self._r[at + 5] = len(frame.data)
        self._r[at + 6 : at + 6 + len(frame.data)] = frame.data
        self._r[_CANINTF] |= 1 << buffer

    def _overflow(self, buffer: int) -> None:
        self._r[_EFLG] |= 0x40 << buffer
        self._r[_CANINTF] |= _ERRIF

    def _tx_control(self, control: int, value: int) -> None:
        before = self._r[control]
        self._r[control] = before & 0x70 | value & 0x0B
        if value & _TXREQ and not before & _TXREQ:
            self._r[control] &= 0x0F  # a new request clears what became of the last one
            self._send_next()
        elif before & _TXREQ and not value & _TXREQ:
            self._r[control] |= _ABTF
            if self._on_wire == control:
                self._unsend()
                self._send_next()

    def _unsend(self) -> None:
        self._bus.cancel(self)
        self._on_wire = None

    def _send_next(self) -> None:
        """Begin with the highest priority of what is requested; the higher buffer wins a draw."""
        requested = [c for c in _TXB if self._r[c] & _TXREQ]
        if self._on_wire is not None or not requested or self._off_until_ms is not None:
            return
        control = max(requested, key=lambda c: (self._r[c] & 3, c))
        number, ext = _identifier(self._r[control + 1 : control + 5])
        length = min(self._r[control + 5] & 15, 8)
        data = bytes(self._r[control + 6 : control + 6 + length])
        frame = CanFrame(number if ext else number >> 18, data, ext)
        if self._mode == _LOOPBACK:
            self.deliver(frame)
            self._is_sent(control)
        elif self._mode == _NORMAL:
            self._on_wire = control
            self._bus.send(self, frame, self._now_ms(), self._sent)

    def _sent(self, outcome: str) -> float | None:
        control = self._on_wire
        self.errors.sent(outcome)
        if control is None:
            return None
        if outcome == ACKNOWLEDGED:
            self._is_sent(control)
            return None
        self._r[control] |= _TXERR
        self._r[_CANINTF] |= _MERRF
        if self.errors.bus_off:
            self._on_wire = None
            self._off_until_ms = self._now_ms() + RECOVERY_BITS * 1000 / self._bus.bitrate
            return None
        if self._r[_CANCTRL] & _ONE_SHOT:
            self._r[control] &= ~_TXREQ & 0xFF
            self._on_wire = None
            return None
        return self.errors.retry_ms(outcome)

    def _is_sent(self, control: int) -> None:
        self._on_wire = None
        self._r[control] &= ~_TXREQ & 0xFF
        self._r[_CANINTF] |= 4 << _TXB.index(control)
        self._send_next()


def _identifier(registers: bytes | bytearray) -> tuple[int, bool]:
    """SIDH SIDL EID8 EID0 as a 29-bit number, and the extended flag."""
    high, low, eid8, eid0 = registers
    number = high << 21 | (low & 0xE0) << 13 | (low & 3) << 16 | eid8 << 8 | eid0
    return number, bool(low & 8)


def _registers(frame: CanFrame) -> bytes:
    number = frame.id if frame.ext else frame.id << 18
    low = number >> 13 & 0xE0 | (8 if frame.ext else 0) | number >> 16 & 3
    return bytes((number >> 21 & 0xFF, low, number >> 8 & 0xFF, number & 0xFF))
