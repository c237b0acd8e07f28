"""A real browser for the tests of pages: Playwright with a headless Chromium.

Taken as the machine has it; where there is none, installed once (Debian's package for root, else
Playwright's own headless shell). Where neither works the tests are skipped, in CI they fail.

    from host_tests.end_to_end.browser import browser, page  # noqa: F401
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

_NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable"),
    "google-chrome",
)
_INSTALL_S = 300
_PACKAGE = "chromium-headless-shell"
_TIMEOUT_MS = 15_000


def find(playwright: Playwright) -> str | None:
    """The browser's program, None where there is none."""
    own = playwright.chromium.executable_path
    if own and os.access(own, os.X_OK):
        return own
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    shells = Path.home().glob(".cache/ms-playwright/chromium_headless_shell-*/*/headless_shell")
    return next((str(path) for path in sorted(shells)), None)


def install() -> str:
    """Try to bring one; what the last attempt complained of."""
    attempts = [[sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", _PACKAGE]
        attempts = [apt, ["apt-get", "update", "-qq"], apt, *attempts]
    said = ""
    for words in attempts:
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=_INSTALL_S,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        if done.returncode == 0 and "update" not in words:
            return ""
        said = (done.stderr or done.stdout).strip()[-300:]
    return said


def _program(playwright: Playwright) -> str:
    """The browser; tests that run side by side install it once. Skips or fails without one."""
    with open(Path(tempfile.gettempdir(), "rivot-browser.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = "" if find(playwright) else install()
        found = find(playwright)
    if found is None:
        message = f"no Chromium, and none could be installed: {said}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")  # its event loop must not run beside those of other tests
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module."""
    with sync_playwright() as playwright:
        # As root there is no sandbox; what the tests open is our own.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        opened = playwright.chromium.launch(
            executable_path=_program(playwright), headless=True, args=arguments
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page the size of a phone; a script's error on it fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.set_default_timeout(_TIMEOUT_MS)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []
