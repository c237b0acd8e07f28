"""The classic ESP32's own CAN controller, by its registers, on stock MicroPython.

An SJA1000-like controller in PeliCAN mode, polled; the receive FIFO holds four full extended
frames, so `receive` must be called at least every 10 ms. Make it before Wi-Fi starts: the clock
gate's registers are shared with it. Pins, bits and addresses: ESP32 reference manual, TWAI.
"""

from micropython import const

from firmware.drivers.can import BUS_OFF, COUNT_MASK, OK, PASSIVE, STUCK_SENDS, WARNING
from firmware.errors import ChargerError

_CLOCK_GATE = const(0x3FF000C0)
_RESET_GATE = const(0x3FF000C4)
_GATE_BIT = const(1 << 19)
_OUT_SELECT = const(0x3FF44530)  # + 4 * pin = signal
_IN_SELECT = const(0x3FF44130)  # + 4 * signal = pin | 0x80
_SIGNAL_TX = const(123)
_SIGNAL_RX = const(94)

_MODE = const(0x3FF6B000)
_COMMAND = const(0x3FF6B004)
_STATUS = const(0x3FF6B008)
_INTERRUPT_ENABLE = const(0x3FF6B010)
_BUS_TIMING_0 = const(0x3FF6B018)
_BUS_TIMING_1 = const(0x3FF6B01C)
_RX_ERRORS = const(0x3FF6B038)
_TX_ERRORS = const(0x3FF6B03C)
_BUFFER = const(0x3FF6B040)  # frame info, id, data; in reset mode the acceptance code
_ID = const(0x3FF6B044)
_DATA = const(0x3FF6B054)  # of an extended frame
_DATA_STANDARD = const(0x3FF6B04C)
_ACCEPT_MASK = const(0x3FF6B050)  # in reset mode
_WAITING = const(0x3FF6B074)
_CLOCK_DIVIDER = const(0x3FF6B07C)

_RESET_MODE = const(0x01)
_SINGLE_FILTER = const(0x08)
_PELICAN = const(0x88)  # and no clock output
_TRANSMIT = const(0x01)
_ABORT = const(0x02)
_RELEASE = const(0x04)
_CLEAR_OVERRUN = const(0x08)
_RECEIVED = const(0x01)
_OVERRUN = const(0x02)
_TX_FREE = const(0x04)
_ERROR_WARNING = const(0x40)
_IS_BUS_OFF = const(0x80)
_EXTENDED = const(0x80)
_REMOTE = const(0x40)
_PASSIVE_FROM = const(128)

_QUANTA_HZ = const(2_000_000)  # 80 MHz / 2 / the 20 quanta of a bit
_SJW = const(2 << 6)
_SEGMENTS = const(14 | 3 << 4)  # 15 + 4 quanta: sampled at 80 %


class Twai:
    """CAN back end; `pin_tx`, `pin_rx` are the Pins with the numbers `tx`, `rx`."""

    def __init__(
        self, mem32: object, pin_tx: "Pin", pin_rx: "Pin", tx: int, rx: int, bitrate: int = 250_000
    ) -> None:
        prescaler = _QUANTA_HZ // bitrate
        if prescaler * bitrate != _QUANTA_HZ or prescaler > 64:
            raise ChargerError("TWAI: no bit timing for %d bit/s" % bitrate)
        self._timing_0 = prescaler - 1 | _SJW
        self._mem = mem32
        self._code = 0
        self._ignore = 0xFFFFFFFF
        self._sent = self._received = self._overruns = self._restarts = self._stuck = 0
        pin_tx.init(pin_tx.OUT, value=1)  # recessive; undoes the matrix, so it comes first
        pin_rx.init(pin_rx.IN)
        mem32[_CLOCK_GATE] |= _GATE_BIT
        mem32[_RESET_GATE] |= _GATE_BIT
        mem32[_RESET_GATE] &= ~_GATE_BIT
        mem32[_OUT_SELECT + 4 * tx] = _SIGNAL_TX
        mem32[_IN_SELECT + 4 * _SIGNAL_RX] = rx | 0x80
        if not self._start():
            raise ChargerError("TWAI: the CAN controller does not answer; a classic ESP32 has it")

    def _start(self) -> bool:
        mem = self._mem
        mem[_MODE] = _RESET_MODE
        mem[_CLOCK_DIVIDER] = _PELICAN
        mem[_INTERRUPT_ENABLE] = 0  # also: no extra prescaler on later chip revisions
        mem[_BUS_TIMING_0] = self._timing_0
        mem[_BUS_TIMING_1] = _SEGMENTS
        for i in range(4):
            mem[_BUFFER + 4 * i] = self._code >> (24 - 8 * i) & 0xFF
            mem[_ACCEPT_MASK + 4 * i] = self._ignore >> (24 - 8 * i) & 0xFF
        answers = mem[_CLOCK_DIVIDER] & 0x80 and mem[_BUS_TIMING_0] & 0xFF == self._timing_0
        mem[_MODE] = _RESET_MODE | _SINGLE_FILTER
        mem[_MODE] = _SINGLE_FILTER
        return bool(answers)

    def set_filters(self, filters: tuple) -> None:
        """There is one hardware filter: several are widened to what lets all of them through."""
        code = care = 0
        for index, (id, mask, ext) in enumerate(filters):
            shift = 3 if ext else 21
            if index:
                care &= mask << shift & ~(id << shift ^ code)
            else:
                code, care = id << shift, mask << shift
        self._code = code
        self._ignore = ~care & 0xFFFFFFFF
        self._start()

    def send(self, id: int, data: bytes, ext: bool = True) -> bool:
        """Hand over one frame of up to 8 bytes; False when the one buffer is not free."""
        mem = self._mem
        status = mem[_STATUS]
        if status & _IS_BUS_OFF:
            return False
        if not status & _TX_FREE:
            self._stuck += 1
            if self._stuck >= STUCK_SENDS:
                self._stuck = 0
                mem[_COMMAND] = _ABORT
            return False
        self._stuck = 0
        if ext:
            mem[_BUFFER] = _EXTENDED | len(data)
            mem[_ID] = id >> 21
            mem[_ID + 4] = id >> 13 & 0xFF
            mem[_ID + 8] = id >> 5 & 0xFF
            mem[_ID + 12] = (id & 0x1F) << 3  # in this order: no big int
            first = _DATA
        else:
            mem[_BUFFER] = len(data)
            mem[_ID] = id >> 3
            mem[_ID + 4] = id << 5 & 0xFF
            first = _DATA_STANDARD
        for i in range(len(data)):
            mem[first + 4 * i] = data[i]
        mem[_COMMAND] = _TRANSMIT
        self._sent = self._sent + 1 & COUNT_MASK
        return True

    def receive(self, frame: "Frame") -> bool:
        """Fill `frame` with the oldest one waiting; False when there is none."""
        mem = self._mem
        status = mem[_STATUS]
        if status & _OVERRUN:
            self._drop_waiting()
            return False
        if not status & _RECEIVED or status & _IS_BUS_OFF:
            return False
        info = mem[_BUFFER]
        frame.ext = info & _EXTENDED != 0
        frame.id = mem[_ID] << 3 | mem[_ID + 4] >> 5
        first = _DATA_STANDARD
        if frame.ext:
            frame.id = mem[_ID] << 21 | mem[_ID + 4] << 13 | mem[_ID + 8] << 5 | mem[_ID + 12] >> 3
            first = _DATA
        length = 0 if info & _REMOTE else min(info & 0x0F, 8)
        frame.len = length
        for i in range(length):
            frame.data[i] = mem[first + 4 * i]
        mem[_COMMAND] = _RELEASE
        self._received = self._received + 1 & COUNT_MASK
        return True

    def _drop_waiting(self) -> None:
        # After an overrun the ESP32's FIFO may hold mixed-up frames: nothing in it is trusted.
        mem = self._mem
        for _ in range(64):
            if not mem[_WAITING] & 0x7F:
                break
            mem[_COMMAND] = _RELEASE
        mem[_COMMAND] = _CLEAR_OVERRUN
        self._overruns = self._overruns + 1 & COUNT_MASK

    def state(self) -> int:
        """OK, WARNING, PASSIVE or BUS_OFF."""
        mem = self._mem
        status = mem[_STATUS]
        if status & _IS_BUS_OFF or mem[_MODE] & _RESET_MODE:
            return BUS_OFF
        if mem[_TX_ERRORS] >= _PASSIVE_FROM or mem[_RX_ERRORS] >= _PASSIVE_FROM:
            return PASSIVE
        return WARNING if status & _ERROR_WARNING else OK

    def counters(self) -> tuple:
        """(sent, received, overruns, restarts) since power-up."""
        return self._sent, self._received, self._overruns, self._restarts

    def restart(self) -> bool:
        """Leave bus-off (it takes 128 times 11 recessive bits) and drop what waits to be sent."""
        self._restarts = self._restarts + 1 & COUNT_MASK
        return self._start()
