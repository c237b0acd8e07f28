"""The classic ESP32's own CAN controller, by its registers, on stock MicroPython.

An SJA1000-like controller in PeliCAN mode, polled; the receive FIFO holds four full extended
frames, so `receive` must be called at least every 10 ms. Make it before Wi-Fi starts: the clock
gate's registers are shared with it. Pins, bits and addresses: ESP32 reference manual, TWAI.
"""

from micropython import const

from firmware.drivers.can import BUS_OFF, COUNT_MASK, OK, PASSIVE, STUCK_SENDS, WARNING
from firmware.errors import ChargerError
from firmware.on_demand import load

_MODE = const(0x3FF6B000)
_COMMAND = const(0x3FF6B004)
_STATUS = const(0x3FF6B008)
_RX_ERRORS = const(0x3FF6B038)
_TX_ERRORS = const(0x3FF6B03C)
_BUFFER = const(0x3FF6B040)  # frame info, id, data; in reset mode the acceptance code
_ID = const(0x3FF6B044)
_DATA = const(0x3FF6B054)  # of an extended frame
_DATA_STANDARD = const(0x3FF6B04C)
_WAITING = const(0x3FF6B074)

_RESET_MODE = const(0x01)
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


class Twai:
    """CAN back end; `pin_tx`, `pin_rx` are the Pins with the numbers `tx`, `rx`."""

    def __init__(
        self, mem32: object, pin_tx: "Pin", pin_rx: "Pin", tx: int, rx: int, bitrate: int = 250_000
    ) -> None:
        self._bitrate = bitrate
        self._mem = mem32
        self._filters = ()
        self._sent = self._received = self._overruns = self._restarts = self._stuck = 0
        self._setup().route(mem32, pin_tx, pin_rx, tx, rx)
        if not self._start():
            raise ChargerError("TWAI: the CAN controller does not answer; a classic ESP32 has it")

    def _setup(self) -> "Module":
        return load("firmware.drivers.can.twai_setup")

    def _start(self) -> bool:
        return self._setup().start(self._mem, self._bitrate, self._filters)

    def set_filters(self, filters: tuple) -> None:
        """There is one hardware filter: several are widened to what lets all of them through."""
        self._filters = filters
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
