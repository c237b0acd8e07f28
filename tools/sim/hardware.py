"""Everything outside the ESP32 on the rivot_100a board, and the chip's own CAN and UART.

Synchronous and deterministic: accesses come in, `advance` moves time. Owns the truth of the plant;
knows nothing of processes, sockets or the firmware.
"""

from collections.abc import Callable
from typing import Any

from tools.sim.chips.can_bus import CanBus
from tools.sim.chips.mcp2515 import Mcp2515
from tools.sim.chips.twai import Twai
from tools.sim.chips.uart import Uart
from tools.sim.plant import reader
from tools.sim.plant.battery import Battery
from tools.sim.plant.contactor import Contactor
from tools.sim.plant.power_module import PowerModule
from tools.sim.plant.vehicle import Vehicle

CONTACTOR, ENABLE, LAMP = 25, 26, 17
FEEDBACK, E_STOP, GUN, BUTTON = 27, 32, 33, 13
TWAI_TX, TWAI_RX = 21, 22
SPI_BUS, MCP_CS, MCP_INT = 2, 5, 4
TAG_UART, TAG_BAUD = 2, 9600
_PINS = {CONTACTOR, ENABLE, LAMP, FEEDBACK, E_STOP, GUN, BUTTON, TWAI_TX, TWAI_RX, MCP_CS, MCP_INT,
         16, 18, 19, 23}  # fmt: skip
_IN, _PULL_UP = 1, 2
_STEP_MS = 5.0
_BOUNCE_MS = 5
_PRESS_MS = 300


class HardwareError(Exception):
    """The firmware touched something that is not there."""


class _Pin:
    def __init__(self) -> None:
        self.mode = _IN
        self.pull = 0
        self.level = 0  # as driven


class Hardware:
    """The board and what is wired to it. `options`: soc, voltage, current_limit, temperature."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        options = options or {}
        self.now_ms = 0.0
        self._pins = {number: _Pin() for number in _PINS}
        self._module_bus, self._bms_bus = CanBus(), CanBus()
        self.twai = Twai(self._module_bus, TWAI_TX, TWAI_RX)
        self.mcp2515 = Mcp2515(self._bms_bus)
        self._uart = Uart()
        self.battery = Battery(options.get("soc", 87.0), options.get("voltage", 76.38))
        self.vehicle = Vehicle(self._bms_bus, self.battery)
        self.module = PowerModule(self._module_bus)
        self.contactor = Contactor()
        self._e_stop = False
        self._changed_ms = dict.fromkeys((GUN, BUTTON), -1000.0)
        self._pressed_until_ms = -1.0
        self._wh = 0.0
        self._amps = 0.0
        self._edge_ms: float | None = None
        self._edge_to_off_ms: float | None = None
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "plug": self._plug, "unplug": self._unplug, "tag": self._tag, "button": self._button,
            "estop": self._estop, "bms": self._bms, "module": self._module, "weld": self._weld,
        }  # fmt: skip

    # ---- time ----

    def advance(self, to_ms: float) -> None:
        """Let plant and chips live up to `to_ms`."""
        while self.now_ms < to_ms:
            self._step(min(to_ms, self.now_ms + _STEP_MS))

    def _step(self, now_ms: float) -> None:
        dt_ms = now_ms - self.now_ms
        self.now_ms = now_ms
        for node in (self.twai, self.mcp2515):
            node.now_ms = now_ms
        terminal_v = self.terminal_v()
        self.contactor.step(
            now_ms, self._coil(), self.module.amps, self.module.output_v - terminal_v
        )
        self.vehicle.step(now_ms)
        connected = self.contactor.closed and self.vehicle.plugged
        demand = self._demand() if connected else None
        self.module.step(now_ms, demand, terminal_v)
        self._module_bus.advance(now_ms)
        self._bms_bus.advance(now_ms)
        self._amps = self.module.amps if connected else 0.0
        if self._amps:
            self._wh += self.terminal_v() * self._amps * dt_ms / 3_600_000
            self.battery.charge(self._amps, dt_ms, self.vehicle.capacity_ah())
        self._watch_edge()

    def _coil(self) -> bool:
        """The pin, and the interlock in hardware: E-stop and gun break the coil."""
        pin = self._pins[CONTACTOR]
        return pin.mode != _IN and pin.level == 1 and not self._e_stop and self.vehicle.plugged

    def _demand(self) -> float:
        return min(self.vehicle.accepts_a(), self.battery.amps_at(self.module.set_v))

    def terminal_v(self) -> float:
        """Voltage at the gun's terminals."""
        if self.vehicle.plugged:
            return self.battery.terminal_v(self._amps)
        return self.module.output_v if self.contactor.closed else 0.0

    def _edge(self) -> None:
        self._edge_ms = self.now_ms
        self._edge_to_off_ms = None

    def _watch_edge(self) -> None:
        if self._edge_ms is None or self._edge_to_off_ms is not None:
            return
        open_ = not self.contactor.closed or self.contactor.welded
        if not self.module.on and open_:
            self._edge_to_off_ms = self.now_ms - self._edge_ms

    # ---- pins ----

    def _pin(self, number: int) -> _Pin:
        if number not in self._pins:
            raise HardwareError(f"GPIO {number} is not wired on this board")
        return self._pins[number]

    def pin_mode(self, number: int, mode: int, pull: int) -> None:
        """Direction and pull of a pin."""
        pin = self._pin(number)
        pin.mode, pin.pull = mode, pull
        self._select()

    def pin_write(self, number: int, level: int) -> None:
        """Drive a pin."""
        self._pin(number).level = 1 if level else 0
        if number == MCP_CS:
            self._select()

    def _select(self) -> None:
        pin = self._pins[MCP_CS]
        self.mcp2515.select(pin.mode != _IN and pin.level == 0)

    def pin_read(self, number: int) -> int:
        """Level of a pin: as driven, or as what is wired to it pulls it."""
        pin = self._pin(number)
        if pin.mode != _IN:
            return pin.level
        if number == MCP_INT:
            return 0 if self.mcp2515.interrupt() else 1
        if self._to_ground(number):
            return 0
        return 1 if pin.pull == _PULL_UP else 0

    def _to_ground(self, number: int) -> bool:
        """Is the contact on this input closed to ground."""
        if number == FEEDBACK:
            return self.contactor.closed
        if number == E_STOP:
            return not self._e_stop
        if number == GUN:
            return self.vehicle.plugged != self._bounces(GUN)
        if number == BUTTON:
            return (self.now_ms < self._pressed_until_ms) != self._bounces(BUTTON)
        return False

    def _bounces(self, number: int) -> bool:
        since = self.now_ms - self._changed_ms[number]
        return 0 <= since < _BOUNCE_MS and int(since) % 2 == 1

    def release_outputs(self) -> None:
        """The ESP32 is in reset: pins float, its own peripherals forget; the rest lives on."""
        for pin in self._pins.values():
            pin.mode, pin.pull, pin.level = _IN, 0, 0
        self.mcp2515.select(False)
        self.twai.reset_chip()
        self._uart.clear()

    # ---- buses ----

    def mem_read(self, address: int) -> int:
        """A peripheral register."""
        if not self.twai.knows(address):
            raise HardwareError(f"nothing at address {address:#x}")
        return self.twai.read(address)

    def mem_write(self, address: int, value: int) -> None:
        """A peripheral register."""
        if not self.twai.knows(address):
            raise HardwareError(f"nothing at address {address:#x}")
        self.twai.write(address, value)

    def spi_init(self, bus: int, baudrate: int, polarity: int, phase: int) -> None:
        """Set up an SPI bus; the MCP2515 takes modes 0,0 and 1,1 up to 10 MHz."""
        if bus != SPI_BUS:
            raise HardwareError(f"no chip on SPI {bus}")
        if polarity != phase or baudrate > 10_000_000:
            raise HardwareError(f"the MCP2515 cannot do mode {polarity},{phase} at {baudrate} Hz")

    def spi_transfer(self, bus: int, data: bytes) -> bytes:
        """Exchange bytes with whatever is selected."""
        if bus != SPI_BUS:
            raise HardwareError(f"no chip on SPI {bus}")
        return self.mcp2515.transfer(data)

    def uart_init(
        self, uart: int, baudrate: int, bits: int, parity: int | None, stop: int, tx: Any, rx: Any
    ) -> None:
        """Set up a UART."""
        self._tag_uart(uart).baudrate = baudrate

    def _tag_uart(self, uart: int) -> Uart:
        if uart != TAG_UART:
            raise HardwareError(f"nothing is wired to UART {uart}")
        return self._uart

    def uart_any(self, uart: int) -> int:
        """How many bytes wait."""
        return self._tag_uart(uart).any(self.now_ms)

    def uart_read(self, uart: int, count: int) -> bytes:
        """Take bytes."""
        return self._tag_uart(uart).read(count, self.now_ms)

    def uart_write(self, uart: int, data: bytes) -> None:
        """The reader does not listen."""
        self._tag_uart(uart)

    def adc_read_uv(self, pin: int) -> int:
        """No analog input on this board."""
        raise HardwareError(f"GPIO {pin} has no analog signal on this board")

    def pwm(self, pin: int, freq: int, duty_u16: int) -> None:
        """Only the lamp could be dimmed."""
        if pin != LAMP:
            raise HardwareError(f"no PWM on GPIO {pin} of this board")

    # ---- the world ----

    def plant_state(self) -> dict[str, Any]:
        """The truth, whatever the firmware believes."""
        return {
            "plugged": self.vehicle.plugged,
            "contactor": self.contactor.closed,
            "module_on": self.module.on,
            "volts": round(self.terminal_v(), 3),
            "amps": round(self._amps, 3),
            "soc": round(self.battery.soc, 2),
            "wh_delivered": round(self._wh, 4),
            "edge_to_off_ms": self._edge_to_off_ms and round(self._edge_to_off_ms, 1),
        }

    @property
    def counters(self) -> dict[str, int]:
        """What the contactor has been through."""
        contactor = self.contactor
        return {
            "operations": contactor.operations,
            "opened_under_load": contactor.opened_under_load,
            "closed_onto_difference": contactor.closed_onto_difference,
        }

    def command(self, words: list[str]) -> dict[str, Any]:
        """Carry out a command of the control port."""
        handler = self._commands.get(words[0]) if words else None
        if handler is None:
            return {"error": f"unknown command; there are {', '.join(self._commands)}"}
        problem = handler(words[1:])
        return {"error": problem} if problem else {"ok": True}

    def _plug(self, words: list[str]) -> str:
        if words or self.vehicle.plugged:
            return "the gun is plugged already" if not words else "plug takes no argument"
        self._changed_ms[GUN] = self.now_ms
        self.vehicle.plug()
        return ""

    def _unplug(self, words: list[str]) -> str:
        if words or not self.vehicle.plugged:
            return "the gun is not plugged" if not words else "unplug takes no argument"
        self._changed_ms[GUN] = self.now_ms
        self._amps = 0.0
        self.vehicle.unplug()
        self._edge()
        return ""

    def _tag(self, words: list[str]) -> str:
        if len(words) != 1 or not reader.is_tag(words[0]):
            return "tag takes ten hex digits, for example: tag 0A1B2C3D4E"
        for at_ms, data in reader.bursts(words[0], self.now_ms):
            self._uart.arrive(at_ms, data, TAG_BAUD)
        return ""

    def _button(self, words: list[str]) -> str:
        if words:
            return "button takes no argument"
        self._changed_ms[BUTTON] = self.now_ms
        self._pressed_until_ms = self.now_ms + _PRESS_MS
        return ""

    def _estop(self, words: list[str]) -> str:
        if words not in (["on"], ["off"]):
            return "estop on, or estop off"
        self._e_stop = words == ["on"]
        if self._e_stop:
            self._edge()
        return ""

    def _weld(self, words: list[str]) -> str:
        if words not in (["on"], ["off"]):
            return "weld on, or weld off"
        self.contactor.weld(words == ["on"], self.now_ms)
        return ""

    def _module(self, words: list[str]) -> str:
        module = self.module
        if words in (["on"], ["off"]):
            module.alive = words == ["on"]
            if not module.alive:
                self._edge()
            return ""
        values, problem = _pairs(words, ("temperature", "fault"))
        if problem:
            return problem
        if "temperature" in values:
            module.pinned_c = values["temperature"]
        if "fault" in values:
            module.set_fault(bool(values["fault"]))
            if module.fault:
                self._edge()
        return ""

    def _bms(self, words: list[str]) -> str:
        vehicle = self.vehicle
        if words in (["on"], ["off"]):
            vehicle.on = words == ["on"]
            vehicle.announce()
            if not vehicle.on:
                self._edge()
            return ""
        values, problem = _pairs(words, _BMS_VALUES)
        if problem:
            return problem
        for key, value in values.items():
            self._set_bms(key, value)
        return ""

    def _set_bms(self, key: str, value: Any) -> None:
        vehicle = self.vehicle
        if key == "soc":
            vehicle.set_soc(value)
        elif key == "voltage":
            self.battery.pinned_v = value
        elif key == "current_limit":
            vehicle.set_limit(value)
        elif key == "voltage_limit":
            vehicle.voltage_limit_v = value
        elif key == "temperature":
            self.module.ambient_c = value
        elif key == "heating":
            vehicle.heating = bool(value)
        elif key == "allowed":
            vehicle.allowed = bool(value)
            if not vehicle.allowed:
                self._edge()
        vehicle.announce()


# Highest value a key takes; the lowest is 0.
_RANGES = {"soc": 100.0, "voltage": 200.0, "current_limit": 500.0, "voltage_limit": 200.0,
           "allowed": 1.0, "heating": 1.0, "fault": 1.0}  # fmt: skip
_BMS_VALUES = (
    "soc", "voltage", "current_limit", "voltage_limit", "temperature", "allowed", "heating"
)  # fmt: skip


def _pairs(words: list[str], allowed: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """key=value words as numbers, all checked; or what is wrong with them."""
    values: dict[str, Any] = {}
    if not words:
        return {}, f"on, off, or key=value with keys {', '.join(allowed)}"
    for word in words:
        key, _, text = word.partition("=")
        if key not in allowed:
            return {}, f"{key}: no such key; there are {', '.join(allowed)}"
        if key == "voltage" and text == "auto":
            values[key] = None
            continue
        try:
            value = float(text)
        except ValueError:
            return {}, f"{key}: a number wanted, not {text!r}"
        low = -40.0 if key == "temperature" else 0.0
        high = _RANGES.get(key, 200.0)
        if not low <= value <= high:
            return {}, f"{key}: {low:g} to {high:g} wanted, not {text}"
        values[key] = value
    return values, ""
