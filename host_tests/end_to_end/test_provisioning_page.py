"""The set-up page of a fresh charger in a real browser: good and bad input, and into service."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from host_tests.end_to_end.browser import browser, page  # noqa: F401
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[2]


class Sim:
    """`python -m tools.sim` with a web page; `output` is all it has printed."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._log = folder / "output"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.sim", "--web", "0", "--control", "0", *words],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, pattern: str, within_s: float = 90) -> re.Match[str]:
        """The first match in what it prints."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if found := re.search(pattern, self.output):
                return found
            assert self._process.poll() is None, self.output
            time.sleep(0.1)
        raise AssertionError(f"no {pattern!r} in\n{self.output}")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Callable[..., Sim]]:
    running: list[Sim] = []

    def start(*words: str) -> Sim:
        running.append(Sim(tmp_path, *words))
        return running[-1]

    yield start
    for one in running:
        one.close()


def fresh(sim: Callable[..., Sim], page: Page) -> Sim:  # noqa: F811
    """A charger that nobody has set up, its page open."""
    on = "micropython32" if command("micropython32") else "cpython"
    charger = sim("--on", on, "--heap", "112k", "--set", "wifi_ssid=")
    address = charger.wait_for(r"web page.*(http://127\.0\.0\.1:\d+/)")[1]
    charger.wait_for("access point Rivot-4957 is open")
    page.goto(address)
    expect(field(page, "Charge box id")).to_have_value("RIVOT_100A_01")
    return charger


def field(page: Page, label: str) -> Locator:  # noqa: F811
    """The field whose label begins like that."""
    return page.get_by_label(re.compile("^" + re.escape(label)))


def reason(page: Page, label: str) -> str:  # noqa: F811
    """What stands next to a field that was refused."""
    refused = field(page, label)
    expect(refused).to_have_attribute("aria-invalid", "true")
    return page.locator("#" + str(refused.get_attribute("aria-describedby"))).inner_text()


def test_bad_input_is_refused_beside_its_field_and_good_input_goes_into_service(
    sim: Callable[..., Sim],
    page: Page,  # noqa: F811
) -> None:
    charger = fresh(sim, page)
    result = page.get_by_role("status")

    field(page, "Server address").fill("http://csms.example")
    field(page, "Charge box id").fill("depot 7")
    field(page, "Wi-Fi password").fill("short")
    page.get_by_role("button", name="Save and restart").click()
    expect(result).to_contain_text("Nothing was saved")
    assert "ws://host:port/path" in reason(page, "Server address")
    assert "no blanks" in reason(page, "Charge box id")
    assert "8 characters" in reason(page, "Wi-Fi password")
    assert "name is wanted" in reason(page, "Wi-Fi name")
    expect(field(page, "Wi-Fi name")).to_be_focused()

    field(page, "Way to the server").select_option("lan")
    expect(field(page, "Wi-Fi name")).to_be_hidden()
    page.get_by_role("button", name="Save and restart").click()
    expect(field(page, "Way to the server")).to_be_focused()
    assert "GPIO 19, 21, 22, 25, 26, 27" in reason(page, "Way to the server")
    field(page, "Way to the server").select_option("wifi")

    page.get_by_role("button", name="Search again").click()
    expect(result).to_contain_text("3 networks found")
    names = page.locator("#networks option").evaluate_all("all => all.map(o => o.value || o.text)")
    assert names == ["bench", "Depot Wi-Fi", "Café 2"]

    field(page, "Wi-Fi name").fill("Café 2")
    field(page, "Wi-Fi password").fill("correct horse")
    field(page, "Server address").fill("ws://127.0.0.1:1/ocpp")
    field(page, "Charge box id").fill("DEPOT-7")
    page.get_by_role("button", name="Save and restart").click()
    expect(result).to_contain_text("Saved. The charger restarts and connects.")
    charger.wait_for(r"joined Café 2")
    charger.wait_for(r"connecting to ws://127\.0\.0\.1:1/ocpp/DEPOT-7")
    assert "correct horse" not in charger.output
    address = page.url
    for left in range(20, -1, -1):  # in its place comes the charger's own
        try:
            page.goto(address, timeout=3000)
            break
        except Error:
            assert left, "the charger's own page did not come"
            time.sleep(0.5)
    expect(page.locator("#screen")).to_be_visible()


def test_the_page_fits_a_phone_and_takes_nothing_from_elsewhere(
    sim: Callable[..., Sim],
    page: Page,  # noqa: F811
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    fresh(sim, page)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert all(url.startswith((page.url, "data:")) for url in asked) and len(asked) >= 2
    field(page, "Way to the server").select_option("ppp")
    expect(field(page, "Access point name (APN)")).to_be_visible()
    field(page, "Way to the server").focus()
    page.keyboard.press("Tab")
    expect(field(page, "Access point name (APN)")).to_be_focused()
