"""The rivot_100a board and all that hangs on it: wiring, buses, plant, and the hands of people.

Accesses of the firmware come in by the pin, memory, SPI and UART methods, what people do by
`command`; `advance` moves time from event to event. Deterministic, no threads; it knows nothing of
processes, sockets or the firmware.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

from tools.sim.chips import HardwareError
from tools.sim.chips.can_bus import CanBus
from tools.sim.chips.mcp2515 import Mcp2515
from tools.sim.chips.pins import IN, Contact, Pins
from tools.sim.chips.twai import Twai
from tools.sim.chips.uart import Uart
from tools.sim.options import options as hardware_options
from tools.sim.people import People
from tools.sim.plant.battery import Battery
from tools.sim.plant.circuit import Circuit
from tools.sim.plant.commands import BadCommand, parse
from tools.sim.plant.contactor import Contactor
from tools.sim.plant.gun import Gun
from tools.sim.plant.parts import part

__all__ = ["Hardware", "HardwareError"]

COIL, ENABLE, LAMP = 25, 26, 17
FEEDBACK, E_STOP, GUN, BUTTON = 27, 32, 33, 13
TWAI_TX, TWAI_RX = 21, 22
SPI_BUS, MCP_CS, MCP_INT = 2, 5, 4
FIELD_UART, TAG_UART = 1, 2
_ADC_PINS = range(32, 40)
_NO_PULLS = 34  # from this GPIO on the chip has none: contacts have theirs outside
_SPI_MAX_HZ = 10_000_000
_BOUNCE_MS = 5.0
_RISING, _FALLING = 1, 2  # edges
_PUMP_HOLDS_MS = 300.0
_FINE_STEP_MS, _FINE_MS = 1.0, 1_000.0  # while an edge is timed
_START = {
    "soc": 87.0, "voltage": 76.38, "current_limit": 90.0, "voltage_limit": 84.0,
    "temperature": 26.5, "allowed": True, "heating": False,
}  # fmt: skip


def _bitrate(wire: tuple[Any, ...]) -> int:
    """Of a CAN bus; one with nothing on it has the usual one."""
    return int(wire[1]) if wire[:1] == ("can",) else 250_000


class Hardware:
    """One board. `options` are start values with the keys of the `bms` command, and:

    plugged: the gun is in at power-up; charge_pump: the coil needs edges on GPIO 26, as wired.
    `settings`: what --set says; the hardware options among it choose what is wired to the board.
    """

    e_stop_pin = E_STOP

    def __init__(
        self, options: dict[str, Any] | None = None, settings: dict[str, Any] | None = None
    ) -> None:
        start = {**_START, "plugged": False, "charge_pump": False, **(options or {})}
        unknown = start.keys() - {*_START, "plugged", "charge_pump"}
        if unknown:
            raise HardwareError(f"unknown options: {', '.join(sorted(unknown))}")
        self.now_ms = 0.0
        self._next_ms = 0.0
        self._now: Callable[[], float] = lambda: self.now_ms
        self._charge_pump = bool(start.pop("charge_pump"))
        self._pump_until_ms = -1.0
        self.pump_edges = 0
        self.pwm_outputs: dict[int, tuple[int, int]] = {}
        self.adc_uv: dict[int, int] = {}  # analog inputs: tests put values here
        self._edge_ms: float | None = None
        self._edge_to_off_ms: float | None = None
        self.fitted = hardware_options(settings or {})
        self._make_buses()
        self._make_plant()
        self._make_board()
        self.people = People(self)
        plugged = bool(start.pop("plugged"))
        self.people.apply_bms(start)
        self.gun.contact.closed = plugged
        self.vehicle.switch(plugged, True)

    def _make_buses(self) -> None:
        """Each wire with the speed of what hangs on it."""
        kinds = ("bms", "power", "meter", "reader")
        chosen = {kind: getattr(self.fitted, kind) for kind in kinds}
        self._classes = {k: part(k, name) for k, name in chosen.items() if name != "none"}
        wires = {kind: cls.WIRE for kind, cls in self._classes.items()}
        self.can1, self.can2 = (
            CanBus(_bitrate(wires["power"])),
            CanBus(self.fitted.bms_bitrate or _bitrate(wires["bms"])),
        )
        self._uarts = {FIELD_UART: Uart(), TAG_UART: Uart()}
        for kind, wire in wires.items():
            if wire[:1] == ("uart",):
                uart = TAG_UART if kind == "reader" else FIELD_UART
                baud = wire[1] or getattr(self.fitted, f"{kind}_baud")
                self._uarts[uart] = Uart(baud, getattr(self.fitted, f"{kind}_rx"))

    def _wire(self, kind: str) -> Any:
        """What a part is connected to; this board itself, for what hangs on single pins."""
        of = self._classes[kind].WIRE[:1]
        if of == ("can",):
            return self.can1 if kind == "power" else self.can2
        if of == ("uart",):
            return self._uarts[TAG_UART if kind == "reader" else FIELD_UART]
        return self

    def _make_plant(self) -> None:
        self.battery = Battery(0.0, 30.0)
        self.vehicle = self._classes["bms"](self._wire("bms"), self.battery, self._now)
        self.contactor = Contactor()
        self.gun = Gun(self.fitted)
        self.circuit = Circuit(self.vehicle, self.contactor, self.gun)
        self.vehicle.amps = lambda: self.circuit.terminals()[1] * self.vehicle.current_sign
        self.module = self._classes["power"](
            self._wire("power"), self._now, self.circuit.terminals
        )
        self.circuit.module = self.module
        self.meter = None
        if "meter" in self._classes:
            self.meter = self._classes["meter"](self._wire("meter"), self._now, self.circuit)
        self.reader: Any = None
        if "reader" in self._classes:
            self.reader = self._classes["reader"](self._wire("reader"))
        self._reader_cs: int = getattr(self.reader, "chip_select", MCP_CS)

    def _make_board(self) -> None:
        self.twai = Twai(self.can1, TWAI_TX, TWAI_RX, self._now)
        self.mcp2515 = Mcp2515(self.can2, self._now)
        self._spi_ready = False
        self._interrupts_on: dict[int, int] = {}
        self.interrupts: deque[int] = deque()  # pins whose edges the firmware has still to hear of
        self.button = Contact(False, _BOUNCE_MS)
        # normally closed
        self.e_stop, self.door, self.earth = Contact(True), Contact(True), Contact(True)
        self.released_ms = math.inf  # when the button comes up again
        fitted = (self.fitted.door_pin, self.fitted.earth_fault_pin)
        self.pins = Pins(
            contacts={
                FEEDBACK: lambda: self.contactor.closed,
                E_STOP: lambda: self.e_stop.conducts(self.now_ms),
                GUN: lambda: self.gun.conducts(self.now_ms),
                BUTTON: lambda: self.button.conducts(self.now_ms),
                self.fitted.door_pin: lambda: self.door.closed,
                self.fitted.earth_fault_pin: lambda: self.earth.closed,
            },
            sources={
                MCP_INT: lambda: 0 if self.mcp2515.interrupt() else 1,
                TWAI_RX: lambda: 1,
                self.fitted.reader_rx: lambda: 1,
                **getattr(self.reader, "levels", {}),
            },
            resistors={
                **{COIL: 0, ENABLE: 0, LAMP: 0, MCP_CS: 1, self._reader_cs: 1},
                **{pin: 1 for pin in fitted if pin >= _NO_PULLS},
            },
        )

    # ---- time ----

    def advance(self, to_ms: float) -> None:
        """Let plant and chips live up to `to_ms`; cheap while nothing happens."""
        while self._next_ms <= to_ms:
            self.now_ms = max(self.now_ms, self._next_ms)
            self._happen()
        self.now_ms = max(self.now_ms, to_ms)

    def _happen(self) -> None:
        """Everything that is due now."""
        now_ms = self.now_ms
        self.circuit.advance(now_ms)
        self.can1.advance(now_ms)
        self.can2.advance(now_ms)
        self.circuit.move_contacts(now_ms)
        if now_ms >= self.released_ms:
            self.button.set(False, now_ms)
            self.released_ms = math.inf
        self.module.advance(now_ms)
        self.vehicle.advance(now_ms)
        for uart in self._uarts.values():
            uart.deliver(now_ms)
        if self.reader is not None:
            self.reader.advance(now_ms)
        self._drive_coil()
        self._watch_edge()
        self._plan()

    def _plan(self) -> None:
        self._next_ms = min(
            self.can1.due_ms, self.can2.due_ms, self.module.due_ms, self.vehicle.due_ms,
            self.contactor.due_ms, self.circuit.next_ms(), self.released_ms,
            self._pump_due_ms(), self._edge_due_ms(),
            *(uart.due_ms for uart in self._uarts.values()),
            math.inf if self.reader is None else self.reader.due_ms,
        )  # fmt: skip

    def can_changed(self) -> None:
        """Somebody has given a frame to one of the buses."""
        self._next_ms = min(self._next_ms, self.can1.due_ms, self.can2.due_ms)

    # ---- the coil and its interlocks ----

    def _drive_coil(self) -> None:
        pumped = not self._charge_pump or self.now_ms < self._pump_until_ms
        interlocks = self.gun.closed() and self.e_stop.closed
        commanded = bool(self.pins.level(COIL))
        self.contactor.drive(commanded and pumped and interlocks, self.now_ms)

    def _pump_due_ms(self) -> float:
        waits = self._charge_pump and self.now_ms < self._pump_until_ms
        return self._pump_until_ms if waits else math.inf

    def _output_changed(self, pin: int, before: int) -> None:
        after = self.pins.level(pin)
        if pin == MCP_CS:
            self.mcp2515.select(not after)
            self.can_changed()
        elif pin == self._reader_cs:
            self.reader.select(not after)
        elif after != before and pin in (COIL, ENABLE):
            if pin == ENABLE:
                self.pump_edges += 1
                if after:
                    self._pump_until_ms = self.now_ms + _PUMP_HOLDS_MS
            self._drive_coil()
            self._plan()

    # ---- pins ----

    def pin_mode(self, pin: int, mode: int, pull: int) -> None:
        """Direction (1 in, 3 out, 7 open drain) and pull (0, 1 down, 2 up) of a GPIO."""
        before = self.pins.level(pin)
        self.pins.mode(pin, mode, pull)
        self.twai.pin_mode(pin, mode != IN)
        self._output_changed(pin, before)

    def pin_write(self, pin: int, value: int) -> None:
        """Set the output latch of a GPIO."""
        before = self.pins.level(pin)
        self.pins.write(pin, value)
        self._output_changed(pin, before)

    def pin_read(self, pin: int) -> int:
        """Level of a GPIO."""
        return self.pins.read(pin)

    def pin_interrupt(self, pin: int, edges: int) -> None:
        """Tell the firmware of edges of a GPIO: 1 rising, 2 falling, 0 none."""
        self.pins.check(pin)
        self._interrupts_on[pin] = edges

    def set_contact(self, pin: int, contact: Contact, closed: bool) -> None:
        """Close or open a contact to ground at a GPIO; the firmware may want to hear of it."""
        if closed != contact.closed:
            self.interrupt(pin, _FALLING if closed else _RISING)
        contact.set(closed, self.now_ms)

    def interrupt(self, pin: int, edge: int) -> None:
        """There is an edge at a GPIO."""
        if self._interrupts_on.get(pin, 0) & edge:
            self.interrupts.append(pin)

    def pwm(self, pin: int, freq: int, duty_u16: int) -> None:
        """Remember what a PWM output was set to."""
        self.pins.check(pin)
        self.pwm_outputs[pin] = (freq, duty_u16)

    def adc_read_uv(self, pin: int) -> int:
        """Microvolts at an analog input."""
        if pin not in _ADC_PINS:
            raise HardwareError(f"GPIO {pin} is not an input of ADC 1")
        sensed = self.gun.inputs(*self.circuit.terminals(), self.module.ambient_c)
        return sensed[pin] if pin in sensed else self.adc_uv.get(pin, 0)

    def release_outputs(self) -> None:
        """The chip is held in reset: pins float, TWAI, SPI and UARTs forget. The rest lives on."""
        self.pins.release()
        self.pwm_outputs.clear()
        self._interrupts_on.clear()
        self.interrupts.clear()
        self.mcp2515.select(False)
        if self._reader_cs != MCP_CS:
            self.reader.select(False)
        self.twai.reset_chip()
        self._spi_ready = False
        for uart in self._uarts.values():
            uart.advance(self.now_ms)
            uart.release()
        self._pump_until_ms = -1.0
        self._drive_coil()
        self._plan()

    # ---- registers and buses ----

    def mem_read(self, addr: int) -> int:
        """`machine.mem32[addr]`."""
        if not self.twai.knows(addr):
            raise HardwareError(f"nothing at address {addr:#010x}")
        return self.twai.read(addr)

    def mem_write(self, addr: int, value: int) -> None:
        """`machine.mem32[addr] = value`."""
        if not self.twai.knows(addr):
            raise HardwareError(f"nothing at address {addr:#010x}")
        self.twai.write(addr, value & 0xFFFFFFFF)
        self.can_changed()

    def spi_init(self, bus: int, baudrate: int, polarity: int, phase: int) -> None:
        """Set up an SPI bus."""
        self._check_spi(bus)
        if polarity != phase:
            raise HardwareError(f"SPI {bus}: the MCP2515 knows modes 0,0 and 1,1 only")
        if not 0 < baudrate <= _SPI_MAX_HZ:
            raise HardwareError(f"SPI {bus}: {baudrate} Hz, the MCP2515 takes up to 10 MHz")
        self._spi_ready = True

    def _check_spi(self, bus: int) -> None:
        if bus != SPI_BUS:
            raise HardwareError(f"SPI {bus}: nothing is wired to it")

    def spi_transfer(self, bus: int, data: bytes) -> bytes:
        """Exchange bytes; what comes back while nothing is selected is 0xFF."""
        self._check_spi(bus)
        if not self._spi_ready:
            raise HardwareError(f"SPI {bus} has not been set up")
        answer = self.mcp2515.transfer(data)
        self.can_changed()
        if self._reader_cs != MCP_CS:  # who is not selected lets the line float high
            answer = bytes(a & b for a, b in zip(answer, self.reader.transfer(data), strict=True))
        return answer

    def _uart(self, uart: int) -> Uart:
        if uart not in self._uarts:
            raise HardwareError(f"UART {uart}: the board has UART 1 and 2")
        self._uarts[uart].advance(self.now_ms)
        return self._uarts[uart]

    def uart_init(
        self, uart: int, baudrate: int, bits: int, parity: int | None, stop: int,
        tx: int | None, rx: int | None,
    ) -> None:  # fmt: skip
        """Set up a UART; frame formats other than 8N1 are not told apart."""
        self._uart(uart).init(baudrate, rx)

    def uart_any(self, uart: int) -> int:
        """Bytes waiting."""
        return self._uart(uart).any()

    def uart_read(self, uart: int, n: int) -> bytes:
        """Up to `n` of them."""
        return self._uart(uart).read(n)

    def uart_write(self, uart: int, data: bytes) -> None:
        """Send bytes."""
        self._uart(uart).write(data, self.now_ms)
        self._next_ms = min(self._next_ms, self._uarts[uart].due_ms)

    # ---- people ----

    def command(self, words: list[str]) -> dict[str, Any]:
        """A line of the control port, in words; nothing is changed when anything is wrong."""
        self.circuit.advance(self.now_ms)
        try:
            handler = parse(words, self.people.handlers())
            handler(words[1:])
        except BadCommand as bad:
            return {"error": str(bad)}
        self._drive_coil()
        self._watch_edge()
        self._plan()
        self._next_ms = min(self._next_ms, self.now_ms)  # what is due now happens first
        return {"ok": True}

    # ---- the truth ----

    def mark_edge(self) -> None:
        """From now on `edge_to_off_ms` is counted."""
        self._edge_ms = self.now_ms
        self._edge_to_off_ms = None

    def _watch_edge(self) -> None:
        if self._edge_ms is None or self._edge_to_off_ms is not None:
            return
        opened = not self.contactor.closed or self.contactor.welded
        if opened and not self.module.on:
            self._edge_to_off_ms = self.now_ms - self._edge_ms

    def _edge_due_ms(self) -> float:
        if self._edge_ms is None or self._edge_to_off_ms is not None:
            return math.inf
        fine = self.now_ms - self._edge_ms < _FINE_MS
        return self.now_ms + _FINE_STEP_MS if fine else math.inf

    def plant_state(self) -> dict[str, Any]:
        """What is, whatever the firmware believes."""
        self.circuit.advance(self.now_ms)
        self._watch_edge()
        volts, amps = self.circuit.terminals()
        edge_ms = self._edge_to_off_ms
        return {
            "plugged": self.vehicle.plugged,
            "contactor": self.contactor.closed,
            "module_on": self.module.on,
            "volts": round(volts, 3),
            "amps": round(amps, 3),
            "soc": round(self.battery.soc, 4),
            "wh_delivered": round(self.circuit.wh, 6),
            "edge_to_off_ms": None if edge_ms is None else round(edge_ms, 1),
        }

    @property
    def counters(self) -> dict[str, int]:
        """What the parts had to endure, since the beginning."""
        return {
            "operations": self.contactor.operations,
            "opened_under_load": self.circuit.opened_under_load,
            "closed_onto_difference": self.circuit.closed_onto_difference,
            "unplugged_under_load": self.circuit.unplugged_under_load,
            "module_silence_trips": self.module.silence_trips,
            "module_heat_trips": self.module.heat_trips,
        }
