"""The charging core: one tick from readings to outputs, and the only place that permits power.

Theory. The control loop writes what it sensed (the inputs below and the readings)
and calls `tick`; afterwards `sequence.contactor`, `sequence.module_on`, `regulator.set_mv` and
`set_ma` are what the outputs must be. Wishes arrive by method calls between ticks (`authorize`,
`start`, `stop`, ...) and never switch anything by themselves: `_permit` alone decides, from facts
that are all true at this moment. What happened is told through `events`.

A session is opened in two steps so that nothing is lost: the core asks (`START_READY`), the record
goes to flash, then `start` opens the session and power may flow.
"""

from micropython import const

from .connector import ACTIVE, STATES, Connector
from .events import (
    AUTHORIZATION_EXPIRED,
    FAULT_CHANGED,
    PLUGGED,
    START_READY,
    STATE,
    STOPPED,
    UNPLUGGED,
    VEHICLE_KNOWN,
    EventRing,
)
from .meter import EnergyMeter
from .readings import STALE_MS, UNKNOWN_TEMPERATURE
from .regulator import Regulator
from .sequence import Sequence
from .session import Session
from .supervisor import EMERGENCY, STOP, Limits, Supervisor

_SETTLE_MS = const(100)  # a gun that is in at the first tick was in before power-up
_MEASURED_MS = const(1000)
_METERED_MS = const(2000)
_KNOW_VEHICLE_MS = const(10_000)  # how long a start waits for VehicleInfo to be complete


class ChargingCore:
    """One connector: state, safety, power and energy. `tick` allocates nothing."""

    def __init__(
        self,
        bms: "BmsReading",
        module: "ModuleReading",
        limits: Limits,
        regulator: Regulator,
        meter: EnergyMeter,
        supervisor: "Supervisor | None" = None,
    ) -> None:
        self.bms = bms
        self.module = module
        self.limits = limits
        self.regulator = regulator
        self.meter = meter
        self.connector = Connector()
        self.sequence = Sequence()
        self.supervisor = supervisor or Supervisor()
        self.session = Session()
        self.events = EventRing()
        module.age_ms = 0  # the module is given its time-out to be heard after power-up
        module.output_age_ms = STALE_MS
        self.meter_reading = None  # of an external meter, where one is fitted
        # what the control loop sensed before the tick
        self.gun = False
        self.e_stop = True
        self.contactor_closed = False
        self.gap_ms = 0  # the longest since the last tick
        self.boot_trouble = 0  # why it started: 1 = brown-outs, 2 = crashes, again and again
        # and where it is fitted
        self.door_open = False
        self.earth_fault = False
        self.gun_c10 = UNKNOWN_TEMPERATURE
        self.gun_sensor_bad = False
        self.gun_mv = -1  # the board's own measurement at the gun
        # settings
        self.connection_timeout_ms = 60_000
        self.bms_pause_ms = 10_000  # a pause of the BMS longer than this ends the session
        self.stop_on_unplug = True  # False: the session outlives the gun, without power
        # permission to start, given and not yet used
        self.id_tag = ""
        self.soft_stop = False  # True: wait for the current to fall before the contactor opens
        self._authorized_ms = 0
        self._asked = False  # START_READY is out, `start` or `deauthorize` must follow
        self._since_boot_ms = 0
        self._plugged_ms = 0
        self._vehicle_told = True
        self._paused_ms = 0

    # ---- wishes, between ticks ----

    def authorize(self, id_tag: str) -> bool:
        """Permit one start to `id_tag` within the connection time-out; False when refused."""
        if self.session.open or not self._fire("authorized"):
            return False
        self.id_tag = id_tag
        self._authorized_ms = 0
        self._asked = False
        return True

    def deauthorize(self) -> None:
        """Withdraw a permission that has not led to a start."""
        self.id_tag = ""
        self._asked = False
        self._fire("deauthorized")

    def can_start(self) -> bool:
        """Is the start that START_READY asked for still possible; ask before recording it."""
        return self._asked and self._ready()

    def start(self, txn: int) -> bool:
        """Open the session, recorded under local number `txn`; False when it came too late."""
        if not (self.can_start() and self._fire("started")):
            return False
        self.meter.start_session()
        self.session.begin(txn, self.id_tag, self.meter.wh)
        self.id_tag = ""
        self._asked = False
        self._paused_ms = 0
        return True

    def stop(self, reason: str, id_tag: str = "") -> bool:
        """End the session for an OCPP `reason`; the power is ramped off without load switching."""
        return self._stop(reason, id_tag, True)

    def set_operative(self, operative: bool) -> bool:
        """Take the connector out of or back into service; False while a session runs."""
        return self._fire("operative" if operative else "inoperative")

    def reserve(self, reserved: bool) -> bool:
        """Keep the connector for somebody, or no longer; False when its state forbids it."""
        return self._fire("reserved" if reserved else "unreserved")

    # ---- the tick ----

    def tick(self, dt_ms: int) -> None:
        """One control period of `dt_ms`: safety first, then states, power and energy."""
        self._age(dt_ms)
        if not self.module.senses_gun:
            self._work_out_terminals()
        self._follow_gun(dt_ms)
        self._supervise(dt_ms)
        self._follow_permission(dt_ms)
        self._follow_session(dt_ms)
        emergency = self.supervisor.reaction == EMERGENCY or not self.gun
        self.sequence.step(self, self._permit(), emergency, dt_ms)
        self._measure(dt_ms)

    def battery_mv(self) -> int:
        """The battery's voltage behind the contactor, 0 when it is no battery of ours."""
        voltage_mv = self.module.terminal_mv
        limits = self.limits
        ours = limits.battery_min_mv <= voltage_mv and limits.takes(voltage_mv, 55, 105)
        return voltage_mv if ours else 0

    def fault(self) -> int:
        """Index of the reported row of `faults.FAULTS`, -1 when there is none."""
        return self.supervisor.first

    def told_to_stop(self) -> bool:
        """Does the vehicle or the module say, while a session runs, that power must end now."""
        return self.session.open and (not self.bms.allowed or self.module.fault != 0)

    def _permit(self) -> bool:
        """Everything that must be true at this moment for power to flow (design, "Two flows")."""
        bms = self.bms
        return (
            self.session.open
            and not self.session.held()
            and self.gun
            and self.supervisor.reaction < STOP
            and bms.age_ms <= self.limits.bms_timeout_ms
            and bms.allowed
            and bms.current_limit_ma > 0
            and bms.voltage_limit_mv > 0
            and self.regulator.station_ma() > 0
            and self.connector.state in ACTIVE
        )

    def _ready(self) -> bool:
        """May a session begin: gun in, vehicle speaks and agrees, nothing wrong."""
        bms = self.bms
        return (
            self.gun
            and self.connector.plugged
            and self.connector.authorized
            and self.supervisor.reaction < STOP
            and bms.age_ms <= self.limits.bms_timeout_ms
            and bms.allowed
            and (bms.complete or self._plugged_ms >= _KNOW_VEHICLE_MS)
            and self.sequence.state == "Off"
        )

    def _age(self, dt_ms: int) -> None:
        if self.bms.age_ms < STALE_MS:
            self.bms.age_ms += dt_ms
        module = self.module
        if module.age_ms < STALE_MS:
            module.age_ms += dt_ms
        if module.output_age_ms < STALE_MS:
            module.output_age_ms += dt_ms
        if self.meter_reading and self.meter_reading.age_ms < STALE_MS:
            self.meter_reading.age_ms += dt_ms
        if self._since_boot_ms < STALE_MS:
            self._since_boot_ms += dt_ms

    def _work_out_terminals(self) -> None:
        """For a module that knows its own output only: what must be at the gun, then."""
        module = self.module
        bms = self.bms
        module.terminal_ma = 0
        if self.contactor_closed:
            module.terminal_mv = module.output_mv
            module.terminal_ma = module.output_ma
        elif self.gun_mv >= 0:
            module.terminal_mv = self.gun_mv
        elif bms.voltage_mv >= 0 and bms.age_ms <= self.limits.bms_timeout_ms:
            module.terminal_mv = bms.voltage_mv
        else:
            module.terminal_mv = 0

    def _follow_gun(self, dt_ms: int) -> None:
        connector = self.connector
        if self.gun:
            if self._plugged_ms < STALE_MS:
                self._plugged_ms += dt_ms
            if not connector.plugged:
                self._plugged()
        elif connector.plugged:
            self._unplugged()

    def _plugged(self) -> None:
        # In the vehicle since before power-up: no edge was seen, so no VehicleInfo (the guide).
        self._vehicle_told = self._since_boot_ms < _SETTLE_MS
        self._plugged_ms = 0
        self._paused_ms = 0
        self.connector.plugged = True
        if self.session.open:  # it goes on when this vehicle speaks in time and allows it
            self.bms.reset()
            self.bms.age_ms = self.limits.bms_timeout_ms - _KNOW_VEHICLE_MS
        self.events.push(PLUGGED)
        self._fire("plugged")

    def _unplugged(self) -> None:
        if self.stop_on_unplug:
            self._stop("EVDisconnected", "", False)
        elif self.connector.state == "SuspendedEV":  # it stays that, for another cause
            self.events.push(STATE + STATES.index("SuspendedEV"))
        self.connector.plugged = False
        self.connector.ended = False
        if self.connector.authorized:
            self.deauthorize()
        self._fire("unplugged")
        self.events.push(UNPLUGGED)

    def _supervise(self, dt_ms: int) -> None:
        supervisor = self.supervisor
        before = supervisor.first
        supervisor.evaluate(self, dt_ms)
        first = supervisor.first
        if first == before:
            return
        self.events.push(FAULT_CHANGED)
        if before < 0:
            self.id_tag = ""
            self._asked = False
            self._fire("faulted")
        elif first >= 0:
            self.events.push(STATE + STATES.index("Faulted"))  # another error code to report
        if first >= 0:
            self._stop("Other" if first else "EmergencyStop", "", False)
        else:
            self._fire("cleared")

    def _follow_permission(self, dt_ms: int) -> None:
        if not self._vehicle_told and self.bms.complete and self.connector.state == "Preparing":
            self._vehicle_told = True
            self.events.push(VEHICLE_KNOWN)
        if not self.connector.authorized:
            return
        self._authorized_ms += dt_ms
        if self._asked and not self._ready():  # it came too late: ask again, or let it expire
            self._asked = False
        if self._authorized_ms > self.connection_timeout_ms and not self._asked:
            self.deauthorize()
            self.events.push(AUTHORIZATION_EXPIRED)
        elif not self._asked and self._ready():
            self._asked = True
            self.events.push(START_READY)

    def _follow_session(self, dt_ms: int) -> None:
        if not self.session.open or not self.gun:
            return
        if self.session.held():  # whatever the vehicle wants
            self._fire("suspended_evse")
            self.soft_stop = True
            return
        bms = self.bms
        if not bms.allowed or bms.current_limit_ma <= 0:
            self._fire("suspended_ev")
            self.soft_stop = False
            self._paused_ms += dt_ms
            if self._paused_ms > self.bms_pause_ms:
                self._stop("Other", "", True)
            return
        self._paused_ms = 0
        if self.sequence.full():
            self._stop("Other", "", True)
        elif self.regulator.station_ma() <= 0:
            self._fire("suspended_evse")
        elif self.connector.state != "Charging":
            self._fire("resumed")

    def _measure(self, dt_ms: int) -> None:
        module = self.module
        reading = self.meter_reading
        if reading and reading.age_ms < _METERED_MS and not reading.fault:
            self.meter.follow(reading, dt_ms)
        else:
            # A module that has gone silent delivers nothing that could be billed.
            current_ma = module.terminal_ma if module.age_ms < _MEASURED_MS else 0
            self.meter.add(module.terminal_mv, current_ma, dt_ms)
        if self.session.open:
            self.session.tick(dt_ms, self.meter.session_mwh, self.bms.soc_c100)

    def _stop(self, reason: str, id_tag: str, soft: bool) -> bool:
        if not self.session.open:
            return False
        self.session.end(reason, id_tag)
        self.soft_stop = soft
        self.events.push(STOPPED)
        self._fire("stopped")
        return True

    def _fire(self, event: str) -> bool:
        """Fire a connector event and tell when the state changed by it."""
        before = self.connector.state
        if not self.connector.fire(event):
            return False
        if self.connector.state is not before:
            self.events.push(STATE + STATES.index(self.connector.state))
        return True
