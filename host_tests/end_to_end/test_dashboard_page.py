"""The charger's page in a real browser: a session, log-in, settings, faults, lost connections.

The pictures go to build/pictures, or where RIVOT_PICTURES says.
"""

import json
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from host_tests.end_to_end.browser import browser, page  # noqa: F401
from host_tests.end_to_end.test_provisioning_page import Sim, sim  # noqa: F401
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("RIVOT_PICTURES", ROOT / "build" / "pictures"))
expect.set_options(timeout=30_000)  # a charger that is short of memory lets a page wait
PASSWORD = "open sesame"
TAG = "0A1B2C3D4E"


class Charger:
    """The virtual charger with its page; no central system, so a local tag starts it."""

    def __init__(self, sim: Callable[..., Sim], page: Page) -> None:  # noqa: F811
        on = "micropython" if command("micropython") else "cpython"
        wishes = {
            "web_port": "80", "web_password": PASSWORD, "web_tag": TAG,
            "AllowOfflineTxForUnknownId": "true",
            "csms_url": "ws://127.0.0.1:1/ocpp",
        }  # fmt: skip
        words = [word for pair in wishes.items() for word in ("--set", "=".join(pair))]
        self.sim = sim("--on", on, *words)
        self.address = self.sim.wait_for(r"web page.*(http://127\.0\.0\.1:\d+/)")[1]
        self._port = int(self.sim.wait_for(r"control port: (\d+)")[1])
        self.sim.wait_for("no connection|connecting to")
        self.page = page
        self._open()

    def _open(self) -> None:
        """As people do: again, where the charger has not begun to listen."""
        for left in range(10, -1, -1):
            try:
                self.page.goto(self.address)
                return
            except Error:
                if not left:
                    raise
                time.sleep(0.5)

    def command(self, line: str) -> dict:
        with socket.create_connection(("127.0.0.1", self._port), 10) as control:
            control.sendall(line.encode() + b"\n")
            return dict(json.loads(control.makefile().readline()))

    def value(self, name: str):
        return self.page.locator(f".value-{name}")

    def shows(self, phase: str, within_ms: int = 15_000) -> None:
        expect(self.page.locator("#screen")).to_have_attribute(
            "data-phase", phase, timeout=within_ms
        )

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
def charger(sim: Callable[..., Sim], page: Page) -> Charger:  # noqa: F811
    return Charger(sim, page)


def log_in(page: Page, password: str = PASSWORD) -> None:  # noqa: F811
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_whole_session_is_read_from_the_page(charger: Charger) -> None:
    page = charger.page  # noqa: F811
    charger.shows("available")
    expect(page.get_by_role("heading", name="Available")).to_be_visible()
    expect(page.locator("#server")).to_be_visible()  # no central system is there
    charger.picture("available")

    charger.command("plug")
    charger.shows("vehicle")
    expect(page.get_by_role("heading", name="Vehicle Connected")).to_be_visible()
    expect(charger.value("initialSoc")).to_have_text("87.0%")
    expect(charger.value("maxCurrent")).to_have_text("90.0 A")
    expect(charger.value("voltage")).to_have_text("76.4 V")
    expect(charger.value("temperature")).to_have_text("26.5°C")
    charger.picture("vehicle")

    page.get_by_role("button", name="Start Charging").click()
    log_in(page)
    charger.shows("charging", 25_000)
    expect(charger.value("soc")).to_have_text(re.compile(r"^87\.\d\d%( ▲)?$"))
    expect(charger.value("power")).to_have_text(re.compile(r"^\d{3,} W$"))
    expect(charger.value("current")).to_have_text(re.compile(r"^\d+\.\d\d A$"))
    expect(charger.value("duration")).to_have_text(re.compile(r"^0:\d\d$"))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "87")
    expect(page.locator("svg.chart path.power")).to_have_attribute("d", re.compile("M.*L"))
    charger.picture("charging")

    page.get_by_role("button", name="Stop Charging").click()
    charger.shows("complete", 25_000)
    expect(page.get_by_role("heading", name="Session Complete ✓")).to_be_visible()
    expect(charger.value("finalSoc")).to_have_text(re.compile(r"^87\.\d\d%$"))
    expect(charger.value("energy")).to_have_text(re.compile(r"^\d+\.\d\d Wh$"))
    charger.picture("complete")

    page.get_by_role("button", name="View Details").click()
    expect(page.get_by_role("cell", name=TAG)).to_be_visible()
    expect(page.get_by_role("cell", name="Local", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    charger.shows("finishing")
    charger.command("unplug")
    charger.shows("available")


def test_a_fault_says_what_to_do_and_lost_connections_come_back(charger: Charger) -> None:
    page = charger.page  # noqa: F811
    page.clock.install()
    charger.shows("available")
    charger.command("estop on")
    charger.shows("faulted")
    expect(page.get_by_role("alert")).to_contain_text("Fault")
    expect(charger.value("faultName")).to_have_text("EmergencyStop")
    expect(page.locator(".phase-note")).to_contain_text("Turn the red button")
    charger.picture("faulted")
    page.get_by_label("Language / भाषा").select_option("hi")
    expect(page.locator(".phase-note")).to_contain_text("लाल बटन")
    page.emulate_media(color_scheme="dark")
    charger.picture("faulted-hindi-dark")
    page.get_by_label("Language / भाषा").select_option("en")
    charger.command("estop off")
    charger.shows("available")

    charger.command("net off")
    page.clock.fast_forward(25_000)  # the page bears a silence for so long
    charger.shows("offline", 40_000)
    charger.command("net on")
    charger.shows("available", 60_000)


def test_only_with_the_password_settings_are_seen_and_changed(charger: Charger) -> None:
    page = charger.page  # noqa: F811
    charger.shows("available")
    page.get_by_role("button", name="Look after the charger").click()
    log_in(page, "not the word")
    expect(page.locator("#said")).to_have_text("wrong password", timeout=30_000)
    log_in(page)
    expect(page.locator("#tab")).to_contain_text("None yet.", timeout=30_000)

    page.get_by_role("button", name="Settings", exact=True).click()
    field = page.get_by_label("log_level", exact=True)
    expect(field).to_have_value("1")
    expect(page.get_by_label("web_password", exact=True)).to_have_value("")
    assert PASSWORD not in page.content() and "$" not in str(page.inner_text("#tab"))
    field.fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#why-log_level")).to_contain_text("0 to 3 wanted")
    field.fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#tab")).to_contain_text("Saved.")

    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.locator("pre")).to_contain_text("log_level set by the page")
    page.get_by_role("button", name="System").click()
    expect(page.locator("#tab")).to_contain_text("RIVOT_100A_01")
    charger.picture("system")
    page.get_by_role("button", name="Restart the charger").click()
    expect(page.locator("#said")).to_have_text("The charger restarts.")
    charger.sim.wait_for(r"starting again")

    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#desk")).to_be_hidden()


def test_the_page_fits_a_phone_and_takes_nothing_from_elsewhere(charger: Charger) -> None:
    page = charger.page  # noqa: F811
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    charger.shows("available")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert all(url.startswith((charger.address, "data:")) for url in asked)
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") in ("BUTTON", "SELECT", "A")
