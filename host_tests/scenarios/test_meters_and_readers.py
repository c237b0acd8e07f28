"""Sessions billed by every meter and started by every tag reader; each is lost and comes back."""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import amps, calls, charging, expect_status, plug, remote_stop
from tools.micropython import command
from tools.sim.bench import Bench

METERS = {
    "pzem017": {"meter": "pzem017"},
    "sdm230": {"meter": "modbus"},
    "djsf1352": {"meter": "modbus", "meter_table": "djsf1352"},
}
# name -> (hardware options, tags it reads, one that it does not)
READERS = {
    "rdm6300": ({}, ("0A1B2C3D4E",), "0A1B2C3D"),
    "rc522": (
        {"reader": "rc522"},
        ("0A1B2C3D", "04112233445566", "0A1B2C3D4E5F60718293"),
        "0A1B2C3D4E",
    ),
    "pn532": (
        {"reader": "pn532"},
        ("0A1B2C3D", "04112233445566", "0A1B2C3D4E5F60718293"),
        "0A1B2C3D4E",
    ),
    "wiegand": ({"reader": "wiegand"}, ("0A1B2C", "0A1B2C3D"), "0A1B2C3D4E"),
}


@pytest.fixture(params=("cpython", "micropython32"))
def interpreter(request: pytest.FixtureRequest) -> str:
    """As on the chip, and quick to debug."""
    assert command(request.param), f"{request.param} is missing: make setup"
    return str(request.param)


@pytest.fixture(params=METERS)
def metered(start, request: pytest.FixtureRequest) -> Bench:
    """A charger with this meter, accepted and idle."""
    bench = start(METERS[request.param])
    booted(bench)
    return bench


@pytest.fixture(params=READERS)
def with_reader(start, request: pytest.FixtureRequest) -> tuple[Bench, tuple[str, ...], str]:
    """A charger with this reader; the tags it reads, and one that it does not."""
    options, tags, other = READERS[request.param]
    bench = start(options)
    booted(bench)
    return bench, tags, other


def delivered_wh(bench: Bench) -> float:
    return float(bench.hardware.plant_state()["wh_delivered"])


def billed_wh(bench: Bench) -> int:
    start = calls(bench, "StartTransaction")[-1]["meterStart"]
    return int(calls(bench, "StopTransaction")[-1]["meterStop"]) - int(start)


def test_the_meter_is_what_is_billed(metered) -> None:
    charging(metered)
    metered.run(60)
    metered.hardware.circuit.wh += 5  # which only the meter can know
    metered.run(2)
    remote_stop(metered)
    assert metered.hardware.meter.questions
    knows = metered.hardware.fitted.meter_table != "djsf1352"
    expected = delivered_wh(metered) - (0 if knows else 5)
    assert billed_wh(metered) == pytest.approx(expected, abs=2)


def test_a_meter_that_is_lost_and_comes_back_never_bills_too_much(metered) -> None:
    charging(metered)
    metered.run(20)
    metered.command("meter off")
    metered.run(30)
    assert amps(metered) > 1
    metered.command("meter on")
    metered.run(20)
    metered.hardware.meter.clear_energy()  # or somebody sets its register to 0
    metered.run(20)
    remote_stop(metered)
    # What flows in the two seconds until it is missed, and round the reset, is nobody's.
    assert delivered_wh(metered) - 8 < billed_wh(metered) < delivered_wh(metered) + 1


def test_a_tag_starts_and_ends_a_session(with_reader) -> None:
    bench, tags, other = with_reader
    for tag in tags:
        plug(bench)
        bench.command(f"tag {tag}")
        assert bench.expect("StartTransaction", within_s=5).payload["idTag"] == tag
        bench.run_until(lambda: amps(bench) > 20, 30, "current")
        bench.run(5)  # the tag has been away
        bench.command(f"tag {tag}")
        stop = bench.expect("StopTransaction", within_s=30).payload
        assert (stop["idTag"], stop["reason"]) == (tag, "Local")
        bench.command("unplug")
        expect_status(bench, "Available", within_s=30)
    assert "hex digits" in bench.hardware.command(["tag", other])["error"]


def test_a_reader_that_is_lost_and_comes_back(with_reader) -> None:
    bench, tags, _ = with_reader
    plug(bench)
    bench.command("reader off")
    bench.run(30)
    bench.command(f"tag {tags[0]}")
    bench.run(5)
    assert not calls(bench, "StartTransaction")
    bench.command("reader on")
    bench.run(15)  # it is looked for every ten seconds
    bench.command(f"tag {tags[0]}")
    assert bench.expect("StartTransaction", within_s=5).payload["idTag"] == tags[0]
