"""Configuration at work, and the ways down and up: Reset, power cut, a firmware that hangs."""

import shutil
from pathlib import Path

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import (
    calls,
    charging,
    expect_status,
    one_session,
    power_is_off,
    remote_start,
    session_ends,
    transaction_id,
)

ROOT = Path(__file__).parents[2]


def change(bench, key: str, value: str) -> str:
    return bench.call("ChangeConfiguration", {"key": key, "value": value})["status"]


def test_sample_interval_changes_at_once(bench) -> None:
    charging(bench)
    bench.expect("MeterValues", within_s=12)
    assert change(bench, "MeterValueSampleInterval", "2") == "Accepted"
    times = [bench.expect("MeterValues", within_s=4).ms for _ in range(4)]
    assert [round(b - a, -2) for a, b in zip(times, times[1:], strict=False)] == [2000] * 3
    assert change(bench, "MeterValueSampleInterval", "0") == "Accepted"
    bench.run(1)
    bench.expect_none("MeterValues", 12)


def test_heartbeat_interval_changes_at_once_and_stays(bench) -> None:
    assert change(bench, "HeartbeatInterval", "5") == "Accepted"
    times = [bench.expect("Heartbeat", within_s=7).ms for _ in range(3)]
    assert all(4_000 <= b - a <= 6_500 for a, b in zip(times, times[1:], strict=False))
    bench.command("power")
    bench.power_on()
    booted(bench)
    key = bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"][0]
    assert key["value"] == "5"


def test_what_configuration_refuses(bench) -> None:
    before = bench.call("GetConfiguration")
    for key, value, verdict in (
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("MeterValuesSampledData", "Nonsense", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
    ):
        assert change(bench, key, value) == verdict, key
    assert bench.call("GetConfiguration") == before


def test_every_configuration_key_has_a_value(bench) -> None:
    answer = bench.call("GetConfiguration")
    keys = [entry["key"] for entry in answer["configurationKey"]]
    assert len(keys) == len(set(keys)) > 25
    assert all({"key", "readonly", "value"} == set(e) for e in answer["configurationKey"])


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
def test_reset_in_a_session(bench, kind: str) -> None:
    charging(bench)
    bench.run(3)
    assert bench.call("Reset", {"type": kind}) == {"status": "Accepted"}
    session_ends(bench, kind + "Reset")
    booted(bench, "Preparing")
    assert bench.charger.starts == 2
    assert power_is_off(bench)
    bench.run(3)
    one_session(bench)
    assert sum(c["messageId"] == "VehicleInfo" for c in calls(bench, "DataTransfer")) == 1
    remote_start(bench)


def test_reset_while_idle(bench) -> None:
    assert bench.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    booted(bench)
    assert bench.charger.starts == 2


def test_power_cut_in_a_session(start) -> None:
    bench = start({"MeterValueSampleInterval": 2})
    booted(bench)
    charging(bench)
    for _ in range(3):
        last = bench.expect("MeterValues", within_s=5)
    register = int(last.payload["meterValue"][0]["sampledValue"][0]["value"])
    assert register > 1
    bench.run(0.5)
    bench.command("power")
    bench.run(0.1)
    assert not bench.hardware.plant_state()["contactor"]
    bench.power_on()
    bench.expect("BootNotification", within_s=20)
    bench.expect("DataTransfer", messageId="SessionSummary")
    stop = bench.expect("StopTransaction", reason="PowerLoss", meterStop=register)
    assert stop.payload["transactionId"] == transaction_id(bench)
    bench.run(1)
    one_session(bench)
    assert power_is_off(bench)
    remote_start(bench)
    assert calls(bench, "StartTransaction")[-1]["meterStart"] >= register


def test_power_cut_while_idle_loses_nothing(bench) -> None:
    bench.command("power")
    bench.power_on()
    booted(bench)
    assert calls(bench, "StopTransaction") == []


def test_a_firmware_that_hangs_is_reset_and_the_power_is_off(start, tmp_path) -> None:
    shutil.copy(ROOT / "boot.py", tmp_path)
    shutil.copy(ROOT / "main.py", tmp_path)
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
    control = tmp_path / "firmware" / "services" / "control.py"
    tick = "        core.tick(dt_ms)\n"
    text = control.read_text()
    assert tick in text
    control.write_text(text.replace(tick, tick + HANGS))
    bench = start({"watchdog_ms": 5000}, firmware=tmp_path, heap="1m")  # source, not bytecode
    booted(bench)
    charging(bench)
    bench.run_until(lambda: bench.charger.starts == 2, 15, "the watchdog's reset")
    bench.run(0.1)
    assert not bench.hardware.plant_state()["contactor"]
    expect_status(bench, "Preparing", within_s=20)
    bench.expect("StopTransaction", reason="PowerLoss")
    assert power_is_off(bench)


# Three seconds into a session the control loop stands still.
HANGS = """\
        while core.session.duration_ms > 3000:
            time.sleep_ms(100)
"""
