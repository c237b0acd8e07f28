"""The reusable states and memory states that the cases of the certification list begin with.

Each leads there by messages alone, from the state that `bench` is in, and checks every message on
the way. Messages of the vendor (DataTransfer), heartbeats and samples may come in between.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import transaction_id
from tools.sim.bench import EPOCH_UNIX_S, Bench
from tools.sim.script import Entry

TAG = "0A1B2C3D4E"
OTHER_TAG = "1122334455"
CONNECTOR = 1
BESIDE = ("Heartbeat", "MeterValues", "DataTransfer")  # may come between what a case lists
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
_ENDS_FAULT = {"estop on": "estop off", "module fault=1": "module fault=0"}


def status(state: str, connector: int = CONNECTOR, **fields: Any) -> tuple[str, dict[str, Any]]:
    """For `in_order` and `any_order`: a connector tells `state`."""
    return "StatusNotification", {"connectorId": connector, "status": state, **fields}


def in_order(bench: Bench, *wanted: Any, within_s: float = 30) -> list[Entry]:
    """The next messages of the charger are these, in this order."""
    return bench.expect_order(wanted, within_s=within_s, ignore=BESIDE)


def any_order(bench: Bench, *wanted: Any, within_s: float = 30) -> list[Entry]:
    """The next messages of the charger are these, in any order; the entries as in `wanted`."""
    return bench.expect_all(wanted, within_s=within_s, ignore=BESIDE)


def nothing(bench: Bench, seconds: float, actions: Iterable[str]) -> None:
    """None of these actions in what is not yet seen and in the next seconds."""
    place = len(bench.log)
    for action in actions:
        bench.expect_none(action, 0)
    bench.run(seconds)
    came = {e.kind for e in bench.log[place:] if e.way == ">"}
    assert not came & set(actions), came


# --- configuration ---


def value_of(bench: Bench, key: str) -> str:
    """Value of a configuration key."""
    answer = bench.call("GetConfiguration", {"key": [key]})
    assert not answer.get("unknownKey"), f"{key} is unknown"
    (entry,) = answer["configurationKey"]
    return str(entry["value"])


def change(bench: Bench, **values: Any) -> None:
    """Set configuration keys: `change(bench, ConnectionTimeOut=20, LocalPreAuthorize=True)`."""
    for key, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        assert bench.call("ChangeConfiguration", {"key": key, "value": text}) == ACCEPTED, key


# --- the charger's surroundings ---


def present(bench: Bench, tag: str = TAG) -> None:
    """Hold a tag to the reader; not within 2 s of the last time, which would be the same time."""
    bench.run(2.5)
    bench.command(f"tag {tag}")


def offline(bench: Bench) -> None:
    """The central system cannot be reached, and the charger has noticed."""
    bench.server.online(False)
    bench.run_until(lambda: not bench.state()["online"], 60, "offline")


def online(bench: Bench, state: str = "Available") -> None:
    """It can be reached again: boot sequence, with the connector in `state`."""
    bench.seen()
    bench.server.online(True)
    bench.expect("BootNotification", within_s=150)
    expect_statuses(bench, state)


def expect_status(bench: Bench, state: str, within_s: float = 10, **fields: Any) -> Entry:
    """The connector tells `state`, sooner or later."""
    action, wanted = status(state, **fields)
    return bench.expect(action, within_s=within_s, **wanted)


def expect_statuses(bench: Bench, state: str, charge_point: str = "Available") -> None:
    """StatusNotification of connectors 0 and 1, as after an accepted BootNotification."""
    any_order(bench, status(charge_point, 0), status(state))


def power_cycle(bench: Bench, off_s: float = 2) -> None:
    """Mains off and on; nothing is expected yet."""
    bench.command("power")
    bench.run(off_s)
    bench.seen()
    bench.power_on()


def rebooted(bench: Bench, state: str = "Available", charge_point: str = "Available") -> None:
    """Wait for the boot sequence after a power cycle or a reset."""
    bench.expect("BootNotification", within_s=60)
    expect_statuses(bench, state, charge_point)


def cold_boot(bench: Bench) -> None:
    """Mains on, up to idle."""
    bench.power_on()
    booted(bench)


def utc(bench: Bench, seconds_from_now: float = 0) -> str:
    """Virtual time as OCPP writes it."""
    at = datetime.fromtimestamp(int(EPOCH_UNIX_S + bench.now_s + seconds_from_now), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(time: str) -> float:
    """A time stamp as seconds since 1970."""
    return datetime.fromisoformat(time).timestamp()


# --- reusable states ---


def authorized(bench: Bench, tag: str = TAG, preparing: bool = True) -> None:
    """Tag presented and accepted; `preparing`: the connector becomes Preparing by it."""
    present(bench, tag)
    wanted = [("Authorize", {"idTag": tag})] + [status("Preparing")] * preparing
    any_order(bench, *wanted)


def occupied(bench: Bench) -> None:
    """Gun in."""
    bench.command("plug")
    in_order(bench, status("Preparing"))


def remote_start(bench: Bench, tag: str = TAG, answer: dict | None = None, **fields: Any) -> None:
    """RemoteStartTransaction and its answer."""
    request = {"connectorId": CONNECTOR, "idTag": tag, **fields}
    assert bench.call("RemoteStartTransaction", request) == (answer or ACCEPTED)


def started(bench: Bench, tag: str = TAG, **fields: Any) -> Entry:
    """StartTransaction and StatusNotification(Charging), in either order; the former."""
    start = ("StartTransaction", {"connectorId": CONNECTOR, "idTag": tag, **fields})
    return any_order(bench, start, status("Charging"))[0]


def charging(
    bench: Bench, tag: str = TAG, reserved: bool = False, authorize: bool = True
) -> Entry:
    """Plug, remote start, transaction; the StartTransaction.

    `reserved`: the connector was, so it is Preparing by the start only. `authorize` False: not
    even where AuthorizeRemoteTxRequests is true (a listed or cached tag).
    """
    asks = value_of(bench, "AuthorizeRemoteTxRequests") == "true" and authorize
    bench.command("plug")
    if not reserved:
        in_order(bench, status("Preparing"))
    bench.run(2)
    remote_start(bench, tag)
    wanted = [("Authorize", {"idTag": tag})] * asks + [status("Preparing")] * reserved
    if wanted:
        any_order(bench, *wanted)
    start = started(bench, tag)
    bench.run_until(lambda: _answered(bench, start), 10, "the transaction's id")
    return start


def _answered(bench: Bench, call: Entry) -> bool:
    return any(e.way == "<" and e.id == call.id for e in bench.log[-20:])


def stopped(bench: Bench, state: str = "Finishing", **fields: Any) -> Entry:
    """StopTransaction of the running transaction and StatusNotification, in either order."""
    wanted = {"transactionId": transaction_id(bench), **fields}
    return any_order(bench, ("StopTransaction", wanted), status(state))[0]


def unplugged(bench: Bench) -> None:
    """Gun out after a session."""
    bench.command("unplug")
    in_order(bench, status("Available"))


def reserved(bench: Bench, tag: str = TAG, number: int = 7, connector: int = CONNECTOR,
             expires_s: float = 3600, **fields: Any) -> None:  # fmt: skip
    """A reservation; with connector 0 the charge point may tell connector 0 or 1."""
    request = {"connectorId": connector, "expiryDate": utc(bench, expires_s), "idTag": tag,
               "reservationId": number, **fields}  # fmt: skip
    assert bench.call("ReserveNow", request) == ACCEPTED
    in_order(bench, status("Reserved"))


def unavailable(bench: Bench, connector: int = CONNECTOR) -> None:
    """Out of service: the connector, or with 0 the whole charge point."""
    availability(bench, connector, "Inoperative")
    wanted = [status("Unavailable")] + [status("Unavailable", 0)] * (connector == 0)
    any_order(bench, *wanted)


def available(bench: Bench, connector: int = CONNECTOR) -> None:
    """Back into service."""
    availability(bench, connector, "Operative")
    wanted = [status("Available")] + [status("Available", 0)] * (connector == 0)
    any_order(bench, *wanted)


def availability(bench: Bench, connector: int, kind: str, answer: str = "Accepted") -> None:
    """ChangeAvailability and its answer."""
    request = {"connectorId": connector, "type": kind}
    assert bench.call("ChangeAvailability", request) == {"status": answer}


def faulted(bench: Bench, charge_point: bool = False) -> str:
    """A fault by hand; the command that ends it. `charge_point`: the red button, both Faulted."""
    cause = "estop on" if charge_point else "module fault=1"
    bench.command(cause)
    bench.expect("StatusNotification", connectorId=CONNECTOR, status="Faulted")
    bench.run(1)
    return _ENDS_FAULT[cause]


# --- memory states ---


def cached(bench: Bench, tag: str = TAG) -> None:
    """The tag is in the authorization cache, by a whole session."""
    change(bench, AuthorizationCacheEnabled=True)
    charging(bench, tag)
    present(bench, tag)
    stopped(bench, reason="Local")
    unplugged(bench)


def listed(bench: Bench, *tags: str, version: int = 1) -> None:
    """The tags are in the local authorization list, Accepted."""
    change(bench, LocalAuthListEnabled=True)
    rows = [{"idTag": tag, "idTagInfo": {"status": "Accepted"}} for tag in tags or (TAG,)]
    request = {"listVersion": version, "updateType": "Full", "localAuthorizationList": rows}
    assert bench.call("SendLocalList", request) == ACCEPTED


def profile_set(bench: Bench, connector: int, profile: dict[str, Any]) -> None:
    """A charging profile is installed."""
    request = {"connectorId": connector, "csChargingProfiles": profile}
    assert bench.call("SetChargingProfile", request) == ACCEPTED
