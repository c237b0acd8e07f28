"""The classic ESP32's TWAI controller: an SJA1000 in PeliCAN mode, with the gates round it.

Nothing gets onto the wire unless the clock gate is open, the GPIO matrix routes both signals and
the bit timing gives the bus's rate.
"""

from collections import deque

from tools.sim.chips.can_bus import CanBus, CanFrame

BASE = 0x3FF6B000
CLOCK_GATE, RESET_GATE = 0x3FF000C0, 0x3FF000C4
OUT_SELECT, IN_SELECT = 0x3FF44530, 0x3FF44130
_GATE = 1 << 19
_SIGNAL_TX, _SIGNAL_RX = 123, 94
_FIFO_BYTES = 64
_APB_HZ = 80_000_000


class Twai:
    """Registers by byte address; a node of `bus`. `tx` and `rx` are the wired GPIO numbers."""

    def __init__(self, bus: CanBus, tx: int, rx: int) -> None:
        self._bus = bus
        self._tx, self._rx = tx, rx
        self.now_ms = 0.0
        bus.nodes.append(self)
        self.reset_chip()

    def reset_chip(self) -> None:
        """The ESP32 has been reset."""
        self._gates = {CLOCK_GATE: 0, RESET_GATE: 0}
        self._matrix: dict[int, int] = {}
        self._reset_controller()

    def _reset_controller(self) -> None:
        self._registers = [0] * 32
        self._code = bytearray(4)
        self._mask = bytearray(b"\xff" * 4)
        self._tx_buffer = bytearray(13)
        self._fifo: deque[CanFrame] = deque()
        self._mode = 1
        self._overrun = False
        self._sending = False
        self._bus_off = False
        self.tx_errors = self.rx_errors = 0
        self._bus.cancel(self)

    # ---- registers ----

    def knows(self, address: int) -> bool:
        """Is `address` one of ours."""
        return (
            BASE <= address < BASE + 0x80
            or address in self._gates
            or OUT_SELECT <= address < OUT_SELECT + 4 * 40
            or IN_SELECT <= address < IN_SELECT + 4 * 256
        )

    def read(self, address: int) -> int:
        """A 32-bit read."""
        if address in self._gates:
            return self._gates[address]
        if address < BASE:
            return self._matrix.get(address, 0)
        if not self._gates[CLOCK_GATE] & _GATE:
            return 0
        offset = address - BASE
        simple = {0x00: self._mode, 0x08: self._status(), 0x38: self.rx_errors,
                  0x3C: self.tx_errors, 0x74: len(self._fifo)}  # fmt: skip
        if offset in simple:
            return simple[offset]
        if 0x40 <= offset <= 0x70:
            return self._read_buffer((offset - 0x40) // 4)
        return self._registers[offset // 4]

    def write(self, address: int, value: int) -> None:
        """A 32-bit write."""
        if address in self._gates:
            self._gates[address] = value
            if address == RESET_GATE and value & _GATE:
                self._reset_controller()
        elif address < BASE:
            self._matrix[address] = value
        elif self._gates[CLOCK_GATE] & _GATE and not self._gates[RESET_GATE] & _GATE:
            self._write_register(address - BASE, value & 0xFF)

    def _write_register(self, offset: int, value: int) -> None:
        if offset == 0x00:
            self._set_mode(value & 0x0F)
        elif offset == 0x04:
            self._command(value)
        elif 0x40 <= offset <= 0x70:
            self._write_buffer((offset - 0x40) // 4, value)
        elif offset in (0x18, 0x1C) and not self._mode & 1:
            return  # bus timing can only be written in reset mode
        elif offset not in (0x08, 0x0C, 0x74):
            self._registers[offset // 4] = value

    def _set_mode(self, mode: int) -> None:
        if self._mode & 1 and not mode & 1 and self._bus_off:
            self._bus_off = False
            self.tx_errors = self.rx_errors = 0
        if mode & 1 and not self._mode & 1:
            self._bus.cancel(self)
            self._sending = False
        self._mode = mode

    def _status(self) -> int:
        worst = max(self.tx_errors, self.rx_errors)
        return (
            (1 if self._fifo else 0)
            | (2 if self._overrun else 0)
            | (0 if self._sending else 4)
            | (0 if self._sending else 8)
            | (0x40 if worst >= 96 else 0)
            | (0x80 if self._bus_off else 0)
        )

    def _command(self, value: int) -> None:
        if value & 1 and not self._sending and not self._mode & 1:
            self._transmit()
        if value & 2 and self._sending:
            self._bus.cancel(self)
            self._sending = False
        if value & 4 and self._fifo:
            self._fifo.popleft()
        if value & 8:
            self._overrun = False

    def _read_buffer(self, index: int) -> int:
        if self._mode & 1:
            return self._code[index] if index < 4 else self._mask[index - 4] if index < 8 else 0
        if not self._fifo:
            return 0
        packed = _pack(self._fifo[0])
        return packed[index] if index < len(packed) else 0

    def _write_buffer(self, index: int, value: int) -> None:
        if not self._mode & 1:
            self._tx_buffer[index] = value
        elif index < 4:
            self._code[index] = value
        elif index < 8:
            self._mask[index - 4] = value

    # ---- the wire ----

    def bit_rate(self) -> float:
        """What the bus timing registers give."""
        timing_0, timing_1 = self._registers[6], self._registers[7]
        quanta = 1 + (timing_1 & 15) + 1 + (timing_1 >> 4 & 7) + 1
        return _APB_HZ / (2 * ((timing_0 & 63) + 1)) / quanta

    def routed(self) -> bool:
        """Do both signals reach their pins."""
        out = self._matrix.get(OUT_SELECT + 4 * self._tx, 0) & 0x1FF
        into = self._matrix.get(IN_SELECT + 4 * _SIGNAL_RX, 0)
        return out == _SIGNAL_TX and into == (self._rx | 0x80)

    def listens(self) -> bool:
        """Is it on the bus, at the right rate."""
        running = not self._mode & 1 and not self._bus_off and bool(self._registers[31] & 0x80)
        return running and self.routed() and abs(self.bit_rate() / self._bus.bitrate - 1) < 0.01

    def deliver(self, frame: CanFrame) -> None:
        """Through the filter into the FIFO."""
        self.rx_errors = max(0, self.rx_errors - 1)
        if not self._accepts(frame):
            return
        if sum(len(_pack(f)) for f in self._fifo) + len(_pack(frame)) > _FIFO_BYTES:
            self._overrun = True
            return
        self._fifo.append(frame)

    def _accepts(self, frame: CanFrame) -> bool:
        first = _pack(frame)[1:5]
        care = (0xF8 if frame.ext else 0xE0,)
        for i in range(4 if frame.ext else 2):
            mask = ~self._mask[i] & 0xFF
            if i == (3 if frame.ext else 1):
                mask &= care[0]
            if (first[i] ^ self._code[i]) & mask:
                return False
        return True

    def _transmit(self) -> None:
        self._sending = True
        if not self.listens():
            return  # a wrong bit rate or an open wire: nothing but errors
        info = self._tx_buffer[0]
        ids = self._tx_buffer[1:5]
        number = int.from_bytes(ids, "big")
        length = min(info & 15, 8)
        if info & 0x80:
            frame = CanFrame(number >> 3, bytes(self._tx_buffer[5 : 5 + length]), True)
        else:
            frame = CanFrame(number >> 21, bytes(self._tx_buffer[3 : 3 + length]), False)
        self._bus.send(self, frame, self.now_ms, lambda ok: self._sent(ok, frame))

    def _sent(self, acknowledged: bool, frame: CanFrame) -> None:
        if acknowledged:
            self._sending = False
            self.tx_errors = max(0, self.tx_errors - 1)
        elif self._sending:  # repeated until somebody listens; error passive, never bus-off
            self.tx_errors = min(128, self.tx_errors + 8)
            self._bus.send(self, frame, self.now_ms, lambda ok: self._sent(ok, frame))


def _pack(frame: CanFrame) -> bytes:
    """Frame info, identifier left aligned, data: as in the receive buffer."""
    if frame.ext:
        head = bytes([0x80 | len(frame.data)]) + (frame.id << 3).to_bytes(4, "big")
    else:
        head = bytes([len(frame.data)]) + (frame.id << 5).to_bytes(2, "big")
    return head + frame.data
