"""The bench itself, with a small test firmware: clocks, resets, network, flash, server."""

import json
import time
from pathlib import Path

import pytest

from tools import micropython
from tools.sim.bench import Bench, BenchError, CallError, Delay, Drop, Refuse, Silence
from tools.sim.charger import PowerLost
from tools.sim.script import SchemaError, check_schema, refused
from tools.sim.server import ScriptedServer

from .stand_in import StandIn

FIRMWARE = Path(__file__).parent / "firmware"
EVERYWHERE = [name for name in micropython.NAMES if micropython.command(name)]


def make(on: str, play: str = "idle", **more) -> Bench:
    more.setdefault("hardware", StandIn())
    heap = "112k" if on == "micropython32" else None
    return Bench(on, {"play": play}, heap, firmware=FIRMWARE, **more)


everywhere = pytest.mark.parametrize("on", EVERYWHERE)


@everywhere
def test_virtual_time_is_exact_and_fast(on):
    with make(on) as bench:
        bench.run(1)
        began = time.monotonic()
        bench.run(60)
        assert bench.now_s == 61
        state = bench.state()
        assert state["uptime_ms"] == 61_000
        assert state["queued"] in (1220, 1221)  # ticks of 50 ms
        assert state["plant"]["plugged"] is False
        assert time.monotonic() - began < 60 / 20, "slower than 20 times real time"


@everywhere
def test_commands_reach_the_plant_and_the_firmware_sees_it(on):
    with make(on) as bench:
        bench.run(1)
        assert bench.hardware.levels[25] == 1
        assert bench.command("plug") == {"ok": True}
        bench.run(0.1)
        assert bench.hardware.levels[25] == 0
        with pytest.raises(BenchError, match="unknown command foo"):
            bench.command("foo")


@everywhere
def test_a_firmware_that_does_not_answer_is_called_silent(on):
    with make(on, "blocked") as bench:
        bench.run(1)
        state = bench.state()
        assert state["firmware"] == "silent" and state["connector"] is None
        assert state["plant"]["plugged"] is False and bench.now_s == 3


@everywhere
def test_sleeping_tasks_run_in_order_of_virtual_time(on):
    with make(on, "clocks") as bench:
        bench.run(2)
        assert "order: [(1, 140), (2, 240), (3, 340)]" in bench.output
        assert "us: 7000" in bench.output


@everywhere
def test_tasks_that_never_sleep_do_not_stop_time(on):
    with make(on, "starve") as bench:
        bench.run(2)
        assert "timers ran: 3" in bench.output


@everywhere
def test_reset_keeps_rtc_memory_and_says_why(on):
    with make(on, "reset") as bench:
        bench.run(3)
        assert "after reset: 2 b'kept'" in bench.output
        assert bench.charger.starts == 2


@everywhere
def test_the_watchdog_bites_on_time(on):
    with make(on, "watchdog") as bench:
        bench.run(5.9)
        assert bench.charger.starts == 1
        bench.run(2)
        assert "after watchdog: 3" in bench.output


def test_outputs_fall_when_the_firmware_is_gone():
    with make("cpython", "reset") as bench:
        bench.run(0.4)
        assert bench.hardware.levels[25] == 1
        bench.run(0.1)  # until machine.reset()
        assert bench.charger.starts == 2
        assert bench.hardware.released == 2  # at power-on and at the reset


def test_a_firmware_that_keeps_dying_is_given_up():
    with make("cpython", "crash") as bench:
        with pytest.raises(BenchError, match="10 times in a row") as failure:
            bench.run(5)
        assert "ValueError: on purpose" in str(failure.value)
        assert bench.charger.starts == 10


@everywhere
def test_unknown_accesses_are_loud(on):
    with make(on, "unknown") as bench:
        bench.run(1)
        assert "refused: no pin 99" in bench.output
        assert "refused late: no pin 98" in bench.output
        assert "then fine: 1" in bench.output


@pytest.mark.parametrize("on", [name for name in EVERYWHERE if name != "cpython"])
def test_steady_accesses_allocate_nothing_and_transfer_right(on):
    with make(on, "no_garbage") as bench:
        bench.run(1)
        assert r"no garbage b'abc\xff\xff\xff\xff\xff'" in bench.output


# --- flash ---


@everywhere
def test_files_survive_a_power_cut_between_writes(on):
    with make(on, "files") as bench:
        bench.run(1.05)
        bench.command("power")
        assert json.loads(bench.files.read("/kept.json")) == {"a": 1}
        records = bench.files.read("/d/log").decode().splitlines()
        assert records[:3] == ["record 0", "record 1", "record 2"] and len(records) >= 10
        with pytest.raises(FileNotFoundError):
            bench.files.read("/data.json")
        bench.run(3)  # in the dark
        bench.power_on()
        bench.run(0.5)
        assert bench.files.read("/d/log").decode().count("record 0\n") == 2


@everywhere
@pytest.mark.parametrize("cut", [1, 3, 6, 11, 30])
def test_a_cut_tears_one_write_and_ends_everything(on, cut):
    with make(on, "files", cut=cut) as bench:
        with pytest.raises(PowerLost, match=f"flash write {cut}$"):
            bench.run(60)
        assert not bench.powered
        bench.charger.flash.counter.cut = None
        bench.power_on()
        bench.run(1)
        lines = bench.files.read("/d/log").decode().splitlines()
        assert lines[-1].startswith("record ")


# --- the scripted server ---


@everywhere
def test_a_conversation_and_its_record(on):
    with make(on, "echo") as bench:
        first = bench.expect("Heartbeat", within_s=5)
        second = bench.expect("Heartbeat", within_s=5)
        assert second.ms - first.ms == 1000
        assert bench.log[1].kind == "HeartbeatResponse" and bench.log[1].id == first.id
        assert bench.log[1].payload == {"currentTime": "2026-01-21T09:50:00.300Z"}
        assert bench.server.last_path == "/ocpp/X"
        bench.expect_none("BootNotification", 3)
        with pytest.raises(BenchError, match="no Heartbeat .*nope"):
            bench.expect("Heartbeat", 2, status="nope")


@everywhere
def test_the_same_script_gives_the_same_conversation(on):
    def talk() -> list[tuple]:
        with make(on, "echo") as bench:
            bench.run(3)
            bench.server.drop()
            bench.run(10)
            return [(entry.ms, entry.way, entry.kind) for entry in bench.log]

    once = talk()
    assert len(once) > 15 and once == talk()


@everywhere
def test_a_lost_network_is_a_black_hole_until_it_is_back(on):
    with make(on, "echo") as bench:
        bench.expect("Heartbeat", 5)
        bench.command("net off")
        bench.expect_none("Heartbeat", 20)
        assert "line lost" not in bench.output  # nobody tells the firmware
        bench.command("net on")
        bench.expect("Heartbeat", 10)
        assert "line lost" in bench.output


@everywhere
def test_a_server_that_is_absent(on):
    with make(on, "echo") as bench:
        bench.server.online(False)
        bench.run(5)
        assert bench.log == [] and "line lost" in bench.output
        bench.server.online(True)
        bench.expect("Heartbeat", 5)


def test_dropping_after_messages_and_bytes():
    with make("cpython", "echo") as bench:
        bench.server.drop_after(messages=2)
        bench.run(2.5)
        kinds = [entry.kind for entry in bench.log[:4]]
        assert kinds[:3] == ["Heartbeat", "HeartbeatResponse", "Heartbeat"]
        assert kinds[3] == "Heartbeat" and bench.server.connections == 2
        bench.server.drop_after(messages=1, answered=True)
        before = bench.server.connections
        bench.run(4)
        assert bench.server.connections == before + 1


def test_answers_can_be_scripted():
    with make("cpython", "echo") as bench:
        server = bench.server
        server.answers["Heartbeat"] = [Delay(0.5), CallError("InternalError", "tired"), Drop, None]
        bench.run(0.7)
        assert [entry.kind for entry in bench.log] == ["Heartbeat"]
        bench.run(0.2)
        assert bench.log[-1].kind == "HeartbeatResponse"
        bench.run(1.1)
        assert bench.log[-1].payload == {"code": "InternalError", "description": "tired"}
        bench.run(1)
        assert server.connections == 1 and not server.connected
        bench.run(2)
        assert server.connections == 2
        server.answers["Heartbeat"] = Silence()
        bench.run(1.5)
        asked = len(bench.log)
        bench.run(5)
        assert len(bench.log) == asked


# --- without a firmware ---


def test_schemas_are_enforced():
    check_schema("Heartbeat", {})
    with pytest.raises(SchemaError, match="NoSuchAction"):
        check_schema("NoSuchAction", {})
    with pytest.raises(SchemaError, match="chargePointVendor"):
        check_schema("BootNotification", {"chargePointModel": "x"})


@pytest.mark.parametrize(
    "action",
    ["BootNotification", "Heartbeat", "StartTransaction", "StopTransaction", "Authorize",
     "StatusNotification", "MeterValues", "DataTransfer", "FirmwareStatusNotification",
     "DiagnosticsStatusNotification"],
)  # fmt: skip
def test_usual_and_refusing_answers_fit_the_schemas(action):
    server = ScriptedServer(lambda: 0, lambda: 1_768_989_000)
    server.shut_down()
    usual = server._usual(action)
    check_schema(f"{action}Response", usual)
    if "status" in usual or "idTagInfo" in usual:
        answer = refused(action, usual, "")
        check_schema(f"{action}Response", answer)
        assert "Accepted" not in json.dumps(answer)
    assert Refuse("Blocked").status == "Blocked"
