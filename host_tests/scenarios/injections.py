"""How each row of the supervisor's table is brought about at the plant, and ended.

`INJECTIONS` has one entry a row of firmware/charging/faults.py; test_fault_table.py plays them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import plug, remote_start, remote_stop
from tools.sim.bench import Bench

CHARGING = "charging"  # at full current
RESTING = "resting"  # gun in, nothing going on
STARTING = "starting"  # struck, then a session is started
STOPPING = "stopping"  # struck at full current, then the session is stopped

# How late each source may tell, on top of the time for which a row must be present.
CONTACT_MS = 25  # sampled every 10 ms, and a tick follows at once
AUXILIARY_MS = 80  # contacts move within 30 ms, sampled with the tick
TERMINALS_MS = 170  # the module tells them every 100 ms; 10 ms to the poll, 50 ms to the tick
TELEMETRY_MS = 2_100  # temperature of the module: asked for every 2 s
THERMISTOR_MS = 1_700  # filtered: a jump from cold to hot
SENSOR_MS = 200  # three samples
OUTPUT_MS = 700  # the module's own output voltage: asked for twice a second
BMS_MS = 550  # tells twice a second
UART_BMS_MS = 1_500  # is asked in turn

FITTED = {
    "door_pin": 15,
    "earth_fault_pin": 12,
    "gun_temperature_pin": 36,
    "gun_sense_pin": 39,
}
JBD = {"bms": "jbd_uart", "pack_max_ma": 90_000}


@dataclass
class Injection:
    """`strike` and `heal` are commands of the control port, or functions of the bench."""

    strike: str | Callable[[Bench], Any]
    heal: str | Callable[[Bench], Any]
    latency_ms: float
    state: str = CHARGING
    settings: dict[str, Any] = field(default_factory=dict)
    vehicle: dict[str, Any] = field(default_factory=dict)
    heals_ms: float = 1_000  # until the source tells that the cause is gone
    derated_amps: tuple[float, float] = (0, 0)  # where the current settles, for rows that derate
    module_obeys: bool = True
    ends_with_power: bool = False  # the cause is gone as soon as the power is


def again_and_again(command: str) -> Callable[[Bench], None]:
    """The chip restarts three times, soon one after the other."""

    def strike(bench: Bench) -> None:
        for turn in range(3):
            bench.command(command)
            bench.run(5 if turn < 2 else 0.05)

    return strike


def stand_still(bench: Bench) -> None:
    """The loop is held up for longer than power may flow unwatched; the edge is its end."""
    bench.stall(1.1)
    bench.hardware.mark_edge()


def nothing(bench: Bench) -> None:
    """Nothing needs to be done."""


def _fitted(strike: str, heal: str, latency_ms: float, **more: Any) -> Injection:
    return Injection(strike, heal, latency_ms, settings=FITTED, **more)


_ITSELF = {"ends_with_power": True}
_HOT = {"derated_amps": (40, 55)}
INJECTIONS = {
    "EmergencyStop": Injection("estop on", "estop off", CONTACT_MS),
    "DoorOpen": _fitted("door open", "door closed", CONTACT_MS),
    "EarthFault": _fitted("earth on", "earth off", CONTACT_MS),
    "ContactorWelded": Injection("weld on", "weld off", AUXILIARY_MS, RESTING),
    "WeldCheckFailed": Injection(
        "module bleeder=1e9", "module bleeder=0.5", 2_500 + OUTPUT_MS, STOPPING, heals_ms=3_000
    ),
    "ShortCircuit": Injection("gun wires=shorted", "gun wires=ok", TERMINALS_MS),
    "OverVoltageFar": Injection("bms voltage=89", "bms voltage=auto", TERMINALS_MS),
    "OverVoltage": Injection("bms voltage=86.5", "bms voltage=auto", TERMINALS_MS),
    "OverCurrentFar": Injection(
        "module extra_amps=40", "module extra_amps=0", TERMINALS_MS, **_ITSELF
    ),
    "OverCurrent": Injection(
        "module extra_amps=8", "module extra_amps=0", TERMINALS_MS, **_ITSELF
    ),
    "ContactorOpen": Injection("coil off", "coil on", AUXILIARY_MS, **_ITSELF),
    "ReversePolarity": Injection("gun wires=reversed", "gun wires=ok", TERMINALS_MS, RESTING),
    "CurrentBackwards": Injection(
        "module extra_amps=-100", "module extra_amps=0", TERMINALS_MS, **_ITSELF
    ),
    "VoltageAtGun": Injection("gun contact=open", "gun contact=ok", 200, RESTING),
    "GunOverTemperature": _fitted("gun temperature=95", "gun temperature=40", THERMISTOR_MS),
    "GunSensor": _fitted("gun temperature=open", "gun temperature=auto", SENSOR_MS),
    "ModuleStaysOn": Injection(
        "module stuck=1", "module stuck=0", 1_000 + BMS_MS, STOPPING, module_obeys=False
    ),
    "ModuleFault": Injection("module fault=1", "module fault=0", CONTACT_MS),
    "ModuleOverTemperature": Injection(
        "module temperature=75", "module temperature=50", TELEMETRY_MS, heals_ms=TELEMETRY_MS
    ),
    "ModuleSilent": Injection("module off", "module on", 3_000 + 60),
    "BmsSilent": Injection("bms off", "bms on", 3_000 + 60),
    "BmsAlarm": Injection(
        "bms alarm=short", "bms alarm=none", UART_BMS_MS, settings=JBD, heals_ms=UART_BMS_MS
    ),
    "BmsRequest": Injection("bms voltage_limit=48", "bms voltage_limit=84", BMS_MS),
    "BmsVoltage": Injection(
        "bms voltage_scale=0.9", "bms voltage_scale=1", UART_BMS_MS, settings=JBD
    ),
    "BmsCurrentSign": Injection(
        "bms current_sign=-1", "bms current_sign=1", UART_BMS_MS, settings=JBD
    ),
    "ControlStalled": Injection(stand_still, nothing, CONTACT_MS, **_ITSELF),
    "BrownOut": Injection(again_and_again("brownout"), "service", CONTACT_MS),
    "CrashLoop": Injection(again_and_again("crash"), "service", CONTACT_MS),
    "SelfTestFailed": Injection("module leak=70", "module leak=0", 3_000 + 200, STARTING),
    "PrechargeFailed": Injection("bms voltage=45", "bms voltage=auto", 5_000 + 200, STARTING),
    "DischargeFailed": Injection(
        "module bleeder=25", "module bleeder=1", 5_000 + OUTPUT_MS, STOPPING, heals_ms=2_000
    ),
    "OverVoltageNear": Injection(
        "module extra_volts=2; bms soc=95",
        "module extra_volts=0; bms soc=85",
        TERMINALS_MS,
        vehicle={"voltage": "auto", "soc": 88},
        derated_amps=(40, 80),
    ),
    "GunHot": _fitted("gun temperature=77.5", "gun temperature=40", THERMISTOR_MS, **_HOT),
    "ModuleHot": Injection("module temperature=65", "module temperature=40", TELEMETRY_MS, **_HOT),
}


def do(bench: Bench, what: str | Callable[[Bench], Any]) -> None:
    """Commands with ; between them, or a function."""
    if callable(what):
        what(bench)
    else:
        for line in what.split(";"):
            bench.command(line)


def bring_about(bench: Bench, injection: Injection, phase_ms: float = 0) -> float:
    """Put the charger into the state, strike `phase_ms` later; the edge's time in ms."""
    booted(bench)
    plug(bench)
    if injection.state in (CHARGING, STOPPING):
        remote_start(bench)
        bench.run_until(lambda: bench.hardware.plant_state()["amps"] > 85, 30, "full current")
    bench.run(phase_ms / 1000)
    bench.hardware.mark_edge()
    do(bench, injection.strike)
    edge_ms = bench.hardware.now_ms
    if injection.state == STARTING:
        bench.run(1)  # the charger has seen it
        remote_start_only(bench)
        edge_ms = bench.hardware.now_ms
    elif injection.state == STOPPING:
        edge_ms = bench.hardware.now_ms
        remote_stop(bench)
    return float(edge_ms)


def remote_start_only(bench: Bench) -> None:
    """Ask for a session that will not get far."""
    request = {"connectorId": 1, "idTag": "TEST_TAG"}
    assert bench.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    bench.expect("StartTransaction")
