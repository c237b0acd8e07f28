"""Sets up the ESP32's CAN controller: gates, pins, timing, filter. Loaded on demand by twai.py."""

from micropython import const

from firmware.errors import ChargerError

_CLOCK_GATE = const(0x3FF000C0)
_RESET_GATE = const(0x3FF000C4)
_GATE_BIT = const(1 << 19)
_OUT_SELECT = const(0x3FF44530)  # + 4 * pin = signal
_IN_SELECT = const(0x3FF44130)  # + 4 * signal = pin | 0x80
_SIGNAL_TX = const(123)
_SIGNAL_RX = const(94)
_MODE = const(0x3FF6B000)
_INTERRUPT_ENABLE = const(0x3FF6B010)
_BUS_TIMING_0 = const(0x3FF6B018)
_BUS_TIMING_1 = const(0x3FF6B01C)
_BUFFER = const(0x3FF6B040)  # frame info, id, data; in reset mode the acceptance code
_ACCEPT_MASK = const(0x3FF6B050)  # in reset mode
_CLOCK_DIVIDER = const(0x3FF6B07C)
_RESET_MODE = const(0x01)
_SINGLE_FILTER = const(0x08)
_PELICAN = const(0x88)  # and no clock output
_QUANTA_HZ = const(2_000_000)  # 80 MHz / 2 / the 20 quanta of a bit
_SJW = const(2 << 6)
_SEGMENTS = const(14 | 3 << 4)  # 15 + 4 quanta: sampled at 80 %


def route(mem: object, pin_tx: "Pin", pin_rx: "Pin", tx: int, rx: int) -> None:
    """Open the clock gate and lead the controller's signals to the pins."""
    pin_tx.init(pin_tx.OUT, value=1)  # recessive; undoes the matrix, so it comes first
    pin_rx.init(pin_rx.IN)
    mem[_CLOCK_GATE] |= _GATE_BIT
    mem[_RESET_GATE] |= _GATE_BIT
    mem[_RESET_GATE] &= ~_GATE_BIT
    mem[_OUT_SELECT + 4 * tx] = _SIGNAL_TX
    mem[_IN_SELECT + 4 * _SIGNAL_RX] = rx | 0x80


def start(mem: object, bitrate: int, filters: tuple) -> bool:
    """Reset the controller and bring it onto the bus; False when it does not answer.

    Raises ChargerError for a bit rate that cannot be made.
    """
    prescaler = _QUANTA_HZ // bitrate
    if prescaler * bitrate != _QUANTA_HZ or prescaler > 64:
        raise ChargerError("TWAI: no bit timing for %d bit/s" % bitrate)
    timing_0 = prescaler - 1 | _SJW
    code, ignore = _filter(filters)
    mem[_MODE] = _RESET_MODE
    mem[_CLOCK_DIVIDER] = _PELICAN
    mem[_INTERRUPT_ENABLE] = 0  # also: no extra prescaler on later chip revisions
    mem[_BUS_TIMING_0] = timing_0
    mem[_BUS_TIMING_1] = _SEGMENTS
    for i in range(4):
        mem[_BUFFER + 4 * i] = code >> (24 - 8 * i) & 0xFF
        mem[_ACCEPT_MASK + 4 * i] = ignore >> (24 - 8 * i) & 0xFF
    answers = mem[_CLOCK_DIVIDER] & 0x80 and mem[_BUS_TIMING_0] & 0xFF == timing_0
    mem[_MODE] = _RESET_MODE | _SINGLE_FILTER
    mem[_MODE] = _SINGLE_FILTER
    return bool(answers)


def _filter(filters: tuple) -> "tuple[int, int]":
    """Acceptance code and don't-care mask: one filter, widened to let all of `filters` through."""
    code = care = 0
    for index, (id, mask, ext) in enumerate(filters):
        shift = 3 if ext else 21
        if index:
            care &= mask << shift & ~(id << shift ^ code)
        else:
            code, care = id << shift, mask << shift
    return code, ~care & 0xFFFFFFFF
