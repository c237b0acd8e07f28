"""Answers one request of the set-up page. Loaded for that, forgotten after it.

GET / is the page (setup.html); GET /state what it shows; POST /save {key: value, ...} answers
{"errors": {key: why}}, none when it was stored; POST /scan looks for networks again.
"""

import json
import sys

from firmware.on_demand import load
from firmware.storage.files import write_json
from firmware.storage.json_files import read_json

_JSON = "application/json"
_TEXT = "text/plain"
_HTML = "text/html; charset=utf-8\r\nContent-Encoding: gzip"
# Rows of board/options.py and settings.py, which are too large to be loaded beside a page.
OPTIONS = (
    ("network", ("wifi", "lan", "ppp"), "wifi", 0, 1),
    ("ppp_auth", ("none", "pap", "chap"), "none", 0, 1),
)
PLAIN = (
    ("wifi_ssid", str, "", 0, 32),
    ("ppp_apn", str, "", 0, 63),
    ("ppp_user", str, "", 0, 63),
    ("csms_url", str, "", 0, 200),
    ("charge_box_id", str, "", 1, 48),
)
SECRET = (
    ("wifi_password", str, "", 0, 63),
    ("ppp_password", str, "", 0, 63),
    ("authorization_key", str, "", 0, 40),
    ("ap_password", str, "", 0, 63),
)
_WISHES = "set.json"
_HARDWARE = "hardware.json"


def answer(setup: "Setup", method: str, path: str, field: "Callable", body: bytes) -> tuple:
    """(status, type, content) for http_server.py."""
    if method == "GET":
        if path == "/":
            return 200, _HTML, open(_page(), "rb")
        if path == "/state":
            return _json(200, _state(setup))
        return 404, _TEXT, b"there is no such page: open /"
    if method != "POST":
        return 405, _TEXT, b"GET or POST"
    # Another site's page in the same browser cannot send this without being asked first.
    if not field(b"content-type").startswith(_JSON.encode()):
        return 403, _TEXT, b"JSON wanted"
    if path == "/scan":
        setup.scan()
        return _json(200, _state(setup))
    if path == "/save":
        return _save(setup, body)
    return 404, _TEXT, b"there is no such page"


def _page() -> str:
    folder = sys.modules["firmware"].__file__.rpartition("/")[0]
    return folder + "/provisioning/setup.gz"


def _json(status: int, value: dict) -> tuple:
    return status, _JSON, json.dumps(value).encode()


def _state(setup: "Setup") -> dict:
    """What the page shows; of secrets only whether there is one."""
    charger = setup.charger
    state = {"networks": setup.networks, "busy": charger.core.session.open}
    stored = read_json(_HARDWARE)
    for row in OPTIONS:
        state[row[0]] = stored.get(row[0], row[2])
    for row in PLAIN:
        state[row[0]] = getattr(charger.settings, row[0])
    state["kept"] = [row[0] for row in SECRET if getattr(charger.settings, row[0])]
    return state


def _save(setup: "Setup", body: bytes) -> tuple:
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return 400, _TEXT, b"one JSON object wanted"
    charger = setup.charger
    state = _state(setup)
    rules = load("firmware.provisioning.rules")
    wrong = rules.check(values, OPTIONS + PLAIN + SECRET, state.get, charger.board.pins)
    if wrong:
        return _json(200, {"errors": wrong})
    try:
        write_json(_WISHES, values)
    except OSError as error:
        charger.log.error("settings", "not stored: %s", error)
        return 503, _TEXT, b"the flash did not take it: try again"
    setup.saved = True
    charger.log.info("network", "set up by the page")
    return _json(200, {"errors": {}, "busy": state["busy"]})
