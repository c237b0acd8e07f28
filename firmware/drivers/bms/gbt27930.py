"""A vehicle with GB/T 27930-2015 (Bharat DC-001) on CAN: the charger's side of the conversation.

Plugged in, charger and BMS shake hands up to BRO(AA), the vehicle's readiness: by then the limits
and the state of charge are known and `allowed` is true, so that a session may begin. While none
does, the charger answers CRO(00), not ready; the vehicle bears that for a minute, says BEM, and
the handshake begins again. `session(True)` makes it CRO(AA). From then on `allowed` needs the
demand (BCL) within 1 s and the permission in BSM; until both have come it is at most 1 A.
A pause (permission withdrawn, all well) only takes `allowed` away; an abnormal state in BSM, BST,
the end of the session and a fault of the charger end in CST, BSD and CSD. After a time-out the
charger says CEM and begins again, three times in one plug-in, then no more.

The time (CTS) and the energy (CSD) are told as unknown. The VIN in BRM is not kept.
"""

from micropython import const

from firmware.charging.readings import STALE_MS

from .gbt_demand import Demand
from .gbt_stages import MESSAGES, STAGES
from .gbt_transport import Transport

WIRE = ("can", 250_000)
FILTERS = ((0x56F4, 0xFFFF, True),)  # everything from the BMS to the charger
_FROM_BMS = const(0x56F4)
_TO_BMS = const(0xF456)
_CONTROL = const(0xEC)
_PACKET = const(0xEB)
_HELLO = const(0)
_RECOGNISE = const(1)
_PARAMETERS = const(2)
_CAPABILITY = const(3)
_READY = const(4)
_START = const(5)
_CHARGE = const(6)
_STOP = const(7)
_STATISTICS = const(8)
_END = const(9)
_ERROR = const(10)
_FAILED = const(11)
_BRO = const(0x09)
_BCL = const(0x10)
_BSM = const(0x13)
_BST = const(0x19)
_BEM = const(0x1E)
_ROW = const(7)  # of STAGES
_MESSAGE = const(5)  # of MESSAGES
_NOTHING_LATE = b"\xfc\xf0\xc0\xfc"  # CEM
_CTS = const(0x1807F456)
_TIME = b"\xff" * 7
_RESTARTS = const(3)
_BCS_MS = const(5000)
# CST
_MANUAL = const(0x04)
_FAULT = const(0x10)
_BY_BMS = const(0x40)


class Gbt27930:
    """Driver; fills `reading`, whose `reset` starts a new vehicle."""

    def __init__(self, can: "Can", reading: "BmsReading") -> None:
        self._can = can
        self._reading = reading
        self._transport = Transport(can)
        self._demand = Demand(reading)
        self.refused = 0  # broken or implausible messages
        self._ccs = bytearray(b"\0\0\0\0\0\0\xfc\xff")
        self._cst = bytearray(b"\0\0\xf0\xf0")
        self._csd = bytearray(b"\0\0\xff\xff\1\0\0\0")
        self._cem = bytearray(_NOTHING_LATE)
        crm = b"\0\1\0\0\0\xff\xff\xff"
        cml = b"\x57\x03\x30\x02\xb8\x0b\xa0\x0f"  # 85.5 to 56.0 V, 100 to 0 A
        self._sent = (b"\1\1\0", crm, b"\xaa" + crm[1:], cml, b"\0", b"\xaa", self._ccs, self._cst,
                      self._cst, self._csd, self._cem)  # fmt: skip
        self._session = False
        self._fault = False
        self._restarts = 0
        self._enter(_HELLO)

    def _enter(self, stage: int) -> None:
        self._stage = stage
        self._stage_ms = self._awaited_ms = 0
        self._due_ms = 0
        self._turn = False
        if not _READY <= stage <= _CHARGE:
            self._reading.allowed = False

    def session(self, is_open: bool) -> None:
        """Only in a session is the vehicle told that the charger is ready. Allocates nothing."""
        self._session = is_open

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """What the BMS is told of our output; `flags` not 0 is a fault. Allocates nothing."""
        ccs = self._ccs
        tenths = min(max(voltage_mv, 0) // 100, 0xFFFF)
        ccs[0] = tenths & 0xFF
        ccs[1] = tenths >> 8
        tenths = 4000 - min(max(current_ma, 0) // 100, 4000)
        ccs[2] = tenths & 0xFF
        ccs[3] = tenths >> 8
        self._fault = flags != 0

    def poll(self, dt_ms: int) -> None:
        """Send what is due, go on or begin again; call it often."""
        if self._stage != _HELLO and not self._reading.parts:  # unplugged
            self._restarts = 0
            self._enter(_HELLO)
        self._stage_ms = min(self._stage_ms + dt_ms, STALE_MS)
        self._awaited_ms = min(self._awaited_ms + dt_ms, STALE_MS)
        self._due_ms -= dt_ms
        self._transport.poll(dt_ms)
        if self._stage == _CHARGE:
            self._demand.age(dt_ms)
        elif self._stage == _END:  # it has taken its leave: silence is no fault now
            self._reading.age_ms = 0
        self._follow_session()
        if self._late():
            self._give_up()
        self._send()

    def _follow_session(self) -> None:
        stage = self._stage
        if stage == _READY and self._session and not self._fault:
            self._demand.begin()
            self._enter(_START)
        elif _START <= stage <= _CHARGE:
            if self._fault or not self._session:
                self._cst[0] = _FAULT if self._fault else _MANUAL
                self._enter(_STOP)

    def _late(self) -> bool:
        stage = self._stage
        row = stage * _ROW
        total_ms = STAGES[row + 4] * 500
        if total_ms and self._stage_ms > total_ms:
            return True
        if stage == _RECOGNISE and self._restarts:  # the vehicle needs time to come back
            return False
        if stage == _CHARGE and self._demand.status_ms > _BCS_MS:
            return True
        silence_ms = STAGES[row + 3] * 100
        return silence_ms > 0 and self._awaited_ms > silence_ms

    def _give_up(self) -> None:
        stage = self._stage
        if stage == _END:
            if not self._session:
                self._enter(_HELLO)
        elif stage == _ERROR:
            self._restarts += 1
            self._enter(_RECOGNISE if self._restarts <= _RESTARTS else _FAILED)
        else:
            row = stage * _ROW
            self._cem[:] = _NOTHING_LATE
            if stage == _CHARGE and self._demand.status_ms > _BCS_MS:
                self._cem[2] |= 1
            else:
                self._cem[STAGES[row + 5]] |= 1 << STAGES[row + 6]
            self._enter(_ERROR)

    def _send(self) -> None:
        row = self._stage * _ROW
        if self._due_ms > 0 or not STAGES[row]:
            return
        stage = self._stage
        if stage == _CHARGE:
            minutes = self._stage_ms // 60_000
            self._ccs[4] = self._csd[0] = minutes & 0xFF
            self._ccs[5] = self._csd[1] = minutes >> 8 & 0xFF
            self._ccs[6] = 0xFD if self._reading.allowed else 0xFC
        id = STAGES[row] << 24 | STAGES[row + 1] << 16 | _TO_BMS
        if self._turn:
            id = _CTS
        if self._can.send(id, _TIME if self._turn else self._sent[stage]):
            self._due_ms = STAGES[row + 2] * 10
            self._turn = stage == _CAPABILITY and not self._turn
            if self._turn:
                self._due_ms = 0

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        if not frame.ext or frame.id & 0xFFFF != _FROM_BMS:
            return False
        message = frame.id >> 16 & 0xFF
        data = frame.data
        length = frame.len
        if message >= _PACKET:
            if length < 8:
                return self._refuse()
            if message != _PACKET:
                return self._transport.control(data) or self._refuse()
            message = self._transport.receive(data)
            if message < 0:
                return True
            data = self._transport.data
            length = self._transport.size
        for at in range(0, len(MESSAGES), _MESSAGE):
            if MESSAGES[at] == message:
                good = length >= MESSAGES[at + 1] and self._take(message, data, at)
                return good or self._refuse()
        return False

    def _refuse(self) -> bool:
        self.refused += 1
        return False

    def _take(self, message: int, data: bytearray, row: int) -> bool:
        """A whole message; False when it is implausible. Not the stage for it: nothing."""
        stage = self._stage
        if not MESSAGES[row + 2] <= stage <= MESSAGES[row + 3]:
            return True
        if not self._demand.take(message, data):
            return False
        self._reading.parts |= 1
        following = MESSAGES[row + 4] or self._following(message, data[0])
        if message == _BST and stage != _STOP:
            self._cst[0] = _BY_BMS
        if following != stage:
            self._enter(following)
        elif message in (_BCL, _BRO) and stage != _START:
            self._awaited_ms = 0
        return True

    def _following(self, message: int, said: int) -> int:
        """The stage after a message that leads to more than one."""
        stage = self._stage
        if message == _BRO:
            ready = said == 0xAA
            return stage if stage == _START else _READY if ready else _CAPABILITY
        if message == _BSM and self._reading.alarms:
            self._cst[0] = _FAULT
            return _STOP
        if message == _BEM:
            if stage == _READY and not self._session:  # it has waited long enough for a session
                return _RECOGNISE
            self._cem[:] = _NOTHING_LATE
            return _ERROR
        return stage


def make(wire: "Can", reading: "BmsReading", options: "Settings") -> Gbt27930:
    """The driver on its bus."""
    wire.set_filters(FILTERS)
    return Gbt27930(wire, reading)
