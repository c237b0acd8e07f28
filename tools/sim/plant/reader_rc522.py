"""An RC522 on the SPI bus: the registers a reader of cards needs, and the card in its field.

Written from hardware-protocols.md section 6.1.
"""

from typing import Any

from tools.sim.plant.card import HELD_MS, Card
from tools.sim.plant.reader import Reader

_COMMAND, _COM_IRQ, _FIFO, _FIFO_LEVEL = 0x01, 0x04, 0x09, 0x0A
_BIT_FRAMING, _MODE, _TX_CONTROL, _TX_ASK = 0x0D, 0x11, 0x14, 0x15
_T_MODE, _T_PRESCALER, _T_RELOAD_HIGH, _T_RELOAD_LOW, _VERSION = 0x2A, 0x2B, 0x2C, 0x2D, 0x37
_SOFT_RESET, _TRANSCEIVE = 0x0F, 0x0C
_TIMER_IRQ, _IDLE_IRQ, _RX_IRQ, _TX_IRQ = 0x01, 0x10, 0x20, 0x40
_CARRIER_HZ = 13_560_000
_ANSWER_MS = 1.0
_RESET_MS = 0.05


class Rc522Reader(Reader):
    """`board` has `now_ms`, and `fitted.reader_cs` says which pin selects the chip."""

    WIRE = ("spi",)
    DIGITS = (8, 14, 20)

    def __init__(self, board: Any) -> None:
        super().__init__(board)
        self._board = board
        self.chip_select: int = board.fitted.reader_cs
        self._selected = False
        self._card: Card | None = None
        self._card_until_ms = 0.0
        self.exchanges: list[bytes] = []  # what was sent to cards, for tests
        self.transfers = 0
        self._reset()

    def _reset(self) -> None:
        self._registers = bytearray(64)
        self._registers[_TX_CONTROL] = 0x80
        self._registers[_MODE] = 0x3F
        self._registers[_VERSION] = 0x92
        self._fifo = bytearray()
        self._ends: tuple[float, bytes | None] | None = None
        self._ready_ms = self._board.now_ms + _RESET_MS

    def switch(self, on: bool) -> None:
        """Power off and on."""
        super().switch(on)
        self._reset()

    def present(self, tag: str, now_ms: float) -> None:
        """A card of 4, 7 or 10 bytes."""
        self._card = Card(bytes.fromhex(tag))
        self._card_until_ms = now_ms + HELD_MS

    def select(self, selected: bool) -> None:
        """Chip select, active low."""
        self._selected = selected

    def transfer(self, data: bytes) -> bytes:
        """Exchange bytes; nobody drives the line while it is not selected or has no power."""
        if not self._selected or not self.on:
            return b"\xff" * len(data)
        self.transfers += 1
        register = data[0] >> 1 & 0x3F
        if not data[0] & 0x80:
            for value in data[1:]:
                self._write(register, value)
            return bytes(len(data))
        self._settle()
        return bytes((0, *(self._read(address >> 1 & 0x3F) for address in data[:-1])))

    def _read(self, register: int) -> int:
        if register == _FIFO:
            return self._fifo.pop(0) if self._fifo else 0
        if register == _FIFO_LEVEL:
            return len(self._fifo)
        return self._registers[register]

    def _write(self, register: int, value: int) -> None:
        if self._board.now_ms < self._ready_ms:
            return
        registers = self._registers
        if register == _FIFO:
            self._fifo.append(value)
        elif register == _FIFO_LEVEL:
            if value & 0x80:
                self._fifo.clear()
        elif register == _COM_IRQ:
            registers[register] = (
                registers[register] | value & 0x7F
                if value & 0x80
                else registers[register] & ~value
            )
        elif register == _COMMAND and value & 0x0F == _SOFT_RESET:
            self._reset()
        elif register != _VERSION:
            registers[register] = value
            if register == _COMMAND:
                self._ends = None
            elif register == _BIT_FRAMING and value & 0x80:
                self._send(value & 7)

    def _send(self, bits: int) -> None:
        registers = self._registers
        if registers[_COMMAND] & 0x0F != _TRANSCEIVE:
            return
        frame = bytes(self._fifo)
        self._fifo.clear()
        self.exchanges.append(frame)
        now_ms = self._board.now_ms
        registers[_COM_IRQ] |= _TX_IRQ
        answer = self._field(frame, bits, now_ms)
        if answer is not None:
            self._ends = (now_ms + _ANSWER_MS, answer)
        elif registers[_T_MODE] & 0x80:
            self._ends = (now_ms + self._timer_ms(), None)

    def _timer_ms(self) -> float:
        registers = self._registers
        prescaler = (registers[_T_MODE] & 0x0F) << 8 | registers[_T_PRESCALER]
        reload = registers[_T_RELOAD_HIGH] << 8 | registers[_T_RELOAD_LOW]
        return (2 * prescaler + 1) * (reload + 1) * 1000 / _CARRIER_HZ

    def _field(self, frame: bytes, bits: int, now_ms: float) -> bytes | None:
        registers = self._registers
        antenna = registers[_TX_CONTROL] & 3 == 3 and registers[_TX_ASK] & 0x40
        if now_ms >= self._card_until_ms:
            self._card = None
        return self._card.hear(frame, bits) if self._card and antenna and frame else None

    def _settle(self) -> None:
        if self._ends is None or self._board.now_ms < self._ends[0]:
            return
        answer = self._ends[1]
        self._ends = None
        if answer is None:
            self._registers[_COM_IRQ] |= _TIMER_IRQ
        else:
            self._registers[_COM_IRQ] |= _RX_IRQ | _IDLE_IRQ
            self._fifo += answer
