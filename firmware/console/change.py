"""At the prompt: settings, hardware options and OCPP keys. Secrets are never shown."""

from firmware.errors import SettingError
from firmware.on_demand import load
from firmware.storage.files import write_json
from firmware.storage.json_files import read_json
from firmware.values import convert, rows
from firmware.values import row as field

_SETTINGS_FILE = "settings.json"
_HARDWARE_FILE = "hardware.json"


def settings(charger: "Charger", key: str = "", value: object = None) -> None:
    """All settings, or whatever has `key` in its name; with a value: set that one.

    SettingError: there is no such key, or the value does not fit; nothing was changed.
    """
    if value is not None:
        _set(charger, key, value)
        return
    word = key.lower()
    stored = read_json(_HARDWARE_FILE)
    changed = charger.keys.dump()
    count = 0
    for table in "SHK":
        for name, _, default, _, _, secret in rows(table):
            if word not in name.lower():
                continue
            if not word and table != "S" and name not in stored and name not in changed:
                continue  # of options and keys only what is not as it was: there are many
            if table == "S":
                kept = getattr(charger.settings, name)
            else:
                kept = (stored if table == "H" else changed).get(name, default)
            print("%-34s %s" % (name, _shown(secret, kept, default)))
            count += 1
    if not count:
        raise SettingError("%s: no setting has that in its name" % key)


def _shown(secret: bool, value: object, default: object) -> str:
    if secret:
        return "(set, not shown)" if value else "(not set)"
    text = str(value) if value != "" else "(empty)"
    return text if value == default else "%s   (default %s)" % (text, default)


def _set(charger: "Charger", key: str, value: object) -> None:
    if not (_set_setting(charger, key, value) or _set_option(key, value)):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        said = charger.keys.set(key, text)
        if said == "NotSupported":
            raise SettingError("%s: no such setting; charger.settings() shows them" % key)
        if said == "Rejected":
            raise SettingError("%s: the value does not fit, or cannot be stored" % key)
    charger.log.info("app", "%s set at the console", key)
    print("%s is stored; charger.run() makes it count" % key)


def _set_setting(charger: "Charger", key: str, value: object) -> bool:
    """False: there is no such key. Raises SettingError, and OSError when flash refuses."""
    row = field("S", key)
    if not row:
        return False
    value = convert(row[:5], value)
    if key == "web_password":
        value = load("firmware.storage.password").stored(value)
    stored = read_json(_SETTINGS_FILE)
    stored[key] = value
    if value == row[2]:
        del stored[key]
    write_json(_SETTINGS_FILE, stored)
    setattr(charger.settings, key, value)
    return True


def _set_option(key: str, value: object) -> bool:
    row = field("H", key)
    if not row:
        return False
    stored = read_json(_HARDWARE_FILE)
    stored[key] = convert(row[:5], value)
    write_json(_HARDWARE_FILE, stored)
    return True
