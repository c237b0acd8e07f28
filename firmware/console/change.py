"""At the prompt: settings, hardware options and OCPP keys. Secrets are never shown."""

import gc

from firmware.errors import SettingError
from firmware.on_demand import load
from firmware.storage.files import read_json, write_json

_SETTINGS = "firmware.settings"
_OPTIONS = "firmware.board.options"
_KEYS = "firmware.ocpp.key_table"
_HARDWARE_FILE = "hardware.json"  # of options.py
_KEY, _ACCESS, _DEFAULT = 0, 1, 2


def settings(charger: "Charger", key: str = "", value: object = None) -> None:
    """All settings, or whatever has `key` in its name; with a value: set that one.

    SettingError: there is no such key, or the value does not fit; nothing was changed.
    """
    if value is not None:
        _set(charger, key, value)
        return
    word = key.lower()
    count = 0
    for rows, name in (
        (_of_settings, "settings"),
        (_of_options, "hardware-options"),
        (_of_keys, "configuration-keys"),
    ):
        try:
            count += _print(rows(charger, word))
        except MemoryError:
            print("(too little memory for the table of docs/%s.md)" % name)
        gc.collect()  # each table is large: one at a time
    if not count:
        raise SettingError("%s: no setting has that in its name" % key)


def _print(rows: "Iterator") -> int:
    count = 0
    for name, shown in rows:
        print("%-34s %s" % (name, shown))
        count += 1
    return count


def _of_settings(charger: "Charger", word: str) -> "Iterator":
    module = load(_SETTINGS)
    for row in module.FIELDS:
        name = row[0]
        if word in name:
            yield name, _shown(name in module.SECRETS, getattr(charger.settings, name), row[2])


def _of_options(charger: "Charger", word: str) -> "Iterator":
    """Without a word only those that were chosen: the table is too large to look at all."""
    stored = read_json(_HARDWARE_FILE)
    if not word:
        for name in sorted(stored):
            yield name, str(stored[name])
        return
    for row in load(_OPTIONS).fields():
        name = row[0]
        if word in name:
            yield name, _shown(False, stored.get(name, row[2]), row[2])


def _of_keys(charger: "Charger", word: str) -> "Iterator":
    keys = charger.keys
    changed = keys.dump()
    for piece in load(_KEYS).TABLE:
        for line in piece.strip().split("\n"):
            row = line.split()
            name = row[0]
            if (word in name.lower()) if word else name in changed:
                value = changed.get(name, "" if row[3] == "-" else row[3])
                yield name, _shown("R" not in row[1], value, "" if row[3] == "-" else row[3])


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
    module = load(_SETTINGS)
    if key not in [row[0] for row in module.FIELDS]:
        return False
    before = getattr(charger.settings, key)
    module.change(charger.settings, key, value)
    try:
        write_json(module.SETTINGS_FILE, module.dump(charger.settings))
    except OSError:
        setattr(charger.settings, key, before)
        raise
    return True


def _set_option(key: str, value: object) -> bool:
    module = load(_OPTIONS)
    for row in module.fields():
        if row[0] == key:
            value = load(_SETTINGS).convert(row, value)
            stored = read_json(module.HARDWARE_FILE)
            stored[key] = value
            write_json(module.HARDWARE_FILE, stored)
            return True
    return False
