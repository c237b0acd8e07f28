"""The integration guide's session, frame for frame, with the plant set to the guide's numbers."""

import json
import re

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import power_is_off, status
from tools.sim.bench import Bench

STAMP = re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def guide(payload: dict, **fields: object) -> dict:
    """The guide's example with the ids and times of the frame at hand."""
    return {**fields, **{k: v for k, v in payload.items() if k not in fields}}


def raw(entry) -> str:
    """A frame's payload as it was on the wire."""
    return entry.text[entry.text.index(f'"{entry.kind}",') + len(entry.kind) + 3 : -1]


def example(text: str, **substitutes: str) -> str:
    """A line of the guide without white space between tokens, ids and times put in."""
    compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    for old, new in substitutes.items():
        compact = compact.replace(f'"<{old}>"', json.dumps(new))
    return compact


def test_boot_sequence(start) -> None:
    bench = start()
    boot, all_, one = bench.expect_order(
        [
            "BootNotification",
            ("StatusNotification", {"connectorId": 0}),
            ("StatusNotification", {"connectorId": 1}),
        ]
    )
    assert raw(boot) == example(
        '{"chargePointModel": "Rivot Charger", "chargePointVendor": "Rivot Motors"}'
    )
    for entry, connector in ((all_, 0), (one, 1)):
        assert raw(entry) == example(
            '{"connectorId": %d, "errorCode": "NoError", "status": "Available",'
            ' "timestamp": "<at>"}' % connector,
            at=entry.payload["timestamp"],
        )
        assert STAMP.match(entry.payload["timestamp"])


def test_the_ten_steps(start) -> None:
    bench = start()
    booted(bench)
    bench.command("bms soc=87.00 voltage=76.38 current_limit=90 temperature=26.5")
    bench.command("plug")
    _, vehicle = bench.expect_order([status("Preparing"), "DataTransfer"], within_s=20)
    assert raw(vehicle) == (
        '{"vendorId":"RivotMotors","messageId":"VehicleInfo","data":"{\\"soc\\":87.00,'
        '\\"maxCurrent\\":90.0,\\"voltage\\":76.38,\\"current\\":0.0,\\"temperature\\":26.5}"}'
    )
    bench.command("bms soc=87.07 voltage=77.15 current_limit=1.85")
    accepted = bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    assert accepted == {"status": "Accepted"}
    begun, charging = bench.expect_order(["StartTransaction", status("Charging")])
    assert raw(begun) == example(
        '{"connectorId": 1, "idTag": "TEST_TAG", "meterStart": 0, "timestamp": "<at>"}',
        at=begun.payload["timestamp"],
    )
    samples = bench.expect_order(["MeterValues"] * 4, within_s=60)
    check_sample(samples[1], bench)
    stop_when(bench, 3.39)
    remote_stop = bench.call("RemoteStopTransaction", {"transactionId": transaction(bench)})
    assert remote_stop == {"status": "Accepted"}
    check_end(bench)


def check_sample(entry, bench: Bench) -> None:
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
    assert raw(entry) == (
        '{"connectorId":1,"transactionId":%d,"meterValue":[{"timestamp":"%s","sampledValue":[%s]}]}'
        % (transaction(bench), entry.payload["meterValue"][0]["timestamp"], sampled)
    )


def transaction(bench: Bench) -> int:
    answers = [e for e in bench.log if e.way == "<" and e.kind == "StartTransactionResponse"]
    return int(answers[-1].payload["transactionId"])


def stop_when(bench: Bench, wh: float) -> None:
    """Wait for the guide's minute and a half, with exactly the guide's energy."""
    began_s = next(e for e in bench.log if e.kind == "StartTransaction").ms / 1000
    while bench.hardware.plant_state()["wh_delivered"] < wh - 0.005:
        bench.run(0.05)
    bench.command("bms current_limit=0.1")
    bench.command("bms soc=87.18")
    bench.run(began_s + 89.8 - bench.now_s)


def check_end(bench: Bench) -> None:
    summary, _, stop = bench.expect_order(
        ["DataTransfer", status("Finishing"), "StopTransaction"], ignore=("MeterValues",)
    )
    assert raw(summary).startswith(
        '{"vendorId":"RivotMotors","messageId":"SessionSummary","data":"{\\"finalSoc\\":87.18,'
        '\\"energyDelivered\\":3.'
    )
    assert raw(summary).endswith(',\\"durationMinutes\\":1.50}"}')
    assert raw(stop) == example(
        '{"meterStop": 3, "timestamp": "<at>", "transactionId": %d, "reason": "Remote"}'
        % transaction(bench),
        at=stop.payload["timestamp"],
    )
    bench.run(3)
    assert power_is_off(bench)
    bench.command("unplug")
    bench.expect("StatusNotification", connectorId=1, status="Available")


def test_samples_come_every_ten_seconds_by_their_own_time(bench: Bench) -> None:
    from host_tests.scenarios.steps import charging

    charging(bench)
    times = [
        bench.expect("MeterValues", within_s=15).payload["meterValue"][0]["timestamp"]
        for _ in range(4)
    ]
    seconds = [int(t[14:16]) * 60 + int(t[17:19]) for t in times]
    assert [(b - a) % 3600 for a, b in zip(seconds, seconds[1:], strict=False)] == [10, 10, 10]


def test_heartbeat_every_60_s_though_the_boot_answer_says_14400(bench: Bench) -> None:
    first = bench.expect("Heartbeat", within_s=70)
    second = bench.expect("Heartbeat", within_s=70)
    assert 58_000 <= second.ms - first.ms <= 62_000
