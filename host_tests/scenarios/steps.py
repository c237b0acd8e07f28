"""Steps that many scenarios share."""

from typing import Any

from tools.sim.bench import Bench

TAG = "0A1B2C3D4E"


def status(state: str, **fields: Any) -> tuple[str, dict]:
    """For `expect_order`: connector 1 changes to `state`."""
    return ("StatusNotification", {"connectorId": 1, "status": state, **fields})


def plug(bench: Bench) -> None:
    """Gun in; Preparing and VehicleInfo."""
    bench.command("plug")
    bench.expect("StatusNotification", connectorId=1, status="Preparing")
    bench.expect("DataTransfer", within_s=15, messageId="VehicleInfo")


def remote_start(bench: Bench, tag: str = "TEST_TAG") -> int:
    """RemoteStart of a plugged vehicle; the transaction id, once the charger knows it."""
    assert bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": tag}) == {
        "status": "Accepted"
    }
    bench.expect("StartTransaction", idTag=tag)
    bench.expect("StatusNotification", connectorId=1, status="Charging")
    return transaction_id(bench)


def transaction_id(bench: Bench) -> int:
    """The id the server gave last."""
    answers = [e for e in bench.log if e.way == "<" and e.kind == "StartTransactionResponse"]
    return int(answers[-1].payload["transactionId"])


def charging(bench: Bench) -> int:
    """Plugged, started, and current flows; the transaction id."""
    plug(bench)
    transaction = remote_start(bench)
    bench.run_until(lambda: bench.hardware.plant_state()["amps"] > 1, 30, "current")
    return transaction


def power_is_off(bench: Bench) -> bool:
    """The plant's own truth."""
    plant = bench.hardware.plant_state()
    return not plant["module_on"] and not plant["contactor"]
