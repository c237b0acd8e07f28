"""Random histories of a vehicle, people, parts that break and a central system, and what must hold
in every tick of them (../shared/design.md "Two flows").
"""

from collections import Counter

from firmware.charging.connector import ACTIVE
from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import CLEAR_MS, EMERGENCY, LATCH, NAME, STOP
from host_tests.unit.charging.plant import TICK_MS, Plant

LOAD_MA = 5_000  # what a contactor may break
DIFFERENCE_MV = 5_000  # what it may close onto
DURATIONS_MS = (1_000, 50, 50, 100, 150, 400, 3_000, 6_000)
_STOP_TRIES_MS = 100  # ticks before the one that opens after 120 ms
_OVER_MS = 1_000
_RISES_MV = 1_300  # at the module's output, in a tick


class Rules(Plant):
    """A plant whose parts may be anything but lying, and that watches the core."""

    def __init__(self) -> None:
        self.seen: Counter = Counter()
        self.serviced = True
        self.latched: set[int] = set()
        self.energy_mwh = self.session_mwh = self.over_ms = self.off_ms = 0
        self.emergency = False
        self.surge_mv: int | None = None
        self.runaway_ma = 0
        self.txn = 0
        super().__init__()

    def _let_flow(self, joined: bool) -> None:
        if self.surge_mv is not None and joined:
            self.module.terminal_mv = self.surge_mv
        before_mv = self.output_mv
        super()._let_flow(joined)
        if self.output_mv > before_mv + _RISES_MV and not joined:
            self.output_mv = before_mv + _RISES_MV
        if self.runaway_ma and joined and self.module.on and self.core.regulator.set_ma:
            self.current_ma = max(self.current_ma + self.runaway_ma, -20_000)

    def _act(self) -> None:
        core = self.core
        sequence = core.sequence
        was_closed = core.contactor_closed
        flowing_ma = self.current_ma
        self.emergency |= core.supervisor.reaction == EMERGENCY or not core.gun
        self.off_ms = 0 if sequence.module_on else self.off_ms + TICK_MS
        super()._act()
        self._check_power(core, sequence)
        if core.contactor_closed and not was_closed and not self.welded and core.gun:
            self.seen["closed"] += 1
            assert abs(self.output_mv - self.battery_mv) <= DIFFERENCE_MV, "closed unmatched"
        if was_closed and not core.contactor_closed and not sequence.contactor:
            self.seen["opened"] += 1
            hard = self.emergency or self.off_ms > _STOP_TRIES_MS or not self.module_alive
            assert abs(flowing_ma) <= LOAD_MA or hard, f"opened at {flowing_ma} mA"
            self.seen["opened under load"] += abs(flowing_ma) > LOAD_MA
        if sequence.contactor:
            self.emergency = False
        self._check_current(core, sequence, flowing_ma)
        self._check_books(core)

    def _check_power(self, core, sequence) -> None:
        self.seen[sequence.state] += 1
        self.seen[core.connector.state] += 1
        if core.session.open:
            assert core.connector.state in ACTIVE
        if core.fault() >= 0:
            assert core.connector.state == "Faulted" and not core.session.open
        if core.e_stop or not core.gun:
            assert not sequence.module_on and not sequence.contactor
        if sequence.contactor and not sequence.module_on:
            assert sequence.state == "Stop"
        if not sequence.module_on:
            assert core.regulator.set_ma == 0
            return
        assert core.session.open and core.connector.state in ACTIVE
        assert self.bms.allowed and self.bms.age_ms <= core.limits.bms_timeout_ms
        assert self.bms.current_limit_ma > 0 and core.regulator.station_ma() > 0
        for index in range(len(FAULTS)):
            if core.supervisor.active[index]:
                assert FAULTS[index][6] < STOP, FAULTS[index][NAME]
        assert core.regulator.set_mv <= core.limits.max_mv
        assert core.regulator.set_ma <= min(
            self.bms.current_limit_ma, core.limits.max_ma, core.regulator.smart_ma
        ) or sequence.state in ("Precharge", "Close")

    def _check_current(self, core, sequence, flowing_ma: int) -> None:
        least = min(self.bms.current_limit_ma, core.regulator.smart_ma, core.limits.max_ma)
        over = flowing_ma > least + least // 20 + 1_000
        self.over_ms = self.over_ms + TICK_MS if over and sequence.module_on else 0
        assert self.over_ms <= _OVER_MS, f"{flowing_ma} mA for {self.over_ms} ms, limit {least}"

    def _check_books(self, core) -> None:
        meter = core.meter
        energy_mwh = meter.wh * 1000 + meter.mwh
        assert energy_mwh >= self.energy_mwh
        self.energy_mwh = energy_mwh
        if core.session.open:
            assert core.session.energy_mwh >= self.session_mwh
        self.session_mwh = core.session.energy_mwh if core.session.open else 0
        active = core.supervisor.active
        latched = {i for i in range(len(FAULTS)) if active[i] and FAULTS[i][CLEAR_MS] == LATCH}
        assert self.serviced or self.latched <= latched, "a latched fault has cleared by itself"
        self.latched = latched
        self.serviced = False
        for index in range(len(FAULTS)):
            if active[index]:
                self.seen[FAULTS[index][NAME]] += 1

    # ---- what people do ----

    def begin(self) -> None:
        """A session, if the charger agrees."""
        self.core.authorize("T")
        for _ in range(6):
            self.run(TICK_MS)
            if self.core.can_start():
                self.txn += 1
                assert self.core.start(self.txn)
                self.seen["sessions"] += 1
                return

    def take_gun(self, plugged: bool) -> None:
        if not plugged and self.core.gun:
            self.bms.reset()
            self.bms.alarms = 0
        self.core.gun = plugged

    def repair(self) -> None:
        """All that was broken is whole again."""
        core = self.core
        core.e_stop = core.door_open = core.earth_fault = core.gun_sensor_bad = False
        core.gun_c10 = self.module.temperature_c10 = 265
        core.boot_trouble = self.gap_ms = 0
        core.regulator.smart_ma = 1_000_000
        self.bms_on = self.bms_allowed = self.module_alive = self.bleeds = True
        self.welded = self.stuck_open = self.silent_off = False
        self.module_fault = self.runaway_ma = 0
        self.surge_mv = None
        self.bms.voltage_mv = -1
        self.bms.current_ma = self.bms.alarms = 0
        self.bms_limit_ma, self.bms_limit_mv = 90_000, 84_000
        self.takes_ma = self.fall_ma = 1_000_000
        self.soc_c100 = 8_700

    def service(self) -> None:
        self.core.supervisor.clear_latched()
        self.serviced = True


def _put(attribute: str, value: object, part: str = ""):
    def act(plant: Rules) -> None:
        setattr(getattr(plant, part) if part else plant, attribute, value)

    act.__name__ = f"{part or 'plant'}.{attribute}={value}"
    return act


def _battery(mv: int):
    def act(plant: Rules) -> None:
        if not plant.core.gun:  # another vehicle
            plant.battery_mv = mv

    act.__name__ = f"battery {mv}"
    return act


def _another(mv: int):
    def act(plant: Rules) -> None:
        plant.take_gun(False)
        plant.run(2_000)
        plant.battery_mv = mv
        plant.take_gun(True)
        plant.run(700)
        plant.begin()
        plant.run(6_000)

    act.__name__ = f"another vehicle of {mv} mV"
    return act


def _call(name: str, *arguments: object):
    def act(plant: Rules) -> None:
        getattr(plant.core, name)(*arguments)

    act.__name__ = f"{name}{arguments}"
    return act


def _limit(ma: int):
    def act(plant: Rules) -> None:
        plant.core.regulator.smart_ma = ma

    act.__name__ = f"smart {ma}"
    return act


def _gun(plugged: bool):
    def act(plant: Rules) -> None:
        plant.take_gun(plugged)

    act.__name__ = "plug" if plugged else "unplug"
    return act


USUAL = (
    _gun(True), _gun(False), Rules.begin, Rules.begin, Rules.repair, Rules.service,
    _call("stop", "Remote"), _call("stop", "Local", "T"), _call("authorize", "A"),
    _call("deauthorize"), _call("set_operative", False), _call("set_operative", True),
    _call("reserve", True), _call("reserve", False),
    _limit(0), _limit(2_000), _limit(16_000), _limit(1_000_000),
    _put("bms_allowed", False), _put("bms_allowed", True),
    _put("bms_limit_ma", 0), _put("bms_limit_ma", 1_850), _put("bms_limit_ma", 40_000),
    _put("bms_limit_ma", 200_000), _put("bms_limit_mv", 84_000), _put("bms_limit_mv", 72_000),
    _put("soc_c100", 10_000), _put("takes_ma", 1_000), _put("takes_ma", 1_000_000),
    _battery(57_000), _battery(76_380), _battery(84_000), _put("stop_on_unplug", False, "core"),
)  # fmt: skip
TROUBLE = (
    _put("e_stop", True, "core"), _put("e_stop", False, "core"), _put("door_open", True, "core"),
    _put("earth_fault", True, "core"), _put("gun_c10", 800, "core"), _put("gun_c10", 920, "core"),
    _put("gun_sensor_bad", True, "core"), _put("boot_trouble", 2, "core"),
    _put("boot_trouble", 1, "core"), _put("gap_ms", 1200),
    _put("bms_on", False), _put("module_alive", False), _put("module_fault", 1),
    _put("module_fault", 4), _put("temperature_c10", 660, "module"),
    _put("temperature_c10", 720, "module"), _put("welded", True), _put("stuck_open", True),
    _put("bleeds", False), _put("silent_off", True), _put("fall_ma", 700),
    _put("fall_ma", 3_000), _put("runaway_ma", 4_000), _put("runaway_ma", 35_000),
    _put("runaway_ma", -200_000), _put("surge_mv", 85_200), _put("surge_mv", 86_500),
    _put("surge_mv", 89_000), _put("surge_mv", 20_000), _put("voltage_mv", 70_000, "bms"),
    _put("current_ma", -20_000, "bms"), _put("alarms", 1 << 10, "bms"),
    _put("bms_limit_mv", 44_000), _another(40_000), _another(-76_000), _another(120_000),
)  # fmt: skip
STARTS = ("charging", "plugged", "charging", "resting")


def play(start: str, steps: list, counts: Counter) -> None:
    """One history. AssertionError names the rule that was broken."""
    plant = Rules()
    if start != "resting":
        plant.take_gun(True)
        plant.run(700)
    if start == "charging":
        plant.begin()
        plant.run(4_000)
    for act, ms in steps:
        act(plant)
        plant.run(ms)
    plant.take_gun(False)
    plant.run(10_000)
    assert plant.core.sequence.state == "Off", "it does not come to rest"
    assert not plant.core.sequence.contactor
    plant.repair()
    plant.run(3_000)
    assert not plant.core.contactor_closed
    plant.service()
    plant.run(6_000)
    assert plant.core.fault() < 0, FAULTS[plant.core.fault()][NAME]
    counts.update(plant.seen)
    counts["ticks"] += plant.now_ms // TICK_MS
