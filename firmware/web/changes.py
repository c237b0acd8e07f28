"""The settings, shown and changed. Loaded for one request. Secrets go in, never out.

What is set waits in set.json and counts from the next start, like what the set-up page sets.
"""

import json

from firmware.errors import SettingError
from firmware.on_demand import load
from firmware.storage.files import write_json
from firmware.storage.json_files import read_json

_JSON = "application/json"
_WISHES = "set.json"
_VALUES = "firmware.values"


def answer(web: "Listener", what: str, body: bytes) -> tuple:
    """g: all of them; s: set {key: value, ...}, {"errors": {key: why}}, none when it is stored."""
    if what == "g":
        return 200, _JSON, _shown(web.charger.settings, read_json(_WISHES))
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return web.code.refuse(web, 400, "one JSON object wanted")
    return _set(web, values)


def _shown(settings: "Settings", wishes: dict) -> "Iterator[bytes]":
    """[[key, kind, value, lowest, highest], ...]; of a secret only whether there is one."""
    begin = "["
    for key, kind, _, low, high, secret in load(_VALUES).rows("S"):
        value = wishes.get(key, getattr(settings, key))
        kind = "secret" if secret else {str: "str", int: "int", bool: "bool"}[kind]
        if secret:
            value = value != ""
        yield (begin + json.dumps([key, kind, value, low, high])).encode()
        begin = ",\n"
    yield b"]"


def _set(web: "Listener", values: dict) -> tuple:
    charger = web.charger
    settings = charger.settings
    table = [row[:5] for row in load(_VALUES).rows("S") if row[0] in values]

    def kept(key: str) -> object:
        """What the charger has; the network only where it is what changes."""
        if key == "network":
            if [name for name in values if name[:4] in ("wifi", "ppp_")]:
                return read_json("hardware.json").get(key, "wifi")
            return ""
        return getattr(settings, key)

    wrong = load("firmware.provisioning.rules").check(values, table, kept, charger.board.pins)
    if not wrong and "web_password" in values:
        try:
            kept_password = load("firmware.storage.password").stored(values["web_password"])
            values["web_password"] = kept_password
        except SettingError as error:
            wrong["web_password"] = str(error).partition(": ")[2]
    if wrong:
        web.door.refused += 1
    elif values:
        wishes = read_json(_WISHES)
        wishes.update(values)
        try:
            write_json(_WISHES, wishes)
        except OSError:
            return web.code.refuse(web, 503, "the flash did not take it: try again")
        charger.log.info("web", "%s set by the page", ", ".join(values))
    return 200, _JSON, json.dumps({"errors": wrong}).encode()
