"""Registration: what the server answers to BootNotification, and a server that is not there."""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import TAG, answers, calls, current_flows, status
from tools.sim.bench import CallError, Delay

INTERVAL_S = 7


def registration(verdict: str) -> dict:
    return {"status": verdict, "currentTime": "2026-01-21T09:50:00Z", "interval": INTERVAL_S}


@pytest.mark.parametrize("verdict", ["Pending", "Rejected"])
def test_not_accepted_asks_again_after_the_interval_and_says_nothing_else(start, verdict) -> None:
    bench = start(power=False)
    bench.server.answers["BootNotification"] = [registration(verdict)] * 2 + [None]
    bench.power_on()
    wanted = ["BootNotification"] * 3 + ["StatusNotification"] * 2
    first, second, third, *_ = bench.expect_order(wanted)
    for earlier, later in ((first, second), (second, third)):
        assert INTERVAL_S * 1000 <= later.ms - earlier.ms <= (INTERVAL_S + 2) * 1000


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
def test_interval_0_of_a_refusal_leaves_the_choice_to_the_charger(start) -> None:
    bench = start(power=False)
    refusal = {**registration("Rejected"), "interval": 0}
    bench.server.answers["BootNotification"] = [refusal, None]
    bench.power_on()
    first, second = bench.expect_order(["BootNotification"] * 2, within_s=90)
    assert second.ms - first.ms >= 10_000


def test_pending_answers_the_server_s_requests(start) -> None:
    bench = start(power=False)
    bench.server.answers["BootNotification"] = registration("Pending")
    bench.power_on()
    bench.expect("BootNotification")
    key = bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"][0]
    assert key == {"key": "HeartbeatInterval", "readonly": False, "value": "60"}
    assert calls(bench, "StatusNotification") == []


def test_requests_are_answered_before_the_boot_answer_comes(start) -> None:
    bench = start(power=False)
    bench.server.answers["BootNotification"] = Delay(5)
    bench.power_on()
    bench.expect("BootNotification")
    keys = bench.call("GetConfiguration", within_s=3)["configurationKey"]
    assert len(keys) > 20 and all(isinstance(key["value"], str) for key in keys)
    assert answers(bench, "BootNotification") == []
    bench.expect_order(["StatusNotification"] * 2)


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
def test_an_error_instead_of_a_boot_answer_is_no_end(start) -> None:
    bench = start(power=False)
    bench.server.answers["BootNotification"] = [CallError("NobodyKnowsThis"), None]
    bench.power_on()
    bench.expect_order(["BootNotification"] * 2 + ["StatusNotification"] * 2, within_s=90)


def test_boot_notification_again_after_every_reconnect(bench) -> None:
    bench.server.drop()
    booted(bench)


@pytest.mark.parametrize("missing", ["absent", "refusing", "no sub-protocol", "no network"])
def test_server_not_there_at_power_up(start, missing) -> None:
    bench = start(power=False)
    server = bench.server
    switches = {
        "absent": server.online,
        "refusing": lambda there: server.refuse_connections(None if there else 503),
        "no sub-protocol": lambda there: setattr(
            server, "select_subprotocol", "ocpp1.6" if there else None
        ),
        "no network": lambda there: bench.command("net on" if there else "net off"),
    }
    switches[missing](False)
    bench.power_on()
    bench.run(12)
    assert bench.log == []
    switches[missing](True)
    booted(bench)


@pytest.mark.parametrize("allowed", [False, True])
def test_a_tag_without_server(start, allowed: bool) -> None:
    """LocalAuthorizeOffline alone knows no tag yet; AllowOfflineTxForUnknownId lets it charge."""
    bench = start({"AllowOfflineTxForUnknownId": allowed}, power=False)
    bench.server.online(False)
    bench.power_on()
    bench.run(2)
    bench.command("plug")
    bench.run(2)
    bench.command(f"tag {TAG}")
    if not allowed:
        bench.run(5)
        assert bench.state()["connector"] == "Preparing"
        return
    current_flows(bench)
    bench.run(3)  # the same tag again within 2 s is the same presentation
    bench.command(f"tag {TAG}")
    bench.run(3)
    assert bench.hardware.plant_state()["amps"] == 0
    bench.server.online(True)
    bench.expect_order(
        [
            "BootNotification",
            ("StatusNotification", {"connectorId": 0}),
            status("Finishing"),
            ("StartTransaction", {"idTag": TAG}),
            ("DataTransfer", {"messageId": "SessionSummary"}),
            ("StopTransaction", {"transactionId": 130, "reason": "Local", "idTag": TAG}),
        ]
    )
