"""The MCP2515 CAN controller on SPI: one transfer a command, buffers made once.

INT is a level: low while a frame waits. The chip holds two frames and a full one of ours; two
back-to-back frames arrive within 1 ms, so set filters. Registers and commands: data sheet
DS20001801, chapters 3 to 5 (bit timing), 11 (registers), 12 (SPI commands).
"""

from micropython import const

from firmware.drivers.can import BUS_OFF, COUNT_MASK, OK, PASSIVE, STUCK_SENDS, WARNING
from firmware.errors import ChargerError
from firmware.on_demand import load

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
_EFLG = const(0x2D)
_TXB0CTRL = const(0x30)
_FILTERS = const(6)

_MODE_BITS = const(0xE0)
_NORMAL = const(0x00)
_NO_TXREQ = b"\x08\x00"  # mask, value for _MODIFY
_NO_OVERRUNS = b"\xc0\x00"
_TX0_PENDING = const(0x04)  # in the answer to _STATUS
_EXIDE = const(0x08)
_REMOTE_STANDARD = const(0x10)
_REMOTE_EXTENDED = const(0x40)
_OVERRUNS = const(0xC0)  # EFLG
_IS_BUS_OFF = const(0x20)
_IS_PASSIVE = const(0x18)
_IS_WARNING = const(0x07)


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
        self._crystal_hz = crystal_hz
        self._bitrate = bitrate
        self._spi = spi
        self._cs = cs
        self._interrupt = interrupt_pin
        self.buffer = buffer = bytearray(14)
        self._views = {n: memoryview(buffer)[:n] for n in (1, 2, 3, 4, 5, 6, 14)}
        self._filters = ()
        self._sent = self._received = self._overruns = self._restarts = self._stuck = 0
        cs(1)
        problem = self._start()
        if problem:
            raise ChargerError("MCP2515: " + problem)

    def _start(self) -> str:
        setup = load("firmware.drivers.can.mcp2515_setup")
        return setup.start(self, self._crystal_hz, self._bitrate, self._filters)

    def command(self, command: int, length: int) -> int:
        """Transfer the command and what lies behind it in the buffer; the last byte answered."""
        buffer = self.buffer
        buffer[0] = command
        view = self._views[length]
        self._cs(0)
        self._spi.write_readinto(view, view)  # the answer overwrites the command
        self._cs(1)
        return buffer[length - 1]

    def register(self, register: int) -> int:
        self.buffer[1] = register
        return self.command(_READ, 3)

    def set_register(self, register: int, values: bytes, command: int = _WRITE) -> None:
        self.buffer[1] = register
        for i in range(len(values)):
            self.buffer[2 + i] = values[i]
        self.command(command, 2 + len(values))

    def set_filters(self, filters: tuple) -> None:
        """Up to six, exact where the first two share a mask and the others share one."""
        self._filters = filters if len(filters) <= _FILTERS else ()
        self._start()

    def put_id(self, at: int, id: int, ext: bool) -> None:
        if not ext:
            id <<= 18
        buffer = self.buffer
        buffer[at] = id >> 21
        buffer[at + 1] = id >> 13 & 0xE0 | (_EXIDE if ext else 0) | id >> 16 & 0x03
        buffer[at + 2] = id >> 8 & 0xFF
        buffer[at + 3] = id & 0xFF

    def send(self, id: int, data: bytes, ext: bool = True) -> bool:
        """Hand over one frame of up to 8 bytes; False while the one before waits for the bus."""
        if self.command(_STATUS, 2) & _TX0_PENDING:
            self._stuck += 1
            if self._stuck >= STUCK_SENDS:
                self._stuck = 0
                self.set_register(_TXB0CTRL, _NO_TXREQ, _MODIFY)
            return False
        self._stuck = 0
        self.put_id(1, id, ext)
        self.buffer[5] = len(data)
        for i in range(len(data)):
            self.buffer[6 + i] = data[i]
        self.command(_LOAD_TX0, 14)  # only TXB0 is used: frames leave in order
        self.command(_SEND_TX0, 1)
        self._sent = self._sent + 1 & COUNT_MASK
        return True

    def receive(self, frame: "Frame") -> bool:
        """Fill `frame`; False when none waits, which costs no SPI transfer."""
        if self._interrupt():
            return False
        waiting = self.command(_RX_STATUS, 2) & 0xC0
        if not waiting:
            return False
        self.command(_READ_RX0 if waiting & 0x40 else _READ_RX1, 14)  # frees the buffer as well
        buffer = self.buffer
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
        flags = self.register(_EFLG)
        if flags & _OVERRUNS:
            self._overruns = self._overruns + 1 & COUNT_MASK
            self.set_register(_EFLG, _NO_OVERRUNS, _MODIFY)
        # Another mode than normal: the chip lost its supply and forgot everything.
        if flags & _IS_BUS_OFF or self.register(_CANSTAT) & _MODE_BITS != _NORMAL:
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
