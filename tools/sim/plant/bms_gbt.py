"""A vehicle with GB/T 27930-2015: the BMS's side of the handshake, of charging and of the end.

Long messages go by the transport protocol; it waits for the charger's CTS and EndOfMsgAck.
"""

import math
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery, cell_volts
from tools.sim.plant.vehicle import Vehicle

_TO_CHARGER, _TO_BMS = 0x56F4, 0xF456
CHM, CRM, CTS, CML, CRO, CCS, CST, CSD, CEM = (
    0x26, 0x01, 0x07, 0x08, 0x0A, 0x12, 0x1A, 0x1D, 0x1F,
)  # fmt: skip
_TP_CONTROL = 0xEC
# What it sends in a stage: (PF, period); those of the transport protocol are in _LONG.
BHM, BRM, BCP, BRO, BCL, BCS, BSM, BMV, BST, BSD, BEM = (
    0x27, 0x02, 0x06, 0x09, 0x10, 0x11, 0x13, 0x15, 0x19, 0x1C, 0x1E,
)  # fmt: skip
_PRIORITY = {BRO: 0x10, BST: 0x10, BEM: 0x08, BRM: 0x1C, BCP: 0x1C, BCS: 0x1C, BMV: 0x1C}
_LONG = (BRM, BCP, BCS, BMV)
_PERIODS = {BHM: 250, BRM: 250, BCP: 500, BRO: 250, BCL: 50, BCS: 250, BSM: 250, BMV: 10_000,
            BST: 10, BSD: 250, BEM: 250}  # fmt: skip
_SENDS = {
    "asleep": (), "hello": (BHM,), "recognise": (BRM,), "parameters": (BCP,), "not ready": (BRO,),
    "ready": (BRO,), "charging": (BCL, BCS, BSM, BMV), "stopping": (BST,), "statistics": (BSD,),
    "error": (BEM,),
}  # fmt: skip
# stage -> how long the charger may take to go on, ms
_PATIENCE = {
    "recognise": 5_000, "parameters": 5_000, "not ready": 5_000, "ready": 60_000,
    "stopping": 5_000, "statistics": 10_000,
}  # fmt: skip
_CCS_MS = 1_000
_STEP_MS, _LOOK_MS = 5.0, 50.0
_VIN = b"BENCH000000000001"


def _u16(value: float) -> bytes:
    return int(value + 0.5).to_bytes(2, "little")


class GbtVehicle(Vehicle):
    """`stage` is where it is in the conversation, `heard` the last of each message."""

    WIRE = ("can", 250_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self._can = Device(bus, self.speaks, self._receive)
        self.fall_silent()

    def fall_silent(self) -> None:
        """Forget the conversation."""
        self.stage = "asleep"
        self.heard: dict[int, bytes] = {}
        self.errors = 0
        self._since_ms = 0.0
        self._ccs_ms = 0.0
        self._due: dict[int, float] = {}
        self._long: tuple[int, bytes] | None = None  # on its way
        self._long_ms = 0.0

    def _go(self, stage: str) -> None:
        self.stage = stage
        self._since_ms = self._ccs_ms = self._now_ms()
        self._due = dict.fromkeys(_SENDS[stage], self._since_ms)
        self._long = None
        self.due_ms = self._since_ms

    # ---- what it says ----

    def advance(self, now_ms: float) -> None:
        """Send what is due, and lose patience."""
        if not self.speaks():
            self.due_ms = math.inf
            return
        if now_ms < self.due_ms:
            return
        self._lose_patience(now_ms)
        if self.stage == "charging" and self._full():
            self._go("stopping")
        for message in _SENDS[self.stage]:
            if now_ms >= self._due[message] and self._say(message, now_ms):
                self._due[message] = now_ms + _PERIODS[message]
        soon = min(self._due.values(), default=math.inf)
        self.due_ms = max(now_ms + _STEP_MS, min(soon, now_ms + _LOOK_MS if self._due else soon))

    def _lose_patience(self, now_ms: float) -> None:
        late = now_ms - self._since_ms > _PATIENCE.get(self.stage, math.inf)
        if self.stage == "charging":
            late = now_ms - self._ccs_ms > _CCS_MS
        if late:
            self.errors += 1
            self._go("error")
        if self._long and now_ms - self._long_ms > 1_250:
            self._long = None

    def _full(self) -> bool:
        return self.battery.soc >= 100.0

    def _say(self, message: int, now_ms: float) -> bool:
        data = self.content(message)
        if message not in _LONG:
            self._can.send(_PRIORITY.get(message, 0x18) << 24 | message << 16 | _TO_CHARGER,
                           data, now_ms)  # fmt: skip
            return True
        if self._long:
            return False
        self._long, self._long_ms = (message, data), now_ms
        packets = -(-len(data) // 7)
        request = bytes((0x10, len(data) & 0xFF, len(data) >> 8, packets, 0xFF, 0, message, 0))
        self._can.send(0x1CEC0000 | _TO_CHARGER, request, now_ms)
        return True

    def content(self, message: int) -> bytes:
        """A message's data."""
        volts = _u16(self.volts() * 10)
        limit = _u16(self.voltage_limit * 10)
        demand = _u16(4000 - self.limit_tenths)
        soc = self.battery.soc
        celsius = max(0, min(250, math.floor(self.celsius) + 50))
        if message == BHM:
            return limit
        if message == BRM:
            rated = b"\x06" + _u16(self.battery.capacity_ah * 10) + _u16(720)
            about = b"TEST\1\0\0\0\x24\1\1\1\0\0\1\xff" + _VIN + b"\1\1\1\xe7\7\xff\xff\xff"
            return b"\1\1\0" + rated + about
        if message == BCP:
            return b"\xa4\1" + demand + _u16(22) + limit + b"\x73" + _u16(soc * 10) + volts
        if message == BRO:
            return b"\xaa" if self.stage == "ready" else b"\0"
        if message == BCL:
            return limit + demand + b"\2"
        if message == BCS:
            cell = int(self.volts() * 5) | 1 << 12
            now = _u16(4000 - self.amps() * 10)
            return volts + now + _u16(cell) + bytes((min(int(soc), 100),)) + _u16(60)
        if message == BSM:
            return bytes((0, celsius, 1, celsius, 2, 0, 0xC0 | (0x10 if self.allowed else 0)))
        if message == BMV:
            return _u16(cell_volts(soc) * 100) * 20
        if message == BST:
            return b"\1\0\0\xf0"
        if message == BSD:
            return bytes((min(int(soc), 100), 0x4D, 1, 0x4E, 1, celsius, celsius))
        return b"\xf0\xf0\xf1\xfc"  # BEM

    # ---- what it hears ----

    def _receive(self, frame: CanFrame) -> None:
        if not frame.ext or frame.id & 0xFFFF != _TO_BMS:
            return
        message = frame.id >> 16 & 0xFF
        if message == _TP_CONTROL:
            self._transport(frame.data)
            return
        self.heard[message] = frame.data
        handler = getattr(self, f"_in_{self.stage.replace(' ', '_')}", None)
        if message == CCS:
            self._ccs_ms = self._now_ms()
        elif message == CRM and frame.data[0] == 0 and self.stage not in ("recognise", "charging"):
            self._go("recognise")  # the charger begins again
        elif message == CST and self.stage in ("ready", "charging"):
            self._go("stopping")
        elif handler:
            handler(message, frame.data)

    def _in_asleep(self, message: int, data: bytes) -> None:
        if message == CHM:
            self._go("hello")

    def _in_recognise(self, message: int, data: bytes) -> None:
        if message == CRM and data[0] == 0xAA:
            self._go("parameters")

    def _in_parameters(self, message: int, data: bytes) -> None:
        if message == CML:
            self._go("not ready")

    def _in_not_ready(self, message: int, data: bytes) -> None:
        if self._now_ms() - self._since_ms > 600:
            self._go("ready")

    def _in_ready(self, message: int, data: bytes) -> None:
        if message == CRO and data[0] == 0xAA:
            self._go("charging")

    def _in_stopping(self, message: int, data: bytes) -> None:
        if message == CST:
            self._go("statistics")

    def _in_statistics(self, message: int, data: bytes) -> None:
        if message == CSD:
            self._go("asleep")

    def _in_error(self, message: int, data: bytes) -> None:
        if message == CHM:
            self._go("hello")

    def _transport(self, data: bytes) -> None:
        if not self._long or data[6] != self._long[0]:
            return
        message, content = self._long
        self._long_ms = now_ms = self._now_ms()
        if data[0] == 0x13:
            self._long = None
        elif data[0] == 0x11:
            for number in range(data[2], data[2] + data[1]):
                part = content[(number - 1) * 7 : number * 7]
                packet = bytes((number,)) + part + b"\xff" * (7 - len(part))
                self._can.send(0x1CEB0000 | _TO_CHARGER, packet, now_ms)
