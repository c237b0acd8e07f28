"""Ways of real central systems, each met in the field.

What strict ones drop the line for is checked in every scenario: tools/sim/etiquette.py.
"""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import (
    answers,
    calls,
    charging,
    one_session,
    remote_stop,
    transaction_id,
)
from tools.sim.bench import Delay, Drop

ACCEPTED = {"status": "Accepted"}
LONG = ",".join(["Energy.Active.Import.Register"] * 30)  # 899 characters


def test_asks_for_the_configuration_before_the_boot_answer(start) -> None:
    """It asks the moment the socket opens, and drops a line without an answer in 30 s."""
    bench = start(power=False)
    bench.server.answers["BootNotification"] = Delay(20)
    bench.power_on()
    bench.run_until(lambda: bench.server.connected, 20, "a connection")
    keys = bench.call("GetConfiguration", {}, within_s=5)["configurationKey"]
    assert len(keys) > 25
    assert answers(bench, "BootNotification") == []
    bench.expect_order(["BootNotification", "StatusNotification", "StatusNotification"])


def test_asks_at_every_connection(bench) -> None:
    for _ in range(3):
        bench.server.drop()
        bench.run_until(lambda: bench.server.connected, 90, "a connection")
        assert bench.call("GetConfiguration", {}, within_s=5)["configurationKey"]
        booted(bench)


def test_sends_a_list_that_is_too_long(bench) -> None:
    """One sets MeterValuesSampledData to more than the 500 characters that OCPP allows."""
    before = bench.call("GetConfiguration")
    key = "MeterValuesSampledData"
    bench.server.call("ChangeConfiguration", {"key": key, "value": LONG}, id="long", check=False)
    bench.run_until(lambda: "long" in bench.server.replies, 10, "an answer")
    reply = bench.server.replies["long"]
    assert (reply.kind, reply.payload) == ("ChangeConfigurationResponse", {"status": "Rejected"})
    assert bench.call("GetConfiguration") == before
    charging(bench)
    sample = bench.expect("MeterValues", within_s=15)
    assert len(sample.payload["meterValue"][0]["sampledValue"]) == 5


@pytest.mark.parametrize("kind", ["Inoperative", "Operative"])
def test_retries_change_availability(bench, kind: str) -> None:
    """The same wish again and again is granted each time and told once at most."""
    for _ in range(5):
        for connector in (0, 1):
            request = {"connectorId": connector, "type": kind}
            assert bench.call("ChangeAvailability", request) == ACCEPTED
            bench.run(1)
    told = [c["status"] for c in calls(bench, "StatusNotification") if c["connectorId"] == 1]
    assert told == ["Available"] + ["Unavailable"] * (kind == "Inoperative")


def test_retries_change_availability_in_a_session(bench) -> None:
    charging(bench)
    for _ in range(3):
        request = {"connectorId": 1, "type": "Inoperative"}
        assert bench.call("ChangeAvailability", request) == {"status": "Scheduled"}
        bench.run(1)
    remote_stop(bench)
    bench.expect("StatusNotification", connectorId=1, status="Unavailable")


@pytest.mark.parametrize("how", ["at the handshake", "at BootNotification"])
def test_closes_the_first_connection_of_a_new_id(start, how: str) -> None:
    """It registers the charger meanwhile; the second attempt is welcome."""
    bench = start(power=False)
    if how == "at BootNotification":
        bench.server.answers["BootNotification"] = [Drop, None]
    else:
        bench.server.drop_after(bytes=10)
    bench.power_on()
    bench.expect("StatusNotification", within_s=30, connectorId=1, status="Available")
    assert bench.server.attempts == 2


def test_gives_epoch_seconds_as_transaction_ids(bench) -> None:
    """They do not fit the small integers of the chip."""
    number = 1_768_989_066
    bench.server.answers["StartTransaction"] = {
        "transactionId": number,
        "idTagInfo": {"status": "Accepted"},
    }
    charging(bench)
    assert transaction_id(bench) == number
    sample = bench.expect("MeterValues", within_s=15)
    assert sample.payload["transactionId"] == number
    remote_stop(bench, number)
    bench.run(2)
    one_session(bench)


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**33, 0, -1])
def test_gives_strange_transaction_ids(bench, number: int) -> None:
    bench.server.answers["StartTransaction"] = {
        "transactionId": number,
        "idTagInfo": {"status": "Accepted"},
    }
    charging(bench)
    remote_stop(bench, number)
    bench.run(2)
    one_session(bench)
