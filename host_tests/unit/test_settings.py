"""Settings: what is stored, what is wished for once, and what is refused."""

import json

import pytest

from firmware import settings as module
from firmware.errors import SettingError
from firmware.ocpp.keys import Keys
from firmware.settings import FIELDS, SECRETS, change, defaults, dump, load
from firmware.storage.files import JsonFile
from host_tests.unit.services.station_bench import Log

DEFAULTS = vars(defaults())


class Chip:
    """A folder as flash; each `start` is a power-up."""

    def __init__(self, path):
        self.path = path
        self.log = Log()

    def put(self, name, value):
        text = value if isinstance(value, str) else json.dumps(value)
        (self.path / name).write_text(text)

    def get(self, name):
        return json.loads((self.path / name).read_text())

    def start(self):
        self.log = Log()
        self.keys = Keys(JsonFile(module.KEYS_FILE).write)
        return load(self.keys, self.log)


@pytest.fixture
def chip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Chip(tmp_path)


def test_a_new_charger_has_the_defaults_and_writes_nothing(chip):
    assert vars(chip.start()) == DEFAULTS
    assert list(chip.path.iterdir()) == []
    assert chip.log.lines == []


def test_defaults_fit_their_own_limits():
    for field in FIELDS:
        assert module.convert(field, field[module.DEFAULT]) == field[module.DEFAULT]


@pytest.mark.parametrize(
    "key, value, wanted",
    [
        ("max_current_ma", 30_000, 30_000),
        ("max_current_ma", "30000", 30_000),
        ("tls_insecure", True, True),
        ("tls_insecure", "Yes", True),
        ("boot_on_reconnect", "off", False),
        ("boot_on_reconnect", 0, False),
        ("charge_box_id", "X", "X"),
        ("authorization_key", "", ""),
    ],
)
def test_values_and_texts_become_the_settings_type(key, value, wanted):
    settings = defaults()
    change(settings, key, value)
    assert getattr(settings, key) == wanted and type(getattr(settings, key)) is type(wanted)


@pytest.mark.parametrize(
    "key, value",
    [
        ("max_current_ma", 100_001),
        ("max_current_ma", 999),
        ("max_current_ma", True),
        ("max_current_ma", 50_000.5),
        ("max_current_ma", "many"),
        ("max_current_ma", None),
        ("max_current_ma", [1]),
        ("bms_timeout_ms", -1),
        ("tls_insecure", "maybe"),
        ("tls_insecure", None),
        ("tls_insecure", 2),
        ("charge_box_id", ""),
        ("charge_box_id", 5),
        ("charge_box_id", "x" * 49),
        ("charge_box_id", "é" * 25),  # bytes count, not characters
        ("charge_box_id", {"a": 1}),
        ("no_such_thing", 1),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(key, value):
    settings = defaults()
    with pytest.raises(SettingError, match=key):
        change(settings, key, value)
    assert vars(settings) == DEFAULTS


def test_only_what_differs_is_stored():
    settings = defaults()
    change(settings, "max_current_ma", 50_000)
    change(settings, "log_level", settings.log_level)
    assert dump(settings) == {"max_current_ma": 50_000}


def test_bad_lines_of_the_stored_file_are_told_and_the_rest_counts(chip):
    chip.put("settings.json", {"max_current_ma": "a lot", "old_name": 1, "serial_number": "S1"})
    settings = chip.start()
    assert settings.serial_number == "S1"
    assert settings.max_current_ma == DEFAULTS["max_current_ma"]
    assert sorted(line.split(":")[0] for line in chip.log.errors()) == [
        "max_current_ma",
        "old_name",
    ]


@pytest.mark.parametrize("text", ["{", "[1]", "null", "7", '"x"', "\x00\x01"])
def test_a_file_that_is_no_object_is_set_aside(chip, text):
    chip.put("settings.json", text)
    assert vars(chip.start()) == DEFAULTS
    assert (chip.path / "settings.json.bad").read_text() == text


def test_wishes_are_taken_once_and_kept(chip):
    chip.put("settings.json", {"serial_number": "S1"})
    chip.put("set.json", {"max_current_ma": "40000", "MeterValueSampleInterval": 30})
    settings = chip.start()
    assert (settings.max_current_ma, settings.serial_number) == (40_000, "S1")
    assert chip.keys.get("MeterValueSampleInterval") == 30
    assert not (chip.path / "set.json").exists()
    assert chip.get("settings.json") == {"max_current_ma": 40_000, "serial_number": "S1"}
    assert chip.get("ocpp.json") == {"MeterValueSampleInterval": "30"}
    chip.keys.set("MeterValueSampleInterval", "60")
    assert chip.start().max_current_ma == 40_000
    assert chip.keys.get("MeterValueSampleInterval") == 60, "the wish came a second time"


@pytest.mark.parametrize("fails_at", ["settings.json", "ocpp.json"])
def test_wishes_stay_until_both_files_are_written(chip, monkeypatch, fails_at):
    chip.put("set.json", {"max_current_ma": 40_000, "HeartbeatInterval": 77})
    write = module.write_json

    def failing(path, value):
        if path == fails_at:
            raise OSError(28)
        write(path, value)

    monkeypatch.setattr(module, "write_json", failing)
    assert chip.start().max_current_ma == 40_000, "they count all the same"
    assert "not stored" in chip.log.errors()[-1]
    assert (chip.path / "set.json").exists()
    monkeypatch.undo()
    monkeypatch.chdir(chip.path)
    assert chip.start().max_current_ma == 40_000
    assert chip.keys.get("HeartbeatInterval") == 77
    assert not (chip.path / "set.json").exists()


def test_wrong_wishes_are_told_once_and_the_others_taken(chip):
    chip.put(
        "set.json",
        {"nonsense": 1, "HeartbeatInterval": "soon", "max_voltage_mv": 1, "log_level": 3},
    )
    settings = chip.start()
    assert settings.log_level == chip.log.level == 3
    assert settings.max_voltage_mv == DEFAULTS["max_voltage_mv"]
    assert len(chip.log.errors()) == 3
    chip.start()
    assert chip.log.lines == []


def test_stored_keys_that_do_not_fit_are_told(chip):
    chip.put("ocpp.json", {"HeartbeatInterval": "-5", "NoSuchKey": "1", "ConnectionTimeOut": "90"})
    chip.start()
    assert chip.keys.get("ConnectionTimeOut") == 90
    assert len(chip.log.errors()) == 2


def test_secrets_are_never_shown(chip):
    secret = "hunter2!" * 20  # too long for every field
    wrong = len(SECRETS) + 1
    for name, told in (("settings.json", wrong), ("set.json", 2 * wrong)):
        chip.put(name, {**dict.fromkeys(SECRETS, secret), "wifi_pasword": secret})
        chip.start()
        assert len(chip.log.errors()) == told
        assert not [line for _, line in chip.log.lines if "hunter2" in line]
    chip.put("set.json", {"AuthorizationKey": secret})
    chip.start()
    assert chip.log.errors() and "hunter2" not in str(chip.log.lines)
