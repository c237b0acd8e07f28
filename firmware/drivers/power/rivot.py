"""The Rivot power module on CAN1, of which we are the master; others share its encoder.

A request is `01 register 00 flag value`: the value a 32-bit number, big-endian. Inside values are
asked for; terminals, state and heartbeat are broadcast. Scales nobody has proven are arguments.
"""

from struct import pack_into, unpack_from

from micropython import const

from firmware.charging.readings import FAULT_MODULE, FAULT_OVER_TEMPERATURE

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("can", 250_000)
_CONTROL = const(0x068181FE)
_CONTROL_REPLY = const(0x0681817E)
_TELEMETRY = const(0x068182FE)
_TELEMETRY_REPLY = const(0x0681827E)
_TERMINALS = const(0x00433F01)
_STATE = const(0x00473F01)
_HEARTBEAT = const(0x18FF50E5)
_EXACTLY = const(0x1FFFFFFF)
FILTERS = (
    (_CONTROL_REPLY, _EXACTLY, True),
    (_TELEMETRY_REPLY, _EXACTLY, True),
    (_TERMINALS, _EXACTLY, True),
    (_STATE, _EXACTLY, True),
    (_HEARTBEAT, _EXACTLY, True),
)

# Positions in the table of registers.
_SWITCH = const(2)  # after the set points of volts and amps
_OUT_VOLTS = const(3)
_OUT_AMPS = const(4)
_HEAT = const(5)
_REGISTERS = b"\x00\x03\x32\x84\x82\x80"
_QUESTIONS = b"\x84\x80\x84\x82"  # the output voltage twice as often: it decides precharge
_MAX = const(1_000_000)  # mV, mA
# Positions in `_scales`, after those of the set points: per 10 A measured, the bits that count.
_MEASURED_SCALE = const(2)
_MASK = const(3)
_HEAT_SCALE = const(4)


class RivotModule(ModuleDriver):
    """Set points are `voltage_scale` counts per V and `current_scale_x10` counts per 10 A,
    temperatures `counts_per_c` counts per °C.
    """

    turn_ms = 250  # control and telemetry alternate: one request a group every 500 ms
    control_id = _CONTROL
    registers = _REGISTERS

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        voltage_scale: int = 1024,
        current_scale_x10: int = 305,
        counts_per_c: int = 1000,
    ) -> None:
        ModuleDriver.__init__(self, can, reading, _MAX, _MAX, 0, 3)
        reading.senses_gun = True
        self._scales = (voltage_scale, current_scale_x10, 100, 0xFFFF, counts_per_c)

    # ---- the encoder ----

    def _send(self, id: int, register: int, value: int = 0, flag: int = 0) -> bool:
        request = self._request
        request[0] = 1
        request[1] = register
        request[3] = flag
        pack_into(">I", request, 4, value)
        return self._can.send(id, request)

    def _send_switch(self) -> bool:
        return self._send(self.control_id, self.registers[_SWITCH], 0, 0 if self._on else 1)

    def _send_set_point(self, i: int) -> bool:
        """Rounded down to what the module counts in."""
        scale = self._scales[i]
        unit = 10_000 if i else 1_000
        target = self._targets[i]
        # Whole units and the rest apart: no product passes 2^30 at any sensible scale.
        value = target // unit * scale + target % unit * scale // unit
        return self._send(self.control_id, self.registers[i], value)

    def _take(self, data: bytearray) -> bool:
        """A register's value into the reading; False when it makes no sense."""
        reading = self._reading
        scales = self._scales
        value = data[5] << 16 | data[6] << 8 | data[7]  # the highest byte is never used
        register = data[1]
        registers = self.registers
        if register == registers[_SWITCH]:
            if data[3] > 1:
                return False
            self._is_on(data[3] == 0)
        elif register == registers[_OUT_VOLTS]:
            reading.output_mv = value * 1000 // scales[0]
            self._measured(VOLTS)
        elif register == registers[_OUT_AMPS]:
            reading.output_ma = (value & scales[_MASK]) * 10_000 // scales[_MEASURED_SCALE]
            self._measured(AMPS)
        elif register == registers[_HEAT]:
            reading.temperature_c10 = value * 10 // scales[_HEAT_SCALE]
        return True

    # ---- what only this module has ----

    def _send_turn(self) -> bool:
        turn = self._turn % 24  # both rounds, of three and of four, begin together again
        step = turn // 2
        if turn & 1:
            return self._send(_TELEMETRY, _QUESTIONS[step % 4])
        return self._tell(step % 3 - 1) if step % 3 else self._switch()

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        if not frame.ext or frame.len != 8:
            return False
        id = frame.id
        data = frame.data
        if id == _TERMINALS:
            volts, amps = unpack_from(">ff", data)
            if not (-1000 < volts < 1000 and -1000 < amps < 1000):  # not a number fails as well
                return False
            reading = self._reading
            reading.terminal_mv = int(round(volts * 1000))
            reading.terminal_ma = int(round(amps * 1000))
            reading.age_ms = 0
            self._heard()
            return True
        if id in (_CONTROL_REPLY, _TELEMETRY_REPLY):
            return data[0] == 1 and self._take(data)
        if id == _STATE:
            self._heard(1)
            if data[6] == 3 and data[7] == 2:  # charging
                self._is_on(True)
        elif id == _HEARTBEAT:
            self._heard(2)
            flags = data[4]
            self._has_fault((flags & 1 and FAULT_MODULE) | (flags & 2 and FAULT_OVER_TEMPERATURE))
        else:
            return False
        return True


def make(can: "Can", reading: "ModuleReading", options: "Options") -> RivotModule:
    """The driver on its bus."""
    can.set_filters(FILTERS)
    return RivotModule(can, reading, current_scale_x10=options.module_amps_scale_x10)
