"""A Modbus RTU meter by a table: which registers are volts, amps and energy, and in which form.

hardware-protocols.md section 5. The table is a preset or the user's meter.tbl (tables.py reads
both). The reading is taken over whole, when every block of registers has been read.
"""

from struct import pack, unpack

from micropython import const

from firmware.drivers.meter.modbus_rtu import ANSWERED, EXCEPTION, WAITING, ModbusRtu
from firmware.on_demand import load

WIRE = ("uart", None, 8, None, 1)  # baud rate and parity by options

# A plan is ((function, first register, count, fields), ...); a field is (which, place of its first
# byte, kind, times, by, place of its decimal point or -1), in mV, mA, Wh.
VOLTAGE = const(0)
CURRENT = const(1)
ENERGY = const(2)

# Kinds.
U16 = const(0)
S16 = const(1)
U32 = const(2)
S32 = const(3)
F32 = const(4)
LOW_FIRST = const(8)  # added: the low word comes first

_PERIOD_MS = const(500)  # a round of questions begins that often
_PAUSE_MS = const(30)  # between an answer and the next question
_MAX_POINT = const(6)
_MAX_MV = const(1_000_000)
_MAX_MA = const(1_000_000)
# What the control tick multiplies has to stay a small number (charging/meter.py).
_MAX_POWER = const(1 << 30)
_MAX_WH = const(1 << 30)


def number(data: "bytes | memoryview", at: int, kind: int) -> "int | float":
    """The value of the registers at byte `at`."""
    value = data[at] << 8 | data[at + 1]
    bits = 16
    form = kind & 7
    if form >= U32:
        other = data[at + 2] << 8 | data[at + 3]
        value = other << 16 | value if kind & LOW_FIRST else value << 16 | other
        bits = 32
    if form == F32:
        return unpack(">f", pack(">I", value))[0]
    if form in (S16, S32) and value >> (bits - 1):
        value -= 1 << bits
    return value


class ModbusMeter:
    """Driver; `refused` counts readings that make no sense."""

    def __init__(self, uart: "UART", reading: "MeterReading", address: int, plan: tuple) -> None:
        self._line = ModbusRtu(uart, address, max(block[2] for block in plan))
        self._reading = reading
        self._plan = plan
        self._block = 0
        self._asked = False
        self._values = [0, 0, -1]
        self._register_wh = -1  # the meter's own, as last read
        self._waited_ms = 0  # since the last answer
        self._round_ms = _PERIOD_MS  # since the first question of this round
        self.refused = 0

    def poll(self, dt_ms: int) -> None:
        """Take in what came, ask what is due; call it often. `dt_ms` since the last call."""
        self._waited_ms = min(self._waited_ms + dt_ms, _PERIOD_MS)
        self._round_ms = min(self._round_ms + dt_ms, _PERIOD_MS)
        if self._asked:
            outcome = self._line.poll(dt_ms)
            if outcome == WAITING:
                return
            self._asked = False
            self._waited_ms = 0
            if outcome == ANSWERED:
                self._take()
                return
            if outcome == EXCEPTION:
                self._reading.fault = 1
            self._block = 0
        elif self._waited_ms >= _PAUSE_MS and (self._block or self._round_ms >= _PERIOD_MS):
            if not self._block:
                self._round_ms = 0
            function, register, count, _ = self._plan[self._block]
            self._line.ask(function, register, count)
            self._asked = True

    def _take(self) -> None:
        """A block has come; with the last one, the reading."""
        fields = self._plan[self._block][3]
        data = self._line.data
        for which, at, kind, times, by, point in fields:
            value = number(data, at, kind)
            if not -1e9 < value < 5e9:  # nor is it when it is no number
                self._refuse()
                return
            if point >= 0:
                point = data[point] << 8 | data[point + 1]
                if point > _MAX_POINT:
                    self._refuse()
                    return
                times *= 10**point
            self._values[which] = int(value * times // by)
        self._block += 1
        if self._block == len(self._plan):
            self._block = 0
            self._finish()

    def _refuse(self) -> None:
        self.refused += 1
        self._block = 0

    def _finish(self) -> None:
        voltage_mv, current_ma, register_wh = self._values
        if (
            not 0 <= voltage_mv <= _MAX_MV
            or abs(current_ma) > _MAX_MA
            or voltage_mv // 10 * abs(current_ma) >= _MAX_POWER
            or register_wh >= _MAX_WH
        ):
            self._refuse()
            return
        reading = self._reading
        reading.voltage_mv = voltage_mv
        reading.current_ma = current_ma
        if register_wh >= 0:
            self._count(register_wh)
        reading.fault = 0
        reading.age_ms = 0

    def _count(self, register_wh: int) -> None:
        """A register that was reset, or is full and begins at 0 again, does not count back."""
        reading = self._reading
        moved = register_wh - self._register_wh
        if self._register_wh < 0:
            reading.energy_wh = register_wh
        elif moved > 0 and reading.energy_wh < _MAX_WH - moved:
            reading.energy_wh += moved
        self._register_wh = register_wh


def make(uart: "UART", reading: "MeterReading", options: "Settings") -> ModbusMeter:
    """The driver on its UART. ChargerError: the table is not there, or wrong."""
    plan = load("firmware.drivers.meter.tables").plan(options.meter_table)
    return ModbusMeter(uart, reading, options.meter_address, plan)
