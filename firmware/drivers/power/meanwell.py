"""Mean Well chargers and supplies with CAN (NPB, NPP, BIC), 250 kbit/s.

hardware-protocols.md section 3.2. Before anything else it is made a power supply (not a charger
with a curve of its own) that does not write set points to its EEPROM; until both are read back it
gets no set point and is not switched on. It has no watchdog of its own. Its least and highest
voltage and current are options: see the data sheet. The layout of its scale factors is unverified.
"""

from micropython import const

from firmware.charging.readings import FAULT_MODULE, FAULT_OVER_TEMPERATURE

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("can", 250_000)
_NPB = const(0x000C0000)
_BIC = const(0x000C0200)
_TO_MODULE = const(0x100)
_EXACTLY = const(0x1FFFFFFF)

_OPERATION = const(0x00)
_SET_VOLTS = const(0x20)
_SET_AMPS = const(0x30)
_FAULTS = const(0x40)
_OUT_VOLTS = const(0x60)
_OUT_AMPS = const(0x61)
_HEAT = const(0x62)
_CURVE = const(0xB4)
_SCALES = const(0xC0)
_CONFIG = const(0xC2)
_SETUP = b"\xb4\xc2\xc0"
_ROUND = b"\x60\x61\x40\x60\x61\x00\x60\x61\x62\x60\x61\x20\x60\x61\x30"

_CHARGER_MODE = const(0x80)
_WANTED_CONFIG = const(0x401)  # EEPROM off, CAN control
_TRIES = const(5)  # to set it up: each one is a write to its EEPROM
_HOT_BITS = const(0x82)
_FAULT_BITS = const(0x3D)  # fan, over-voltage, overload, short, mains
# Scale factors: 4 = 0.001, 5 = 0.01, 6 = 0.1, 7 = 1.
_UNITS = (1, 10, 100, 1000)
_LEAST_SCALE = const(4)


class MeanWell(ModuleDriver):
    """The unit whose answers have the id `answers`."""

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        answers: int,
        max_mv: int,
        max_ma: int,
        min_mv: int,
        scaled: bool = True,
    ) -> None:
        ModuleDriver.__init__(self, can, reading, max_mv, max_ma, min_mv)
        self._from = answers
        self._steps = 3 if scaled else 2  # of the set-up
        self._step = 0
        self._tries = 0
        self._ready = False
        self._units = [10, 10]  # mV and mA a count
        self._told = [-1, -1]  # as it counts
        self._question = bytearray(2)
        self._byte = bytearray(3)
        self._word = bytearray(4)

    def _forget(self) -> None:
        ModuleDriver._forget(self)
        self._step = self._tries = 0
        self._ready = False

    def _write(self, command: int, value: int) -> bool:
        word = self._word
        word[0] = command
        word[2] = value & 0xFF
        word[3] = value >> 8
        return self._can.send(self._from | _TO_MODULE, word)

    def _send_switch(self) -> bool:
        self._byte[2] = 1 if self._on else 0
        return self._can.send(self._from | _TO_MODULE, self._byte)

    def _send_set_point(self, i: int) -> bool:
        count = min(self._targets[i] // self._units[i], 0xFFFF)
        if not self._write(_SET_AMPS if i else _SET_VOLTS, count):
            return False
        self._told[i] = count
        return True

    def _send_turn(self) -> bool:
        turn = self._turn
        asked = _ROUND[turn % len(_ROUND)]
        if not self._ready and turn & 1:
            asked = _SETUP[self._step]
        self._question[0] = asked
        return self._can.send(self._from | _TO_MODULE, self._question)

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        if not frame.ext or frame.id != self._from:
            return False
        data = frame.data
        if frame.len < 3 or data[1]:
            self.refused += 1
            return False
        self._heard()
        command = data[0]
        if command == _OPERATION:
            self._is_on(data[2] == 1)
            return True
        if frame.len < 4:
            self.refused += 1
            return False
        value = data[2] | data[3] << 8
        if command in _SETUP:
            self._set_up(command, value)
        else:
            self._take(command, value)
        return True

    def _take(self, command: int, value: int) -> None:
        reading = self._reading
        if command == _OUT_VOLTS:
            reading.output_mv = value * self._units[0]
            self._measured(VOLTS)
        elif command == _OUT_AMPS:
            reading.output_ma = (value - (value >> 15 << 16)) * self._units[1]
            self._measured(AMPS)
        elif command == _HEAT:
            reading.temperature_c10 = value - (value >> 15 << 16)
        elif command == _FAULTS:
            fault = FAULT_OVER_TEMPERATURE if value & _HOT_BITS else 0
            if value & _FAULT_BITS or self._tries >= _TRIES:
                fault |= FAULT_MODULE
            self._has_fault(fault)
        elif command == _SET_VOLTS and value != self._told[0]:
            self._sent[0] = -1  # it has forgotten it
        elif command == _SET_AMPS and value != self._told[1]:
            self._sent[1] = -1

    def _set_up(self, command: int, value: int) -> None:
        """One step on when it is as it must be, else a write; then it is asked again."""
        if self._ready or command != _SETUP[self._step]:
            return
        wanted = value
        if command == _CURVE:
            wanted = value & ~_CHARGER_MODE
        elif command == _CONFIG:
            wanted = value | _WANTED_CONFIG
        elif not self._take_scales(value):
            self.refused += 1
            return
        if wanted == value:
            self._step += 1
            self._ready = self._step == self._steps
        elif self._tries < _TRIES and self._write(command, wanted):
            self._tries += 1

    def _take_scales(self, value: int) -> bool:
        """Lowest four bits: volts, next four: amps; 0 = it has none, then 0.01."""
        for i in (0, 1):
            scale = value >> 4 * i & 0xF
            if scale == 0:
                self._units[i] = 10
            elif 0 <= scale - _LEAST_SCALE < len(_UNITS):
                self._units[i] = _UNITS[scale - _LEAST_SCALE]
            else:
                return False
        return True


def make(can: "Can", reading: "ModuleReading", options: "Options") -> MeanWell:
    """The driver on its bus."""
    answers = (_BIC if options.power_bic else _NPB) | options.power_address
    can.set_filters(((answers, _EXACTLY, True),))
    return MeanWell(
        can, reading, answers, options.power_max_mv, options.power_max_ma, options.power_min_mv,
        options.power_scales,
    )  # fmt: skip
