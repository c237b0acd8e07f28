"""What a charger can be set up with: checks whole sets of values, for the page and for the PC.

Beyond type and range this knows what each value must look like, and what belongs together.
"""

from micropython import const

from firmware.errors import SettingError
from firmware.on_demand import load
from firmware.values import convert

_WPA_SHORTEST = const(8)
_KEY = const(0)


def check(values: dict, table: "Iterable", stored: "Callable", pins: bytes) -> dict:
    """{key: why not} for what of `values` cannot be; {} when all is well.

    `table` has the rows of what may be set (values.py); `stored(key)` is what the charger has
    now, for what is not among the values; `pins` are the GPIOs that the board uses already.
    """
    wrong = {}
    fields = {}
    for field in table:
        if field[_KEY] in values:
            fields[field[_KEY]] = field
    for key in values:
        try:
            if key not in fields:
                raise SettingError("no such setting")
            convert(fields[key], values[key])
            why = _more(key, values[key])
        except SettingError as error:
            why = str(error)
            if why[: len(key) + 2] == key + ": ":
                why = why[len(key) + 2 :]
        if why:
            wrong[key] = why
    _together(values, stored, pins, wrong)
    return wrong


def _more(key: str, value: object) -> str:
    """What one value must be besides its range; "" when it is."""
    if key == "csms_url":
        return _url(value)
    if key == "charge_box_id":
        for letter in value:
            if not "!" <= letter <= "~" or letter in "/?#%\\":
                return "letters, digits and _ - . : only, no blanks"
    if key in ("wifi_password", "ap_password") and 0 < len(value) < _WPA_SHORTEST:
        return "8 characters or more wanted"
    if key in ("ppp_apn", "ppp_user", "ppp_password"):
        for letter in value:
            if not " " <= letter <= "~" or letter == '"':
                return "plain letters, digits and signs only, no quotes"
    return ""


def _url(url: str) -> str:
    scheme, colon, rest = url.partition("://")
    if not colon or scheme not in ("ws", "wss"):
        return "an address like ws://host:port/path or wss://host/path wanted"
    host = rest.split("/")[0]
    for letter in url:
        if not "!" <= letter <= "~":
            return "no blanks and no letters beyond ASCII"
    if "@" in host:
        return "the password has a field of its own: authorization_key"
    name, colon, port = host.rpartition(":") if host[-1:] != "]" else (host, "", "")
    if not colon:
        name, port = host, "80"
    if not name:
        return "the server's name or address is missing"
    if not port.isdigit() or not 0 < int(port) < 65536:
        return "the port is a number from 1 to 65535"
    return ""


def _together(values: dict, stored: "Callable", pins: bytes, wrong: dict) -> None:
    def value(key: str) -> object:
        return values[key] if key in values else stored(key)

    kind = value("network")
    if kind == "wifi" and not value("wifi_ssid"):
        wrong.setdefault("wifi_ssid", "the network's name is wanted")
    if kind == "ppp" and not value("ppp_apn"):
        wrong.setdefault("ppp_apn", "the mobile network's access point name is wanted")
    if kind == "lan":
        taken = []
        for pin in load("firmware.net.lan").RMII.split(","):
            number = pin.partition(" ")[0]
            if int(number) in pins:
                taken.append(number)
        if taken:
            wrong.setdefault(
                "network", "a LAN8720 needs GPIO %s, which this board uses" % ", ".join(taken)
            )
