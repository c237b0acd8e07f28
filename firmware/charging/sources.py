"""What the supervisor sees: one number a source, so that larger is worse.

Without a unit: 1 while it is so. Thresholds that settings move are taken off here; the others are
in faults.py. Allocates nothing.
"""

from micropython import const

from .readings import FAULT_STAYS_ON
from .sequence import MATCH_FAILED, SAFE_MV, SELF_TEST_FAILED, WELD_FAILED

E_STOP = const(0)
DOOR = const(1)
EARTH = const(2)
NOT_OPEN = const(3)  # contactor closed though told to open
NOT_CLOSED = const(4)
WELD = const(5)  # weld check failed
SHORT = const(6)
VOLTS = const(7)  # above the limit, in thousandths of it, while the contactor is told to close
AMPS_FAR = const(8)  # mA above the rating and a fifth
AMPS = const(9)  # mA above the least limit, a twentieth and 1 A
POLARITY = const(10)  # mV below zero at the gun
BACKWARDS = const(11)  # mA out of the battery
GUN_VOLTS = const(12)  # mV above 60 V where nothing should be
GUN_HEAT = const(13)  # 0.1 degC above the limit
GUN_SENSOR = const(14)
STAYS_ON = const(15)
MODULE_FAULT = const(16)
MODULE_HEAT = const(17)  # 0.1 degC above the limit
MODULE_AGE = const(18)  # ms above the limit
BMS_AGE = const(19)  # silent for too long: 1 = at rest, 2 = in a session
BMS_ALARM = const(20)
BMS_REQUEST = const(21)
BMS_VOLTS = const(22)  # mV more than its voltage may differ from the terminals'
BMS_SIGN = const(23)
GAP = const(24)  # ms between two ticks while power is on
BROWN_OUT = const(25)
CRASHES = const(26)
NOT_READY = const(27)  # self-test failed
NOT_MATCHED = const(28)  # battery not recognised, or precharge failed
CHARGED = const(29)  # ms above the limit that the output keeps its voltage while off
GUN_WARM = const(30)  # 0.1 degC above where derating begins
MODULE_WARM = const(31)
SOURCES = const(32)

_NOISE_MA = const(1_000)  # tolerance below which an over-current is only measuring noise
_PUSHED_MA = const(5_000)
_PULLED_MA = const(-2_000)
_CABLE_MOHM = const(20)  # the gun's cable, between the BMS's voltage and the terminals'
_THERE_MV = const(10_000)
_FRESH_MS = const(1000)
_CONTRADICTS_MV = const(5_000)
# drivers/bms/alarms.py: short, weld, insulation
_SERIOUS = const(1 << 10 | 1 << 15 | 1 << 17)


def look(values: "Values", core: "ChargingCore") -> None:
    """Contacts, the charger's own state and the gun."""
    sequence = core.sequence
    told = sequence.contactor
    closed = core.contactor_closed
    values[E_STOP] = core.e_stop
    values[DOOR] = core.door_open
    values[EARTH] = core.earth_fault
    values[NOT_OPEN] = closed and not told
    values[NOT_CLOSED] = told and not closed
    values[WELD] = sequence.failed == WELD_FAILED
    values[NOT_READY] = sequence.failed == SELF_TEST_FAILED
    values[NOT_MATCHED] = sequence.failed == MATCH_FAILED
    sequence.failed = 0
    values[CHARGED] = sequence.charged_ms - core.limits.discharge_ms
    values[GAP] = core.gap_ms if told or sequence.module_on else 0
    values[BROWN_OUT] = core.boot_trouble == 1
    values[CRASHES] = core.boot_trouble == 2
    values[GUN_HEAT] = core.gun_c10 - core.limits.gun_max_c10
    values[GUN_SENSOR] = core.gun_sensor_bad or _contradicts(core, told and closed)
    nothing = not (core.gun or closed or told) and sequence.state == "Off"
    values[GUN_VOLTS] = core.module.terminal_mv - SAFE_MV if nothing else -SAFE_MV


def _contradicts(core: "ChargingCore", joined: bool) -> bool:
    """Does the board's own sense at the gun differ from what the module measures there."""
    module = core.module
    if core.gun_mv < 0 or not joined or module.age_ms > _FRESH_MS:
        return False
    return abs(core.gun_mv - module.terminal_mv) > _CONTRADICTS_MV


def look_at_module(values: "Values", core: "ChargingCore", limit_mv: int) -> None:
    """Voltage and current; `limit_mv` must not be passed."""
    limits = core.limits
    module = core.module
    told = core.sequence.contactor
    mv = module.terminal_mv
    ma = module.terminal_ma
    # (limit_mv may be next to nothing, if the BMS says so)
    values[VOLTS] = (mv - limit_mv) * 100 // (limit_mv // 10 + 1) if told else -1000
    collapsed = mv < limits.battery_min_mv * 3 // 4
    values[SHORT] = told and core.contactor_closed and collapsed and ma > _PUSHED_MA
    limit = limits.max_ma
    values[AMPS_FAR] = ma - limit - limit // 5
    limit = core.regulator.limit_ma(core.bms.current_limit_ma)
    values[AMPS] = ma - limit - limit // 20 - _NOISE_MA
    values[POLARITY] = -mv if core.gun else 0
    values[BACKWARDS] = -ma
    values[STAYS_ON] = module.fault & FAULT_STAYS_ON
    values[MODULE_FAULT] = module.fault & ~FAULT_STAYS_ON
    values[MODULE_HEAT] = module.temperature_c10 - limits.module_max_c10
    values[MODULE_AGE] = module.age_ms - limits.module_timeout_ms


def look_at_vehicle(values: "Values", core: "ChargingCore") -> None:
    """What the BMS says, and whether it can be true."""
    bms = core.bms
    limits = core.limits
    mv = core.module.terminal_mv
    ma = core.module.terminal_ma
    fresh = core.gun and bms.age_ms <= limits.bms_timeout_ms
    # Only a session makes silence a fault; then it stays one until the BMS is back or gone.
    values[BMS_AGE] = 0 if fresh or not core.gun else 1 + core.session.open
    values[BMS_ALARM] = fresh and bms.alarms & _SERIOUS != 0
    limit_mv = bms.voltage_limit_mv
    asks = fresh and bms.allowed and limit_mv > 0
    values[BMS_REQUEST] = asks and not limits.takes(limit_mv, 60, 102)
    values[BMS_VOLTS] = 0
    if fresh and core.session.open and bms.voltage_mv >= 0 and mv > _THERE_MV:
        tolerance = mv * 3 // 100
        if tolerance < 2_000:
            tolerance = 2_000
        tolerance += abs(ma) * _CABLE_MOHM // 1000
        values[BMS_VOLTS] = abs(mv - bms.voltage_mv) - tolerance
    values[BMS_SIGN] = fresh and ma > _PUSHED_MA and bms.current_ma < _PULLED_MA
