"""Steps that many scenarios share."""

from typing import Any

from tools.sim.bench import Bench
from tools.sim.script import Entry

TAG = "0A1B2C3D4E"
OFF_MS = 150  # the design's limit from a stopping edge to module off and contactor open


def status(state: str, **fields: Any) -> tuple[str, dict]:
    """For `expect_order`: connector 1 changes to `state`."""
    return ("StatusNotification", {"connectorId": 1, "status": state, **fields})


def expect_status(bench: Bench, state: str, within_s: float = 10, **fields: Any) -> Entry:
    """Connector 1 tells `state`."""
    return bench.expect(
        "StatusNotification", within_s=within_s, connectorId=1, status=state, **fields
    )


def plug(bench: Bench) -> None:
    """Gun in; Preparing and VehicleInfo."""
    bench.command("plug")
    expect_status(bench, "Preparing")
    bench.expect("DataTransfer", within_s=15, messageId="VehicleInfo")


def remote_start(bench: Bench, tag: str = "TEST_TAG") -> int:
    """RemoteStart of a plugged vehicle; the transaction id, once the charger knows it."""
    request = {"connectorId": 1, "idTag": tag}
    assert bench.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    bench.expect("StartTransaction", idTag=tag)
    expect_status(bench, "Charging")
    return transaction_id(bench)


def remote_stop(bench: Bench, transaction: int | None = None) -> None:
    """RemoteStop of the running transaction, and its end."""
    number = transaction_id(bench) if transaction is None else transaction
    answer = bench.call("RemoteStopTransaction", {"transactionId": number})
    assert answer == {"status": "Accepted"}
    session_ends(bench, "Remote")


def session_ends(bench: Bench, reason: str, state: str = "Finishing", **fields: Any) -> Entry:
    """The guide's end of a session, in its order; the StopTransaction."""
    wanted = [
        ("DataTransfer", {"messageId": "SessionSummary"}),
        status(state),
        ("StopTransaction", {"reason": reason, "transactionId": transaction_id(bench), **fields}),
    ]
    return bench.expect_order(wanted, ignore=("Heartbeat", "MeterValues"))[-1]


def answers(bench: Bench, action: str) -> list[Any]:
    """Payloads of the server's answers to an action, all so far."""
    kind = f"{action}Response"
    return [e.payload for e in bench.log if e.way == "<" and e.kind == kind]


def calls(bench: Bench, action: str) -> list[Any]:
    """Payloads of the charger's CALLs of an action, all so far."""
    return [e.payload for e in bench.log if e.way == ">" and e.kind == action]


def transaction_id(bench: Bench) -> int:
    """The id the server gave last."""
    return int(answers(bench, "StartTransaction")[-1]["transactionId"])


def amps(bench: Bench) -> float:
    """What flows at the gun, in truth."""
    return float(bench.hardware.plant_state()["amps"])


def current_flows(bench: Bench, within_s: float = 30) -> None:
    """Wait for power."""
    bench.run_until(lambda: amps(bench) > 1, within_s, "current")


def charging(bench: Bench) -> int:
    """Plugged, started, and current flows; the transaction id."""
    plug(bench)
    transaction = remote_start(bench)
    current_flows(bench)
    return transaction


def power_is_off(bench: Bench) -> bool:
    """The plant's own truth."""
    plant = bench.hardware.plant_state()
    return not plant["module_on"] and not plant["contactor"]


def off_in_time(bench: Bench, limit_ms: float = OFF_MS) -> None:
    """Since the last stopping edge the plant has gone off within the limit."""
    bench.run(limit_ms / 1000)
    plant = bench.hardware.plant_state()
    assert plant["edge_to_off_ms"] is not None, plant
    assert plant["edge_to_off_ms"] <= limit_ms, plant
    assert plant["amps"] == 0


def one_session(bench: Bench) -> None:
    """The server has got exactly one start and its stop, in order and with its id."""
    order = [
        e.kind for e in bench.log
        if e.way == "<" and e.kind in ("StartTransactionResponse", "StopTransactionResponse")
    ]  # fmt: skip
    assert order == ["StartTransactionResponse", "StopTransactionResponse"]
    for action in ("StartTransaction", "StopTransaction"):
        payloads = calls(bench, action)
        assert all(payload == payloads[0] for payload in payloads)  # repeats are unchanged
    assert calls(bench, "StopTransaction")[-1]["transactionId"] == transaction_id(bench)
