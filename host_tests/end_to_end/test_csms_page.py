"""The central system's page in a real browser: a session, keys, schema errors, lost lines.

The pictures go to build/pictures, or where RIVOT_PICTURES says.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from websockets.sync.client import ClientConnection, connect

from host_tests.end_to_end.browser import browser, page  # noqa: F401
from host_tests.end_to_end.test_provisioning_page import Sim, sim  # noqa: F401
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("RIVOT_PICTURES", ROOT / "build" / "pictures"))
expect.set_options(timeout=20_000)  # two cores, and other tests beside these
HOSTILE = "<img src=x onerror=document.title='taken'>"
SECRET = "0123456789abcdef"


class Csms:
    """`python -m tools.csms` with its page, on a database of its own."""

    def __init__(self, folder: Path, port: int = 0, page_port: int = 0) -> None:
        self._folder = folder
        words = [
            "--db",
            str(folder / "csms.sqlite"),
            "--port",
            str(port),
            "--page",
            str(page_port),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.csms", "--quiet", *words],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        self.url = self._process.stdout.readline().split()[-1]
        self.page = self._process.stdout.readline().split()[-1]

    def again(self) -> "Csms":
        """End it and start another one at the same places."""
        self.close()
        ports = [int(re.findall(r":(\d+)/", url)[0]) for url in (self.url, self.page)]
        return Csms(self._folder, *ports)

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@pytest.fixture
def csms(tmp_path: Path) -> Iterator[Csms]:
    running = Csms(tmp_path)
    yield running
    running.close()


def picture(page: Page, name: str, whole: bool = False) -> None:  # noqa: F811
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"csms-{name}.png", full_page=whole)


def shows(page: Page, phase: str, within_ms: int = 15_000) -> None:  # noqa: F811
    expect(page.locator("#screen")).to_have_attribute("data-phase", phase, timeout=within_ms)


def value(page: Page, name: str) -> Locator:  # noqa: F811
    return page.locator(f".value-{name}")


class VirtualCharger:
    """The virtual charger on a central system."""

    def __init__(self, sim: Callable[..., Sim], url: str) -> None:  # noqa: F811
        on = "micropython" if command("micropython") else "cpython"
        self.sim = sim("--on", on, "--csms", url)
        self._port = int(self.sim.wait_for(r"control port: (\d+)")[1])

    def command(self, line: str) -> dict:
        with socket.create_connection(("127.0.0.1", self._port), 10) as control:
            control.sendall(line.encode() + b"\n")
            return dict(json.loads(control.makefile().readline()))


def test_a_whole_session_is_driven_and_read_from_the_page(
    csms: Csms,
    sim: Callable[..., Sim],  # noqa: F811
    page: Page,  # noqa: F811
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(csms.page)
    expect(page.get_by_text("No charger has connected yet.")).to_be_visible()
    charger = VirtualCharger(sim, csms.url)
    shows(page, "available", 30_000)
    expect(page.get_by_role("button", name="RIVOT_100A_01 online")).to_be_visible()
    expect(page.locator("#about")).to_contain_text("Rivot Motors")
    expect(page.locator("#about tbody tr")).to_have_count(2)

    # Keys: one is refused, one is changed, and the charger follows it.
    page.get_by_role("button", name="Read the keys").click()
    interval = page.get_by_label("MeterValueSampleInterval", exact=True)
    expect(interval).to_have_value("10")
    save = page.get_by_role("button", name="Save MeterValueSampleInterval")
    said = page.locator("#said-MeterValueSampleInterval")
    interval.fill("soon")
    save.click()
    expect(said).to_have_text("MeterValueSampleInterval: Rejected by the charger")
    expect(said).to_have_class("wrong")
    interval.fill("2")
    save.click()
    expect(said).to_have_text("MeterValueSampleInterval: Accepted")
    expect(page.get_by_label("NumberOfConnectors", exact=True)).not_to_be_editable()

    charger.command("bms soc=87.00 voltage=76.38 current_limit=90 temperature=26.5")
    charger.command("plug")
    shows(page, "vehicle")
    expect(value(page, "initialSoc")).to_have_text("87.0%")
    expect(value(page, "maxCurrent")).to_have_text("90.0 A")
    expect(value(page, "voltage")).to_have_text("76.4 V")
    expect(value(page, "temperature")).to_have_text("26.5°C")
    expect(page.locator("#chargers small")).to_have_text("Vehicle Connected: 87% SOC, 90A max")
    picture(page, "vehicle")

    page.locator("#screen").get_by_role("button", name="Start Charging").click()
    expect(page.locator("#said")).to_have_text("Start Charging: Accepted")
    shows(page, "charging", 20_000)
    expect(value(page, "soc")).to_have_text(re.compile(r"^87\.\d\d%( ▲)?$"), timeout=15_000)
    expect(value(page, "power")).to_have_text(re.compile(r"^\d{3,} W$"), timeout=15_000)
    expect(value(page, "current")).to_have_text(re.compile(r"^\d+\.\d\d A$"))
    expect(value(page, "energy")).to_have_text(re.compile(r"^\d+\.\d Wh$"))
    expect(value(page, "duration")).to_have_text(re.compile(r"^0:\d\d$"))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "87")
    expect(page.locator("#curve path.power")).to_have_attribute(
        "d", re.compile("M.*L"), timeout=15_000
    )
    picture(page, "charging", whole=True)

    page.locator("#screen").get_by_role("button", name="Stop Charging").click()
    shows(page, "complete", 20_000)
    expect(page.get_by_role("heading", name="Session Complete ✓")).to_be_visible()
    expect(value(page, "finalSoc")).to_have_text(re.compile(r"^87\.\d\d%$"))
    expect(value(page, "energy")).to_have_text(re.compile(r"^\d+\.\d\d Wh$"))
    expect(page.get_by_role("cell", name="TEST_TAG")).to_be_visible()
    expect(page.get_by_role("cell", name="Remote", exact=True)).to_be_visible()
    page.get_by_role("button", name="View Details").click()
    expect(page.locator("#detail path.power")).to_have_attribute("d", re.compile("M.*L"))
    picture(page, "complete", whole=True)
    expect(page.locator("#wrong-count")).to_have_text("Against the schemas: 0")
    page.get_by_role("button", name="Close").click()
    shows(page, "finishing")
    charger.command("unplug")
    shows(page, "available")

    # Faults, and lines that go and come back.
    charger.command("estop on")
    shows(page, "faulted")
    expect(value(page, "faultName")).to_have_text("EmergencyStop")
    charger.command("estop off")
    shows(page, "available")
    charger.command("net off")
    shows(page, "offline", 60_000)
    expect(page.get_by_role("button", name="RIVOT_100A_01 offline")).to_be_visible()
    charger.command("net on")
    shows(page, "available", 60_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="These sessions as CSV").click()
    assert "TEST_TAG" in download.value.path().read_text()


class RawCharger:
    """A charger that says what a test wants it to say."""

    def __init__(self, url: str, charge_box_id: str) -> None:
        self.line: ClientConnection = connect(
            f"{url}/{charge_box_id}", subprotocols=["ocpp1.6"], close_timeout=1
        )

    def say(self, action: str, payload: dict) -> list:
        """One CALL; its answer."""
        self.line.send(json.dumps([2, str(time.monotonic()), action, payload]))
        return list(json.loads(self.line.recv(10)))

    def answer(self, payload: dict) -> list:
        """Answer the next CALL of the server; the CALL."""
        asked = list(json.loads(self.line.recv(10)))
        self.line.send(json.dumps([3, asked[1], payload]))
        return asked

    def status(self, status: str, **more: str) -> None:
        fields = {"connectorId": 1, "errorCode": "NoError", "status": status, **more}
        self.say("StatusNotification", fields)


def test_what_a_charger_says_is_text_and_what_is_wrong_is_marked(csms: Csms, page: Page) -> None:  # noqa: F811
    charger = RawCharger(csms.url, "%3Cb%3EEVIL%3C%2Fb%3E")
    vendor = HOSTILE[:20]
    charger.say("BootNotification", {"chargePointModel": "<b>M</b>", "chargePointVendor": vendor})
    page.goto(csms.page)
    expect(page.locator("#chargers button span").first).to_have_text("<b>EVIL</b> ")
    charger.status("Faulted", info="<b>info</b>", vendorErrorCode=HOSTILE)
    shows(page, "faulted")
    expect(value(page, "faultName")).to_have_text(HOSTILE)
    expect(page.locator(".phase-note")).to_have_text("<b>info</b>")
    expect(page.locator("#about")).to_contain_text(vendor)

    start = {
        "connectorId": 1, "idTag": "<i>TAG</i>", "meterStart": 0,
        "timestamp": "2026-01-21T09:52:20Z",
    }  # fmt: skip
    number = charger.say("StartTransaction", start)[2]["transactionId"]
    stop = {"transactionId": number, "meterStop": 3, "timestamp": "<u>", "reason": "Local"}
    charger.say("StopTransaction", stop)
    expect(page.get_by_role("cell", name="<i>TAG</i>")).to_be_visible()

    # Against the schemas: an action that is none, a text too long, no JSON.
    charger.say(HOSTILE, {})
    charger.say("Authorize", {"idTag": "x" * 21})
    charger.line.send("{" + HOSTILE)
    wrong = page.locator("#talk li.bad")
    expect(wrong).to_have_count(3)
    expect(wrong.nth(0)).to_contain_text("not JSON")
    expect(wrong.nth(1)).to_contain_text("is too long")
    expect(wrong.nth(2)).to_contain_text("is not part of OCPP 1.6")
    expect(page.locator("#wrong-count")).to_have_text("Against the schemas: 3")
    right = page.locator("#talk li:not(.bad)").first
    expect(right).to_be_visible()
    page.get_by_label("only what is against the OCPP schemas").check()
    expect(right).to_be_hidden()
    picture(page, "wrong")
    page.reload()
    expect(page.locator("#talk li.bad")).to_have_count(3)

    # Keys and values of a charger are text as well; its password is not shown.
    page.get_by_role("button", name="Read the keys").click()
    keys = [
        {"key": "<b>K</b>", "readonly": False, "value": HOSTILE},
        {"key": "AuthorizationKey", "readonly": False, "value": SECRET},
    ]
    assert charger.answer({"configurationKey": keys})[2:] == ["GetConfiguration", {}]
    expect(page.get_by_label("<b>K</b>", exact=True)).to_have_value(HOSTILE)
    expect(page.get_by_label("AuthorizationKey", exact=True)).to_have_value("")
    page.get_by_label("AuthorizationKey", exact=True).fill(SECRET)
    page.get_by_role("button", name="Save AuthorizationKey").click()
    asked = charger.answer({"status": "RebootRequired"})
    assert asked[3] == {"key": "AuthorizationKey", "value": SECRET}
    expect(page.locator("#said-AuthorizationKey")).to_contain_text("from the next restart")
    expect(page.get_by_label("AuthorizationKey", exact=True)).to_have_value("")
    expect(page.locator("#talk")).to_contain_text('"value":"***"')
    assert SECRET not in page.content()

    # Orders that fail say why.
    page.get_by_role("button", name="Unlock").click()
    charger.answer({"status": "NotSupported"})
    expect(page.locator("#said")).to_have_text("Unlock: The charger does not know this")
    expect(page.locator("#said")).to_have_class("wrong")
    page.get_by_role("button", name="Restart (soft)").click()
    asked = json.loads(charger.line.recv(10))
    assert asked[2:] == ["Reset", {"type": "Soft"}]
    charger.line.send(json.dumps([4, asked[1], "NotImplemented", HOSTILE, {}]))
    expect(page.locator("#said")).to_contain_text(f"NotImplemented: {HOSTILE}")
    assert page.title() == "Bench central system"
    assert page.locator("#chargers b, #desk b, #desk i, #desk img").count() == 0
    charger.line.close()
    shows(page, "offline")


def test_the_page_outlives_the_server_and_knows_the_chargers_of_before(
    csms: Csms,
    page: Page,  # noqa: F811
    tmp_path: Path,
) -> None:
    first, second = RawCharger(csms.url, "FIRST"), RawCharger(csms.url, "SECOND")
    for charger in (first, second):
        charger.status("Available")
    page.goto(csms.page)
    expect(page.locator("#chargers button")).to_have_count(2)
    page.get_by_role("button", name="SECOND").click()
    expect(page.locator("#about")).to_contain_text("SECOND")
    again = csms.again()
    try:
        expect(page.locator("#server")).to_be_visible()
        expect(page.locator("#server")).to_be_hidden(timeout=30_000)
        expect(page.get_by_role("button", name="SECOND offline")).to_have_attribute(
            "aria-current", "true"
        )
        expect(page.locator("#talk li")).not_to_have_count(0)
        RawCharger(csms.url, "SECOND").status("Preparing")
        shows(page, "preparing")
    finally:
        again.close()


def test_the_page_is_for_keyboards_phones_and_two_languages(csms: Csms, page: Page) -> None:  # noqa: F811
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    charger = RawCharger(csms.url, "A" * 50)
    charger.status("Available")
    page.goto(csms.page)
    shows(page, "available")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    address = csms.page.removeprefix("http://")
    assert all(url.split("://")[1].startswith(address) for url in asked if "data:" not in url)

    # Every control has a name, and Tab comes by all of them.
    unnamed = """() => [...document.querySelectorAll("button, input, select, a")].filter((one) =>
        one.checkVisibility() && !(one.textContent.trim() || one.ariaLabel || one.labels?.length)
        ).map((one) => one.outerHTML)"""
    assert page.evaluate(unnamed) == []
    reached = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Start Charging", "Unlock", "Restart (hard)", "Read the keys", "Save"} <= reached
    page.get_by_label("Card (idTag)").fill(" ")
    page.get_by_role("button", name="Start Charging").press("Enter")
    expect(page.locator("#said")).to_have_text("Starting needs a card.")
    expect(page.get_by_label("Card (idTag)")).to_be_focused()

    page.get_by_label("Language / भाषा").select_option("hi")
    expect(page.get_by_role("heading", name="बातचीत")).to_be_visible()
    expect(page.locator(".phase-title")).to_have_text("उपलब्ध")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    picture(page, "hindi-dark", whole=True)
    page.reload()
    expect(page.get_by_role("heading", name="बातचीत")).to_be_visible()
