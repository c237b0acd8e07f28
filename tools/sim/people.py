"""What people do to the board and its plant: the commands of the control port, but for the net.

tools/sim/plant/commands.py has their words; the board is tools/sim/hardware.py.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tools.sim.chips.pins import Contact
from tools.sim.plant.commands import (
    BMS,
    GUN,
    MODULE,
    MODULE_ILLS,
    BadCommand,
    switch,
    values,
)

if TYPE_CHECKING:
    from tools.sim.hardware import Hardware

_PRESS_MS = 300.0
_HOT_C = 70.0  # above it the charger has to stop
_GUN_HOT_C = 90.0


class People:
    """Their hands on `board`; a command that does not fit raises BadCommand, nothing changed."""

    def __init__(self, board: "Hardware") -> None:
        self._board = board

    def handlers(self) -> dict[str, Callable[[list[str]], None]]:
        """Command -> what carries it out, given the words after it."""
        return {
            "plug": lambda words: self._plug("plug", words, True),
            "unplug": lambda words: self._plug("unplug", words, False),
            "tag": self._tag,
            "button": self._press,
            "estop": self._press_e_stop,
            "bms": self._command_bms,
            "module": self._command_module,
            "meter": lambda words: self._switch("meter", self._board.meter, words),
            "reader": lambda words: self._switch("reader", self._board.reader, words),
            "weld": self._weld,
            "coil": self._break_coil,
            "door": self._open_door,
            "earth": self._earth_fault,
            "gun": self._command_gun,
        }

    def _plug(self, name: str, words: list[str], plugged: bool) -> None:
        if words:
            raise BadCommand(f"{name} takes nothing after it")
        if plugged == self._board.gun.contact.closed:
            return
        if not plugged:
            self._board.mark_edge()
            self._board.circuit.unplug()
        self._board.gun.contact.set(plugged, self._board.now_ms)
        self._board.vehicle.switch(plugged, self._board.vehicle.on)

    def _tag(self, words: list[str]) -> None:
        if self._board.reader is None:
            raise BadCommand("no tag reader is fitted (reader=none)")
        if len(words) != 1 or not self._board.reader.reads(words[0]):
            raise BadCommand(f"tag takes {self._board.reader.wanted()}")
        self._board.reader.present(words[0], self._board.now_ms)

    def _switch(self, name: str, device: Any, words: list[str]) -> None:
        if device is None:
            raise BadCommand(f"no {name} is fitted ({name}=none)")
        device.switch(switch(name, words))

    def _press(self, words: list[str]) -> None:
        if len(words) > 1 or words and not words[0].isdigit():
            raise BadCommand("button takes nothing after it, or seconds")
        self._board.button.set(True, self._board.now_ms)
        self._board.released_ms = self._board.now_ms + (
            int(words[0]) * 1000 if words else _PRESS_MS
        )

    def _press_e_stop(self, words: list[str]) -> None:
        pressed = switch("estop", words)
        if pressed and self._board.e_stop.closed:
            self._board.mark_edge()
        self._board.set_contact(self._board.e_stop_pin, self._board.e_stop, not pressed)

    def _weld(self, words: list[str]) -> None:
        on = switch("weld", words)
        if on and not self._board.contactor.welded:
            self._board.mark_edge()
        self._board.contactor.weld(on, self._board.now_ms)

    def _break_coil(self, words: list[str]) -> None:
        broken = not switch("coil", words)
        if broken and not self._board.contactor.coil_broken:
            self._board.mark_edge()
        self._board.contactor.break_coil(broken, self._board.now_ms)

    def _open_door(self, words: list[str]) -> None:
        opened = switch("door", words, "open", "closed")
        self._move("door_pin", self._board.door, not opened)

    def _earth_fault(self, words: list[str]) -> None:
        self._move("earth_fault_pin", self._board.earth, not switch("earth", words))

    def _move(self, option: str, contact: Contact, closed: bool) -> None:
        """A normally closed contact that hardware.json has to name."""
        if getattr(self._board.fitted, option) < 0:
            raise BadCommand(f"none is fitted: start with --set {option}=GPIO")
        if contact.closed and not closed:
            self._board.mark_edge()
        self._board.set_contact(getattr(self._board.fitted, option), contact, closed)

    def _command_gun(self, words: list[str]) -> None:
        wanted = values("gun", words, GUN, switched=False)
        pins = {"temperature": "gun_temperature_pin", "sense": "gun_sense_pin"}
        for key, option in pins.items():
            if key in wanted and getattr(self._board.fitted, option) < 0:
                raise BadCommand(f"none is fitted: start with --set {option}=GPIO")
        gun = self._board.gun
        if "temperature" in wanted:
            to = wanted["temperature"]
            gun.lead = to if to in ("open", "short") else "ok"
            gun.celsius = to if isinstance(to, float) else None
        gun.divider = wanted.get("sense", gun.divider)
        gun.wires = wanted.get("wires", gun.wires)
        if "contact" in wanted:
            gun.contact_open = wanted["contact"] == "open"
        if not gun.well() or (gun.celsius or 0) > _GUN_HOT_C:
            self._board.mark_edge()

    def _command_bms(self, words: list[str]) -> None:
        if words in (["on"], ["off"]):
            on = words == ["on"]
            if self._board.vehicle.on and not on:
                self._board.mark_edge()
            self._board.vehicle.switch(self._board.vehicle.plugged, on)
        else:
            self.apply_bms(values("bms", words, BMS))

    def apply_bms(self, wanted: dict[str, Any]) -> None:
        """Values of the `bms` command, checked."""
        vehicle = self._board.vehicle
        alarm = wanted.get("alarm", "none")
        if alarm != "none" and alarm not in vehicle.ALARMS:
            raise BadCommand(f"this BMS can tell of: {', '.join(vehicle.ALARMS) or 'nothing'}")
        if "soc" in wanted:
            self._board.battery.soc = wanted["soc"]
        if "voltage" in wanted:
            auto = wanted["voltage"] == "auto"
            self._board.battery.pinned_volts = None if auto else wanted["voltage"]
        if "current_limit" in wanted:
            vehicle.set_current_limit(wanted["current_limit"])
        vehicle.voltage_limit = wanted.get("voltage_limit", vehicle.voltage_limit)
        vehicle.voltage_scale = wanted.get("voltage_scale", vehicle.voltage_scale)
        vehicle.current_sign = int(wanted.get("current_sign", vehicle.current_sign))
        vehicle.alarm = wanted.get("alarm", vehicle.alarm)
        vehicle.heating = bool(wanted.get("heating", vehicle.heating))
        self._board.module.ambient_c = wanted.get("temperature", self._board.module.ambient_c)
        vehicle.celsius = wanted.get("temperature", vehicle.celsius)
        allowed = bool(wanted.get("allowed", vehicle.allowed))
        if vehicle.allowed and not allowed:
            self._board.mark_edge()
        vehicle.allowed = allowed
        vehicle.announce()

    def _command_module(self, words: list[str]) -> None:
        module = self._board.module
        if words in (["on"], ["off"]):
            if module.powered and words == ["off"]:
                self._board.mark_edge()
            module.power(words == ["on"])
            return
        wanted = values("module", words, {**MODULE, **MODULE_ILLS})
        ills = {key: value for key, value in wanted.items() if key in MODULE_ILLS}
        if ills:
            module.ail(ills)
        if ills and not module.well():
            self._board.mark_edge()
        if wanted.get("fault") and not module.fault:
            self._board.mark_edge()
        if "fault" in wanted:
            module.break_down(bool(wanted["fault"]))
        if "temperature" in wanted:
            self._heat(wanted["temperature"])

    def _heat(self, celsius: float | str) -> None:
        was_hot = self._board.module.temperature_c > _HOT_C
        self._board.module.pinned_c = None if isinstance(celsius, str) else celsius
        if self._board.module.temperature_c > _HOT_C and not was_hot:
            self._board.mark_edge()
