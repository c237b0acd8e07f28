"""The integration guide's session, frame for frame, with the plant set to the guide's numbers."""

import json
import re
from datetime import datetime

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import charging, power_is_off, status, transaction_id
from tools.sim.bench import Bench
from tools.sim.script import Entry

STAMP = re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
# The guide's eight samples: state of charge and watts; and the volts that make them at 1.85 A.
SAMPLES = (
    ("87.07", "142.00", "77.15"), ("87.07", "142.00", "77.15"), ("87.07", "141.00", "76.40"),
    ("87.12", "143.00", "77.40"), ("87.12", "143.00", "77.40"), ("87.12", "142.00", "77.15"),
    ("87.18", "144.00", "77.95"), ("87.18", "140.00", "75.90"),
)  # fmt: skip
TEN_STEPS = [
    status("Preparing"),
    ("DataTransfer", {"messageId": "VehicleInfo"}),
    "StartTransaction",
    status("Charging"),
    *["MeterValues"] * len(SAMPLES),
    ("DataTransfer", {"messageId": "SessionSummary"}),
    status("Finishing"),
    "StopTransaction",
]


def raw(entry: Entry) -> str:
    """A frame's payload as it was on the wire."""
    return entry.text[entry.text.index(f'"{entry.kind}",') + len(entry.kind) + 3 : -1]


def guide(text: str) -> str:
    """JSON as the guide prints it, without the white space between tokens."""
    return json.dumps(json.loads(text), separators=(",", ":"))


def time_of(text: str) -> datetime:
    assert STAMP.match(text)
    return datetime.fromisoformat(text)


def test_boot_sequence(start) -> None:
    bench = start()
    wanted = ["BootNotification", *["StatusNotification"] * 2]
    boot, *statuses = bench.expect_order(wanted)
    assert raw(boot) == guide(
        '{"chargePointModel": "Rivot Charger", "chargePointVendor": "Rivot Motors"}'
    )
    for connector, entry in enumerate(statuses):
        at = entry.payload["timestamp"]
        assert time_of(at)
        assert raw(entry) == guide(
            '{"connectorId": %d, "errorCode": "NoError", "status": "Available", "timestamp": "%s"}'
            % (connector, at)
        )


def test_ten_steps(start) -> None:
    bench = start()
    booted(bench)
    place = len(bench.log)
    bench.command("bms soc=87.00 voltage=76.38 current_limit=90 temperature=26.5")
    bench.command("plug")
    bench.run_until(lambda: "VehicleInfo" in bench.log[-2].text, 20, "VehicleInfo")
    bench.command("bms soc=87.07 voltage=77.15 current_limit=1.85")
    accepted = bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    assert accepted == {"status": "Accepted"}
    charge_like_the_guide(bench)
    accepted = bench.call("RemoteStopTransaction", {"transactionId": transaction_id(bench)})
    assert accepted == {"status": "Accepted"}
    steps = bench.expect_order(TEN_STEPS)
    check_before(*steps[:4])
    check_samples(steps[2], steps[4:12])
    check_end(bench, steps[2], *steps[12:])
    assert order_of_calls(bench.log[place:]) == [
        "DataTransfer", "RemoteStartTransaction", "StartTransaction", "MeterValues",
        "RemoteStopTransaction", "DataTransfer", "StopTransaction",
    ]  # fmt: skip
    bench.run(3)
    assert power_is_off(bench)
    bench.command("unplug")
    bench.expect("StatusNotification", connectorId=1, status="Available")


def order_of_calls(entries: list[Entry]) -> list[str]:
    """Actions of both ways, each once in a row, without statuses and heartbeats."""
    order: list[str] = []
    for entry in entries:
        left_out = entry.kind.endswith("Response")
        left_out |= entry.kind in ("StatusNotification", "Heartbeat", *order[-1:])
        if not left_out:
            order.append(entry.kind)
    return order


def charge_like_the_guide(bench: Bench) -> None:
    """Eight samples with the guide's values, then the energy and the duration of its summary."""
    bench.run_until(lambda: bench.log[-1].kind == "MeterValuesResponse", 20, "the first sample")
    began_s = bench.now_s - 10
    for number, (soc, _, volts) in enumerate(SAMPLES):
        # The vehicle's two counters are asked for every 2 s each.
        bench.run(max(0, began_s + 10 * number + 5 - bench.now_s))
        bench.command(f"bms soc={soc} voltage={volts}")
    bench.run(began_s + 81 - bench.now_s)
    stop_s = began_s + 89.85  # 1.50 minutes, and no ninth sample
    missing_wh = 3.39 - bench.hardware.plant_state()["wh_delivered"]
    amps = missing_wh * 3600 / 77.15 / (stop_s - bench.now_s)
    assert 0 < amps < 1.85
    bench.command(f"bms voltage=77.15 current_limit={amps:.4f}")
    bench.command("bms soc=87.18")
    bench.run(stop_s - bench.now_s)


def check_before(preparing: Entry, vehicle: Entry, begun: Entry, charging_: Entry) -> None:
    assert raw(vehicle) == (
        '{"vendorId":"RivotMotors","messageId":"VehicleInfo","data":"{\\"soc\\":87.00,'
        '\\"maxCurrent\\":90.0,\\"voltage\\":76.38,\\"current\\":0.0,\\"temperature\\":26.5}"}'
    )
    for entry in (preparing, charging_):
        assert raw(entry) == guide(
            '{"connectorId": 1, "errorCode": "NoError", "status": "%s", "timestamp": "%s"}'
            % (entry.payload["status"], entry.payload["timestamp"])
        )
    assert raw(begun) == guide(
        '{"connectorId": 1, "idTag": "TEST_TAG", "meterStart": 0, "timestamp": "%s"}'
        % begun.payload["timestamp"]
    )


def check_samples(begun: Entry, entries: list[Entry]) -> None:
    began = time_of(begun.payload["timestamp"])
    for number, (entry, row) in enumerate(zip(entries, SAMPLES, strict=True)):
        soc, watts, volts = row
        (meter_value,) = entry.payload["meterValue"]
        at = meter_value["timestamp"]
        assert (time_of(at) - began).total_seconds() == 10 * (number + 1)
        values = [sampled["value"] for sampled in meter_value["sampledValue"]]
        assert values[1:] == [watts, soc, volts, "1.85"]
        assert values[0] == str(142 * (10 * number + 8) // 3600)
    sampled = ",".join(
        '{"value":"%s","context":"Sample.Periodic","measurand":"%s","unit":"%s"}' % row
        for row in (
            ("0", "Energy.Active.Import.Register", "Wh"),
            ("142.00", "Power.Active.Import", "W"),
            ("87.07", "SoC", "Percent"),
            ("77.15", "Voltage", "V"),
            ("1.85", "Current.Import", "A"),
        )
    )
    first = entries[0].payload
    assert raw(entries[0]) == (
        '{"connectorId":1,"transactionId":130,"meterValue":[{"timestamp":"%s","sampledValue":[%s]}]}'
        % (first["meterValue"][0]["timestamp"], sampled)
    )


def check_end(bench: Bench, begun: Entry, summary: Entry, finishing: Entry, stop: Entry) -> None:
    assert raw(summary) == (
        '{"vendorId":"RivotMotors","messageId":"SessionSummary","data":"{\\"finalSoc\\":87.18,'
        '\\"energyDelivered\\":3.39,\\"durationMinutes\\":1.50}"}'
    )
    at = stop.payload["timestamp"]
    assert raw(stop) == guide(
        '{"meterStop": 3, "timestamp": "%s", "transactionId": 130, "reason": "Remote"}' % at
    )
    seconds = (time_of(at) - time_of(begun.payload["timestamp"])).total_seconds()
    assert 89 <= seconds <= 90


def test_samples_come_every_ten_seconds_by_their_own_time(bench: Bench) -> None:
    charging(bench)
    entries = [bench.expect("MeterValues", within_s=15) for _ in range(3)]
    times = [time_of(entry.payload["meterValue"][0]["timestamp"]) for entry in entries]
    assert [(b - a).seconds for a, b in zip(times, times[1:], strict=False)] == [10, 10]


def test_heartbeat_every_60_s_though_the_boot_answer_says_14400(bench: Bench) -> None:
    beat = bench.expect("Heartbeat", within_s=70)
    assert 58_000 <= beat.ms <= 62_000
