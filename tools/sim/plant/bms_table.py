"""A vehicle whose BMS speaks what a DBC file says: tools/dbc/examples/scooter, by cantools.

The charger must have the table of that DBC file: `files` has it, as the chip's flash wants it.
"""

from collections.abc import Callable
from pathlib import Path

from tools.dbc import compiler, mapping
from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.vehicle import Vehicle

_EXAMPLE = Path(compiler.__file__).parent / "examples" / "scooter"
_PERIOD_MS = 100.0


def _sent(outcome: str) -> None:
    return None


class TableVehicle(Vehicle):
    """Sends two pages of BmsLimits in turn, and BmsPack every second time."""

    WIRE = ("can", 500_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self._database = compiler.load(_EXAMPLE.with_suffix(".dbc"))
        self.charger_status: dict[str, float] = {}  # what the charger said last
        self._bus = bus
        self._turn = 0
        self._can = Device(bus, self.speaks, self._receive)

    @staticmethod
    def files() -> dict[str, bytes]:
        """What must be on the charger's flash."""
        wanted = mapping.read(_EXAMPLE.with_suffix(".toml"))
        database = compiler.load(_EXAMPLE.with_suffix(".dbc"))
        return {"/bms.tbl": compiler.compile_table(database, wanted).data}

    def fall_silent(self) -> None:
        """Forget what the charger said."""
        self.charger_status = {}
        self._turn = 0

    def advance(self, now_ms: float) -> None:
        """Send what is due."""
        if now_ms < self.due_ms:
            return
        self.due_ms = now_ms + _PERIOD_MS
        self._turn += 1
        if self._turn % 2:
            self._say("BmsLimits", now_ms, self._limits())
            return
        self._say("BmsLimits", now_ms, self._cells())
        self._say("BmsPack", now_ms, self._pack())

    def _limits(self) -> dict[str, float]:
        return {
            "Page": 0, "Alive": self._turn % 16, "MaxVoltage": self.voltage_limit,
            "MaxCurrent": self.limit_tenths / 10, "ChargePermit": int(self.allowed),
            "Heating": int(self.heating),
        }  # fmt: skip

    def _cells(self) -> dict[str, float]:
        cell_mv = round(self.volts() * 1000 / 20)
        return {
            "Page": 1, "Alive": self._turn % 16, "CellMax": cell_mv, "CellMin": cell_mv,
            "TemperatureMax": self.celsius,
        }  # fmt: skip

    def _pack(self) -> dict[str, float]:
        return {
            "PackVoltage": self.volts(), "PackCurrent": self.amps(),
            "StateOfCharge": self.battery.soc, "CellOverVoltage": 0, "ShortCircuit": 0,
            "Insulation": 0,
        }  # fmt: skip

    def _say(self, name: str, now_ms: float, values: dict[str, float]) -> None:
        message = self._database.get_message_by_name(name)
        frame = CanFrame(
            message.frame_id, bytes(message.encode(values)), message.is_extended_frame
        )
        self._bus.send(self._can, frame, now_ms, _sent)

    def _receive(self, frame: CanFrame) -> None:
        message = self._database.get_message_by_name("ChargerStatus")
        if (frame.id, frame.ext) == (message.frame_id, message.is_extended_frame):
            decoded = message.decode(frame.data, decode_choices=False)
            assert isinstance(decoded, dict)
            self.charger_status = {name: float(str(value)) for name, value in decoded.items()}
