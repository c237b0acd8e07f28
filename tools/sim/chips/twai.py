"""The classic ESP32's TWAI controller: an SJA1000 in PeliCAN mode, with the gates round it.

Nothing gets onto the wire unless the clock gate is open, the GPIO matrix routes both signals, the
TX pin is an output and the bit timing gives the bus's rate.
"""

from collections import deque
from collections.abc import Callable

from tools.sim.chips.can_bus import (
    ACKNOWLEDGED,
    NOT_ACKNOWLEDGED,
    RECOVERY_BITS,
    CanBus,
    CanFrame,
    ErrorCounters,
)

BASE = 0x3FF6B000
CLOCK_GATE, RESET_GATE = 0x3FF000C0, 0x3FF000C4
OUT_SELECT, IN_SELECT = 0x3FF44530, 0x3FF44130
_GATE = 1 << 19
_SIGNAL_TX, _SIGNAL_RX = 123, 94
_SIMPLE_OUTPUT = 256  # the matrix: the pin's own output register
_PINS, _SIGNALS = 40, 256
_FIFO_BYTES = 64
_APB_HZ = 80_000_000

(
    _MODE, _COMMAND, _STATUS, _INTERRUPT, _ENABLE, _TIMING_0, _TIMING_1, _WARNING, _RX_ERRORS,
    _TX_ERRORS, _BUFFER, _BUFFER_END, _WAITING, _DIVIDER,
) = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x18, 0x1C, 0x34, 0x38,
    0x3C, 0x40, 0x70, 0x74, 0x7C,
)  # fmt: skip
_ONLY_IN_RESET = (_TIMING_0, _TIMING_1, _WARNING)
_RESET, _LISTEN_ONLY, _SELF_TEST, _SINGLE_FILTER = 1, 2, 4, 8
_RX, _TX, _WARNS, _OVERRUN, _PASSIVE, _BUS_ERROR = 1, 2, 4, 8, 32, 128  # interrupts
_EXTRA_PRESCALER = 16  # in the interrupt enable register


class Twai:
    """Registers by byte address; a node of `bus`. `tx` and `rx` are the wired GPIO numbers."""

    def __init__(self, bus: CanBus, tx: int, rx: int, now_ms: Callable[[], float]) -> None:
        self._bus = bus
        self._tx, self._rx = tx, rx
        self._now_ms = now_ms
        self.errors = ErrorCounters()
        bus.nodes.append(self)
        self.reset_chip()

    def reset_chip(self) -> None:
        """The ESP32 has been reset."""
        self._gates = {CLOCK_GATE: 0, RESET_GATE: 0}
        self._matrix: dict[int, int] = {}
        self._is_output: set[int] = set()
        self._reset_controller()

    def _reset_controller(self) -> None:
        self._registers = dict.fromkeys((_ENABLE, *_ONLY_IN_RESET, _DIVIDER), 0)
        self._registers[_WARNING] = 96
        self._code, self._mask = bytearray(4), bytearray(b"\xff" * 4)
        self._tx_buffer = bytearray(13)
        self._fifo: deque[bytes] = deque()
        self._mode = _RESET
        self._interrupts = 0
        self._overrun = self._sending = self._bus_off = False
        self._complete = True
        self._recovered_ms = 0.0
        self.errors.clear()
        self._bus.cancel(self)

    def pin_mode(self, pin: int, output: bool) -> None:
        """`machine.Pin` has set a direction, which takes the pin out of the matrix."""
        self._matrix[OUT_SELECT + 4 * pin] = _SIMPLE_OUTPUT
        (self._is_output.add if output else self._is_output.discard)(pin)

    # ---- registers ----

    def knows(self, address: int) -> bool:
        """Is `address` one of ours."""
        return address % 4 == 0 and (
            BASE <= address < BASE + 0x80
            or address in self._gates
            or OUT_SELECT <= address < OUT_SELECT + 4 * _PINS
            or IN_SELECT <= address < IN_SELECT + 4 * _SIGNALS
        )

    def read(self, address: int) -> int:
        """A 32-bit read."""
        if address in self._gates:
            return self._gates[address]
        if address < BASE:
            return self._matrix.get(address, 0)
        return self._read_register(address - BASE) if self._clocked() else 0

    def write(self, address: int, value: int) -> None:
        """A 32-bit write."""
        if address in self._gates:
            self._gates[address] = value
            if address == RESET_GATE and value & _GATE:
                self._reset_controller()
        elif address < BASE:
            self._matrix[address] = value
        elif self._clocked():
            self._write_register(address - BASE, value & 0xFF)

    def _clocked(self) -> bool:
        return bool(self._gates[CLOCK_GATE] & ~self._gates[RESET_GATE] & _GATE)

    def _read_register(self, offset: int) -> int:
        if _BUFFER <= offset <= _BUFFER_END:
            return self._read_buffer((offset - _BUFFER) // 4)
        if offset == _STATUS:
            return self._status()
        if offset == _INTERRUPT:
            return self._take_interrupts()
        if offset == _MODE:
            return self._mode
        if offset == _RX_ERRORS:
            return self.errors.rx
        if offset == _TX_ERRORS:
            return min(self.errors.tx, 255)
        return len(self._fifo) if offset == _WAITING else self._registers.get(offset, 0)

    def _write_register(self, offset: int, value: int) -> None:
        resetting = self._mode & _RESET
        if offset == _MODE:
            self._set_mode(value & 0x0F)
        elif offset == _COMMAND:
            self._command(value)
        elif _BUFFER <= offset <= _BUFFER_END:
            self._write_buffer((offset - _BUFFER) // 4, value)
        elif offset == _RX_ERRORS and resetting:
            self.errors.rx = value
        elif offset == _TX_ERRORS and resetting:
            self.errors.tx = value
        elif offset in self._registers and (resetting or offset not in _ONLY_IN_RESET):
            self._registers[offset] = value

    def _set_mode(self, mode: int) -> None:
        if mode & _RESET and not self._mode & _RESET:
            self._stop()
        elif self._mode & _RESET and not mode & _RESET and self._bus_off:
            self._recovered_ms = self._now_ms() + RECOVERY_BITS * 1000 / self._bus.bitrate
        if not self._mode & _RESET:  # the other bits can only be written in reset mode
            mode = self._mode & ~_RESET | mode & _RESET
        self._mode = mode

    def _stop(self) -> None:
        self._bus.cancel(self)
        self._sending = False
        self._fifo.clear()
        self._overrun = False

    def _is_bus_off(self) -> bool:
        if self._bus_off and not self._mode & _RESET and self._now_ms() >= self._recovered_ms:
            self._bus_off = False
            self.errors.clear()
        return self._bus_off

    def _warns(self) -> bool:
        return max(self.errors.tx, self.errors.rx) >= self._registers[_WARNING]

    def _status(self) -> int:
        bus_off = self._is_bus_off()
        return (
            (1 if self._fifo else 0)
            | (2 if self._overrun else 0)
            | (0 if self._sending else 4)
            | (8 if self._complete else 0)
            | (0x20 if self._sending else 0)
            | (0x40 if self._warns() else 0)
            | (0x80 if bus_off else 0)
        )

    def _take_interrupts(self) -> int:
        waiting = _RX if self._fifo and self._registers[_ENABLE] & _RX else 0
        interrupts, self._interrupts = self._interrupts | waiting, 0
        return interrupts

    def _interrupt(self, bit: int) -> None:
        self._interrupts |= bit & self._registers[_ENABLE]

    def _command(self, value: int) -> None:
        if self._mode & _RESET:
            return
        if value & 0x11 and not self._sending and not self._mode & _LISTEN_ONLY:
            self._transmit(bool(value & 0x10))
        if value & 2 and self._sending:
            self._bus.cancel(self)
            self._sending = False
        if value & 4 and self._fifo:
            self._fifo.popleft()
        if value & 8:
            self._overrun = False

    def _read_buffer(self, index: int) -> int:
        if self._mode & _RESET:
            window = self._code + self._mask
        else:
            window = bytearray(self._fifo[0] if self._fifo else b"")
        return window[index] if index < len(window) else 0

    def _write_buffer(self, index: int, value: int) -> None:
        if not self._mode & _RESET:
            if not self._sending:
                self._tx_buffer[index] = value
        elif index < 4:
            self._code[index] = value
        elif index < 8:
            self._mask[index - 4] = value

    # ---- the wire ----

    def bit_rate(self) -> float:
        """What the bus timing registers give, in bit/s."""
        timing_0, timing_1 = self._registers[_TIMING_0], self._registers[_TIMING_1]
        prescaler = 2 * ((timing_0 & 63) + 1)
        if self._registers[_ENABLE] & _EXTRA_PRESCALER:
            prescaler *= 2
        return _APB_HZ / prescaler / (3 + (timing_1 & 15) + (timing_1 >> 4 & 7))

    def routed(self) -> bool:
        """Do both signals reach their pins."""
        out = self._matrix.get(OUT_SELECT + 4 * self._tx, _SIMPLE_OUTPUT) & 0x1FF
        into = self._matrix.get(IN_SELECT + 4 * _SIGNAL_RX, 0)
        wired = self._tx in self._is_output and into == (self._rx | 0x80)
        return wired and out == _SIGNAL_TX

    def rate(self) -> float:
        """Bit rate at which it takes part, 0 while it does not."""
        pelican = self._registers[_DIVIDER] & 0x80
        if self._mode & _RESET or not pelican or not self.routed() or self._is_bus_off():
            return 0.0
        return self.bit_rate()

    def acknowledges(self) -> bool:
        """Not when it only listens."""
        return not self._mode & _LISTEN_ONLY

    def deliver(self, frame: CanFrame) -> None:
        """Through the filter into the FIFO."""
        self.errors.received()
        packed = _pack(frame)
        if not self._accepts(frame.ext, packed[1:]):
            return
        if sum(map(len, self._fifo)) + len(packed) > _FIFO_BYTES:
            self._overrun = True
            self._interrupt(_OVERRUN)
        else:
            self._fifo.append(packed)

    def disturbed(self) -> None:
        """Traffic at another bit rate."""
        if not self._mode & _LISTEN_ONLY:
            self._count(self.errors.disturbed)
        self._interrupt(_BUS_ERROR)

    def _count(self, change: Callable[[], None]) -> None:
        warned, passive = self._warns(), self.errors.passive
        change()
        if self._warns() != warned:
            self._interrupt(_WARNS)
        if self.errors.passive != passive:
            self._interrupt(_PASSIVE)

    def _accepts(self, ext: bool, head: bytes) -> bool:
        """Identifier (and for standard frames data) against code and mask, 1 = do not care."""
        if self._mode & _SINGLE_FILTER:
            return self._matches(head, 0, (0xFF, 0xFF, 0xFF, 0xF8) if ext else (0xFF, 0xE0))
        return any(self._matches(head, at, (0xFF, 0xFF if ext else 0xE0)) for at in (0, 2))

    def _matches(self, head: bytes, at: int, bits: tuple[int, ...]) -> bool:
        return not any(
            (head[i] ^ self._code[at + i]) & ~self._mask[at + i] & bit
            for i, bit in enumerate(bits)
        )

    def _transmit(self, to_self: bool) -> None:
        info = self._tx_buffer[0]
        length = 0 if info & 0x40 else min(info & 15, 8)
        if info & 0x80:
            number, data = int.from_bytes(self._tx_buffer[1:5], "big") >> 3, self._tx_buffer[5:]
        else:
            number, data = int.from_bytes(self._tx_buffer[1:3], "big") >> 5, self._tx_buffer[3:]
        frame = CanFrame(number, bytes(data[:length]), bool(info & 0x80))
        self._sending, self._complete = True, False
        if self.routed() and not self._is_bus_off():
            self._bus.send(self, frame, self._now_ms(), lambda o: self._sent(o, frame, to_self))

    def _sent(self, outcome: str, frame: CanFrame, to_self: bool) -> float | None:
        if outcome == NOT_ACKNOWLEDGED and self._mode & _SELF_TEST:
            outcome = ACKNOWLEDGED
        self._count(lambda: self.errors.sent(outcome))
        if outcome == ACKNOWLEDGED:
            self._sending, self._complete = False, True
            self._interrupt(_TX)
            if to_self:
                self.deliver(frame)
            return None
        self._interrupt(_BUS_ERROR)
        if not self.errors.bus_off:
            return self.errors.retry_ms(outcome)
        self._stop()
        self._mode |= _RESET
        self._bus_off = True
        self.errors.tx, self.errors.rx = 127, 0
        self._interrupt(_WARNS)
        return None


def _pack(frame: CanFrame) -> bytes:
    """Frame info, identifier left aligned, data: as in the receive buffer."""
    if frame.ext:
        head = bytes([0x80 | len(frame.data)]) + (frame.id << 3).to_bytes(4, "big")
    else:
        head = bytes([len(frame.data)]) + (frame.id << 5).to_bytes(2, "big")
    return head + frame.data
