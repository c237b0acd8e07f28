"""Figures of `make bench` about messages: all profiles at work, a MeterValues, the drain.

Times on the virtual clock say what the firmware waits for; wall times are this computer's, with
the whole bench in them, and say nothing about a chip.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tools.bench_kit import HEAP, ON, ROOMY, Row, begin, booted, end, first_line, live, size
from tools.sim.bench import EPOCH_UNIX_S, Bench, CallError

_TAG = "0A1B2C3D4E"
_NOWHERE = "http://127.0.0.1:9/nothing"  # nobody listens there
_HEADER = 8  # of a short WebSocket frame from a client
_SAMPLES = 30
_SESSIONS = 20
_SAMPLES_OFFLINE = 15
_SMALLEST, _LARGEST, _STEP = 96, 176, 4  # KiB of heap that are tried


def all_profiles() -> Iterator[Row]:
    """List, cache, reservation, profiles, composite, trigger, diagnostics in one run."""
    yield _in_heap(HEAP)
    yield Row("smallest heap for that run", _smallest())
    bench = booted(ROOMY)
    try:
        before = live(bench)
        exercise(bench)
        after = live(bench)
    finally:
        bench.close()
    yield Row("live heap idle, then after that run", f"{size(before)}, {size(after)}")


def _in_heap(heap: str) -> Row:
    step = _try(heap)
    return Row(f"all profiles in one run in {heap} of heap", step or "yes", "yes", not step)


def _smallest() -> str:
    low, high = _SMALLEST, _LARGEST
    if _try(f"{high}k"):
        return f"more than {high} KiB"
    while high - low > _STEP:
        middle = (low + high) // 2 // _STEP * _STEP
        if _try(f"{middle}k"):
            low = middle
        else:
            high = middle
    return f"{high} KiB"


def _try(heap: str) -> str:
    """What went wrong, "" when nothing did."""
    try:
        bench = booted(heap)
    except AssertionError as error:
        return f"no: boot: {first_line(error)}"
    try:
        exercise(bench)
    except (AssertionError, CallError) as error:
        return f"no: {first_line(error)}"
    finally:
        bench.close()
    return ""


def exercise(bench: Bench) -> None:
    """Ask for everything once. Raises when an answer is not the expected one or it restarted."""
    steps: tuple[Callable[[Bench], None], ...] = (
        *(_keys, _list, _reservation, _default_profile),
        *(_session, _trigger, _files, _keys),
    )
    for step in steps:
        try:
            step(bench)
        except (AssertionError, CallError) as error:
            told = error.code if isinstance(error, CallError) else first_line(error)
            raise AssertionError(f"{step.__name__[1:]}: {told}") from error
    if bench.charger.starts != 1:
        raise AssertionError("it restarted")


def _ask(bench: Bench, action: str, payload: dict[str, Any], **wanted: Any) -> Any:
    answer = bench.call(action, payload)
    for key, value in wanted.items():
        if answer.get(key) != value:
            raise AssertionError(f"{action}: {answer}")
    return answer


def _accepted(bench: Bench, action: str, **payload: Any) -> None:
    _ask(bench, action, payload, status="Accepted")


def _keys(bench: Bench) -> None:
    _ask(bench, "GetConfiguration", {})
    _accepted(bench, "ChangeConfiguration", key="LocalAuthListEnabled", value="true")


def _list(bench: Bench) -> None:
    rows = [
        {"idTag": f"TAG{number:05d}", "idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET"}}
        for number in range(_longest_list(bench))
    ]
    _accepted(bench, "SendLocalList", listVersion=1, updateType="Full",
              localAuthorizationList=rows)  # fmt: skip
    _accepted(bench, "SendLocalList", listVersion=2, updateType="Differential",
              localAuthorizationList=[{"idTag": "TAG00003"}])  # fmt: skip
    _ask(bench, "GetLocalListVersion", {}, listVersion=2)


def _longest_list(bench: Bench) -> int:
    answer = bench.call("GetConfiguration", {"key": ["SendLocalListMaxLength"]})
    return int(answer["configurationKey"][0]["value"])


def _reservation(bench: Bench) -> None:
    _accepted(bench, "ReserveNow", connectorId=1, idTag=_TAG, reservationId=7,
              expiryDate=_date(bench, 3600))  # fmt: skip
    bench.run(1)
    _accepted(bench, "CancelReservation", reservationId=7)
    bench.run(1)
    for kind in ("Inoperative", "Operative"):
        _accepted(bench, "ChangeAvailability", connectorId=1, type=kind)
        bench.run(1)


def _profile(number: int, purpose: str, **fields: Any) -> dict[str, Any]:
    periods = [{"startPeriod": 60 * i, "limit": 20.0 + i % 3} for i in range(10)]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, "duration": 1200}
    return {"chargingProfileId": number, "stackLevel": 0, "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative", "chargingSchedule": schedule, **fields}  # fmt: skip


def _absolute(bench: Bench, number: int, purpose: str) -> dict[str, Any]:
    profile = _profile(number, purpose, chargingProfileKind="Absolute")
    profile["chargingSchedule"]["startSchedule"] = _date(bench, 0)
    return profile


def _default_profile(bench: Bench) -> None:
    for connector, purpose in ((0, "ChargePointMaxProfile"), (1, "TxDefaultProfile")):
        profile = _absolute(bench, connector + 1, purpose)
        _accepted(bench, "SetChargingProfile", connectorId=connector, csChargingProfiles=profile)
    _accepted(bench, "GetCompositeSchedule", connectorId=1, duration=900)


def _session(bench: Bench) -> None:
    transaction = begin(bench)
    profile = _profile(3, "TxProfile", transactionId=transaction)
    _accepted(bench, "SetChargingProfile", connectorId=1, csChargingProfiles=profile)
    _accepted(bench, "GetCompositeSchedule", connectorId=1, duration=900)
    bench.run(25)
    _accepted(bench, "RemoteStopTransaction", transactionId=transaction)
    bench.expect("StopTransaction", within_s=30)
    end(bench)
    _accepted(bench, "ClearChargingProfile")
    _accepted(bench, "ClearCache")


def _trigger(bench: Bench) -> None:
    for message in ("StatusNotification", "MeterValues", "Heartbeat", "BootNotification",
                    "DiagnosticsStatusNotification"):  # fmt: skip
        bench.seen()
        _accepted(bench, "TriggerMessage", requestedMessage=message)
        bench.expect(message, within_s=10)


def _files(bench: Bench) -> None:
    bench.seen()
    bench.call("GetDiagnostics", {"location": _NOWHERE, "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=120, status="UploadFailed")
    bench.call("UpdateFirmware", {"location": _NOWHERE, "retries": 0,
                                  "retrieveDate": _date(bench, 0)})  # fmt: skip
    bench.expect("FirmwareStatusNotification", within_s=120, status="DownloadFailed")
    bench.run(3)


def _date(bench: Bench, later_s: float) -> str:
    at = datetime.fromtimestamp(int(EPOCH_UNIX_S + bench.now_s + later_s), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what one MeterValues costs ---


def meter_values() -> Iterator[Row]:
    """Bytes on the wire and on flash, and time, of one sample with the guide's five values."""
    with Bench(on=ON, heap=ROOMY, settings={"MeterValueSampleInterval": 10}) as bench:
        bench.expect("BootNotification", within_s=60)
        begin(bench)
        bench.expect("MeterValues", within_s=20)
        bench.run(1)
        place, counter = len(bench.log), bench.charger.flash.counter
        wrote, erased = counter.programmed, counter.erases
        began_s = time.perf_counter()
        for _ in range(_SAMPLES):
            bench.expect("MeterValues", within_s=20)
        bench.run(1)
        wall_s = time.perf_counter() - began_s
        entries = [e for e in bench.log[place:] if e.kind.startswith("MeterValues")]
        texts = [len(e.text) + _HEADER for e in entries if e.way == ">"]
        wait_ms = _waits(entries)
        programmed = (counter.programmed - wrote) / len(texts)
        erases = (counter.erases - erased) / len(texts)
    yield Row("MeterValues on the wire", f"{max(texts)} bytes, header of the frame included")
    yield Row("MeterValues on flash", f"{programmed:.0f} bytes programmed, {erases:.1f} blocks of "
              "4 KiB erased (record, register, what was delivered)")  # fmt: skip
    yield Row("MeterValues, sample to answer", f"{wait_ms:.0f} ms (virtual, server at once)")
    yield Row("10 s of charging with one MeterValues", f"{wall_s / len(texts) * 1000:.0f} ms "
              "(wall, whole bench)")  # fmt: skip


def _waits(entries: list[Any]) -> float:
    sent = {e.id: e.ms for e in entries if e.way == ">"}
    return max(e.ms - sent[e.id] for e in entries if e.way == "<" and e.id in sent)


# --- the drain ---


def drain() -> Iterator[Row]:
    """Offline sessions, then the server is back: records a second."""
    settings = {"MeterValueSampleInterval": 1, "AllowOfflineTxForUnknownId": True}
    with Bench(on=ON, heap=ROOMY, settings=settings) as bench:
        bench.expect("BootNotification", within_s=60)
        bench.server.online(False)
        for _ in range(_SESSIONS):
            _offline_session(bench)
        place = len(bench.log)
        times: list[tuple[float, float]] = []

        def noted(payload: dict[str, Any]) -> None:  # and answered as usual
            times.append((time.perf_counter(), bench.now_s))

        bench.server.answers["StartTransaction"] = bench.server.answers["StopTransaction"] = noted
        bench.server.online(True)
        bench.run_until(lambda: _stops(bench, place) >= _SESSIONS, 600, "all sessions")
        wall_s, virtual_s = (times[-1][i] - times[0][i] for i in (0, 1))
        kinds = [e.kind for e in bench.log[place:] if e.way == ">"]
        records = sum(
            k in ("StartTransaction", "MeterValues", "DataTransfer", "StopTransaction")
            for k in kinds
        )
    what = f"drain of {_SESSIONS} offline sessions, {records} records"
    yield Row(what, f"{virtual_s:.1f} s (virtual, server answers at once)")
    yield Row(f"{what}: rate", f"{records / wall_s:.0f} records/s (wall, whole bench)")


def _offline_session(bench: Bench) -> None:
    bench.run(3)
    bench.command("plug")
    bench.run(1)
    bench.command(f"tag {_TAG}")
    bench.run_until(lambda: bench.hardware.plant_state()["amps"] > 1, 30, "current")
    bench.run(_SAMPLES_OFFLINE)
    bench.command(f"tag {_TAG}")
    bench.run(2)
    bench.command("unplug")


def _stops(bench: Bench, place: int) -> int:
    return sum(e.kind == "StopTransactionResponse" for e in bench.log[place:])
