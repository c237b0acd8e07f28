"""A charger that nobody has set up, or whose network is lost: access point, page, and service."""

import json
import re

import pytest

from host_tests.scenarios.steps import current_flows, plug
from tools.sim.bench import Bench
from tools.sim.charger import PowerLost

CHIP = pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
JSON = {"Content-Type": "application/json"}
NAME = "Rivot-4957"
FRESH = {"setup_after_s": 900, "csms_url": "ws://old.test:9000/ocpp"}
GOOD = {
    "network": "wifi",
    "wifi_ssid": "Depot Wi-Fi",
    "wifi_password": "correct horse",
    "csms_url": "ws://csms.test:9000/ocpp",
    "charge_box_id": "DEPOT-7",
}


def point(bench: Bench) -> str | None:
    return bench.charger.chip.access_point.name if bench.charger.chip.access_point.active else None


def open_point(bench: Bench, within_s: float = 20) -> None:
    bench.run_until(lambda: point(bench), within_s, "an open access point")
    bench.run(1)  # the page's server


def post(bench: Bench, path: str, values: object) -> dict:
    answer = bench.http("POST", path, json.dumps(values).encode(), JSON)
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def page_is_closed(bench: Bench) -> bool:
    """The set-up page; the charger's own may be there."""
    try:
        return b"wifi_ssid" not in bench.http("GET", "/").body
    except OSError:
        return True


def test_first_start_is_set_up_by_the_page_and_goes_into_service(start) -> None:
    bench = start(FRESH)
    open_point(bench)
    assert point(bench) == NAME
    password = bench.charger.chip.access_point.password
    assert re.fullmatch(r"[a-z2-9]{10}", password)
    assert f"join {NAME}, password {password}" in bench.output

    assert b"wifi_ssid" in bench.http("GET", "/").body
    state = json.loads(bench.http("GET", "/state").body)
    assert state["networks"] == ["bench", "Depot Wi-Fi", "Café 2"]
    assert state["csms_url"] == "ws://old.test:9000/ocpp"

    bench.seen()
    assert post(bench, "/save", GOOD) == {"errors": {}, "busy": False}
    bench.expect("BootNotification", within_s=30)
    assert bench.server.last_path.endswith("/ocpp/DEPOT-7")
    assert point(bench) is None
    assert bench.charger.chip.wifi.key == "correct horse"
    assert page_is_closed(bench)
    stored = json.loads(bench.files.read("settings.json"))
    assert stored["wifi_ssid"] == "Depot Wi-Fi" and stored["ap_password"] == password
    assert "correct horse" not in bench.output


WRONG = [
    ("csms_url", "http://csms.test", "an address like ws://"),
    ("csms_url", "ws://:9000/x", "the server's name"),
    ("csms_url", "ws://csms.test:99999", "the port"),
    ("csms_url", "ws://me:secret@csms.test", "a field of its own"),
    ("csms_url", "ws://" + "x" * 300, "text of 0 to 200 bytes"),
    ("charge_box_id", "", "text of 1 to 48 bytes"),
    ("charge_box_id", "two words", "no blanks"),
    ("wifi_ssid", "", "the network's name"),
    ("wifi_password", "short", "8 characters or more"),
    ("network", "lan", "GPIO 19, 21, 22, 25, 26, 27"),
    ("network", "pigeon", "one of wifi, lan, ppp"),
    ("ap_password", 7, "text of 0 to 63 bytes"),
    ("max_current_ma", 1000, "no such setting"),
    ("log_level", "0", "no such setting"),
]


@CHIP
def test_bad_values_are_refused_with_the_reason_and_nothing_changes(start) -> None:
    bench = start(FRESH)
    open_point(bench)
    before = {name: bench.files.read(name) for name in bench.files.names() if ".json" in name}
    for key, value, why in WRONG:
        errors = post(bench, "/save", {**GOOD, key: value})["errors"]
        assert list(errors) == [key] and why in errors[key], (key, value, errors)
    several = post(bench, "/save", {"network": "ppp", "ppp_apn": "", "charge_box_id": "a/b"})
    assert sorted(several["errors"]) == ["charge_box_id", "ppp_apn"]
    bench.run(10)
    assert point(bench) == NAME and bench.charger.starts == 1
    assert {name: bench.files.read(name) for name in before} == before
    assert "set.json" not in bench.files.names()


REQUESTS = [
    (b"GET / HTTP/1.1\r\nX: " + b"y" * 5000, 413),
    (b"hello\r\n\r\n", 400),
    (b"POST /save HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", 413),
    (b"POST /save HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /save HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST /save HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 403),  # no JSON: another site's form
    (
        b"POST /save HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
        400,
    ),
    (b"GET /../settings.json HTTP/1.1\r\n\r\n", 404),
    (b"DELETE / HTTP/1.1\r\n\r\n", 405),
    (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", 0),
    (b"GET / HT", 0),  # and then silence
]


@CHIP
def test_whatever_is_sent_is_bounded_and_the_charger_goes_on(start) -> None:
    bench = start(FRESH)
    open_point(bench)
    for data, status in REQUESTS:
        visitor = bench.visitors.visit(80, data)
        bench.run_until(lambda v=visitor: v.over, 20, repr(data[:40]))
        assert visitor.response().status == status, data[:60]
    crowd = [bench.visitors.visit(80, b"GET / HTTP/1.1\r\n") for _ in range(6)]
    bench.run_until(lambda: all(v.over for v in crowd), 20, "an end of the crowd")
    assert bench.http("GET", "/").status == 200
    bench.run(5)
    state = bench.state()
    assert state["heap_free"] > 8_000 and bench.charger.starts == 1


@CHIP
def test_a_wrong_wifi_password_later_needs_no_visit(start) -> None:
    """It keeps trying, opens the access point, charges meanwhile, and takes a new password."""
    bench = start(
        {**FRESH, "wifi_ssid": "Depot Wi-Fi", "wifi_password": "the old one",
         "ap_password": "x" * 12, "setup_after_s": 60, "AllowOfflineTxForUnknownId": True}
    )  # fmt: skip
    bench.expect("BootNotification", within_s=20)
    plug(bench)
    bench.command("net off")
    bench.command("net password=brand-new-one")
    bench.command("net on")
    bench.run(20)
    assert point(bench) is None
    bench.command("tag 0A1B2C3D4E")
    current_flows(bench, 60)
    open_point(bench, 120)
    assert bench.charger.chip.access_point.password == "x" * 12
    state = json.loads(bench.http("GET", "/state").body)
    assert state["busy"] and state["wifi_ssid"] == "Depot Wi-Fi"
    change = {"wifi_ssid": "Depot Wi-Fi", "wifi_password": "brand-new-one"}
    assert post(bench, "/save", change) == {"errors": {}, "busy": True}
    bench.run(20)
    assert bench.charger.starts == 1 and bench.hardware.plant_state()["amps"] > 1
    bench.seen()
    bench.command("unplug")
    bench.expect("BootNotification", within_s=60)
    assert bench.charger.starts == 2 and point(bench) is None
    bench.expect("StartTransaction")
    bench.expect("StopTransaction")


@CHIP
@pytest.mark.slow
def test_a_network_that_comes_back_closes_the_access_point(start) -> None:
    bench = start({**FRESH, "wifi_ssid": "bench", "setup_after_s": 60})
    bench.expect("BootNotification", within_s=20)
    bench.command("net off")
    open_point(bench, 90)
    bench.command("net on")
    bench.run_until(lambda: point(bench) is None, 240, "a closed access point")
    bench.expect("BootNotification", within_s=60)
    assert bench.charger.starts == 1 and page_is_closed(bench)


@CHIP
@pytest.mark.slow
def test_the_button_held_at_the_start_opens_it_for_a_while(start) -> None:
    bench = start({"wifi_ssid": "bench", "setup_after_s": 0, "network": "wifi"}, power=False)
    bench.command("button 9")
    bench.power_on()
    open_point(bench, 10)
    bench.run(800)
    assert point(bench) == NAME and bench.http("GET", "/").status == 200
    bench.run_until(lambda: point(bench) is None, 120, "a closed access point")
    assert not bench.hardware.plant_state()["contactor"]


@CHIP
@pytest.mark.parametrize(("seconds", "opens"), [(3, False), (7, True)])
def test_only_a_button_held_for_long_opens_it(start, seconds: int, opens: bool) -> None:
    bench = start({"wifi_ssid": "bench", "setup_after_s": 0, "network": "wifi"}, power=False)
    bench.command(f"button {seconds}")
    bench.power_on()
    bench.run(10)
    assert bool(point(bench)) == opens
    assert not bench.hardware.plant_state()["contactor"]


@CHIP
def test_a_lan_that_this_board_cannot_have_is_named_and_leads_to_the_page(start) -> None:
    bench = start({**FRESH, "network": "lan"})
    open_point(bench)
    assert re.search(r"hardware.json: \w+( \w+)?: GPIO \d+ is .*'s already", bench.output)
    assert post(bench, "/save", GOOD)["errors"] == {}
    bench.expect("BootNotification", within_s=30)


@CHIP
def test_a_modem_dials_loses_its_network_and_dials_again(start) -> None:
    bench = start({**FRESH, "network": "ppp", "ppp_apn": "internet.example"})
    bench.expect("BootNotification", within_s=30)
    modem = bench.charger.chip.modem
    assert modem.commands == ["ATE0", 'AT+CGDCONT=1,"IP","internet.example"', "ATD*99#"]
    bench.run(5)  # it has seen its address
    bench.command("net off")
    bench.run(10)
    bench.command("net on")
    bench.expect("BootNotification", within_s=60)
    assert modem.commands.count("ATD*99#") >= 2 and point(bench) is None


def save_with_cut(start, write: int) -> bool:
    """Save with the power cut at that write; True when there was such a write."""
    bench = start(FRESH)
    open_point(bench)
    bench.cut_at(write)
    cut = False
    try:
        post(bench, "/save", GOOD)
        bench.run(20)
        bench.cut_at(None)
    except PowerLost:
        cut = True
        bench.cut_at(None)
        bench.seen()
        bench.power_on()
    bench.run(20)
    if point(bench):  # nothing had been stored: once more
        post(bench, "/save", GOOD)
        bench.run(20)
    assert bench.server.last_path.endswith("/DEPOT-7")
    stored = json.loads(bench.files.read("settings.json"))
    assert {key: stored[key] for key in GOOD if key != "network"} == {
        key: value for key, value in GOOD.items() if key != "network"
    }
    return cut


@CHIP
@pytest.mark.parametrize("write", [2, 5])
def test_power_cut_while_it_is_saved(start, write: int) -> None:
    assert save_with_cut(start, write)


@CHIP
@pytest.mark.slow
def test_power_cut_at_every_write_of_saving(start) -> None:
    write = 1
    while save_with_cut(start, write):
        write += 1
    assert write > 5
