"""The charger's settings: one table; load, check, save.

Each row of `FIELDS` is key, type, default, lowest, highest (for text: shortest and longest); the
comment behind it is its meaning. Only what differs from the default is stored.
Secrets are in `SECRETS`: they are stored, but never shown.
"""

from firmware import on_demand
from firmware.errors import SettingError
from firmware.storage.files import remove, write_json
from firmware.storage.json_files import read_json
from firmware.values import convert

SETTINGS_FILE = "settings.json"
KEYS_FILE = "ocpp.json"
WISHES_FILE = "set.json"  # from the bench or a provisioning tool, taken once

FIELDS = (
    # central system
    ("csms_url", str, "ws://127.0.0.1:9000/steve/websocket/CentralSystemService", 0, 200),
    # ^ base URL of the central system, ws:// or wss://; the charge box id is appended
    ("charge_box_id", str, "RIVOT_100A_01", 1, 48),  # identity at the central system
    ("authorization_key", str, "", 0, 40),  # password of HTTP Basic auth, "" = none
    ("ca_file", str, "ca.der", 0, 64),  # root certificates for wss://, PEM or DER
    ("client_cert_file", str, "", 0, 64),  # client certificate for wss://, DER or PEM
    ("client_key_file", str, "", 0, 64),  # and its private key
    ("tls_insecure", bool, False, 0, 1),  # wss:// without checking the server: tests only
    ("boot_on_reconnect", bool, True, 0, 1),  # BootNotification on every reconnect (the guide)
    ("heartbeat_follows_boot", bool, True, 0, 1),
    # ^ heartbeat = the smaller of HeartbeatInterval and the boot answer's interval (the guide)
    ("max_message_bytes", int, 8192, 1024, 65536),  # longest message taken from the server
    # identity in BootNotification
    ("charge_point_model", str, "Rivot Charger", 1, 20),  # chargePointModel
    ("charge_point_vendor", str, "Rivot Motors", 1, 20),  # chargePointVendor
    ("serial_number", str, "", 0, 25),  # chargePointSerialNumber, sent when set
    ("firmware_version", str, "", 0, 50),  # firmwareVersion, sent when set
    # network
    ("wifi_ssid", str, "", 0, 32),  # network to join
    ("wifi_password", str, "", 0, 63),  # and its password
    ("ppp_apn", str, "", 0, 63),  # access point name of the mobile network
    ("ppp_user", str, "", 0, 63),  # name for PAP or CHAP
    ("ppp_password", str, "", 0, 63),  # and its password
    ("setup_after_s", int, 900, 0, 86_400),
    # ^ so long without network, then the access point opens; 0: never, but for the button
    ("ap_password", str, "", 0, 63),  # of the access point, 8 or more; "" = the charger makes one
    # local start and stop
    ("button_id_tag", str, "BUTTON", 0, 20),  # idTag of the start button, "" = it only stops
    ("resume_after_power_cut", bool, False, 0, 1),  # go on when power is back and the gun still in
    # the charger's page (docs/dashboard.md)
    ("web_port", int, 80, 0, 65_535),  # port of the charger's page, 0: there is none
    ("web_password", str, "", 0, 120),
    # ^ 8 to 63 bytes, stored stretched; "" = nobody can log in, the public screen alone is shown
    ("web_token", str, "", 0, 64),  # Bearer token of /metrics, /status.json; "" = none
    ("web_tag", str, "", 0, 20),  # idTag of start and stop on the page, "" = neither
    # updates (docs/updates.md)
    ("update_downgrade", bool, False, 0, 1),  # take an older firmware as well
    ("update_trial_min", int, 15, 1, 1440),  # minutes a new one has to reach the server
    ("update_offline_confirms", bool, False, 0, 1),  # after them it stays even without server
    # power: a setting can only be stricter than the board's rating
    ("max_current_ma", int, 100_000, 1_000, 100_000),  # station limit
    ("max_voltage_mv", int, 85_500, 56_000, 85_500),  # station limit
    ("battery_min_mv", int, 56_000, 20_000, 85_500),  # below it there is no battery of ours
    ("match_mv", int, 2_000, 500, 2_000),  # module to battery before closing (or 3 %, if more)
    ("precharge_ms", int, 20_000, 2_000, 20_000),  # time for that
    ("discharge_ms", int, 5_000, 1_000, 120_000),
    # ^ output below 60 V after a stop; within half of it, 5 V below the battery (weld check)
    ("end_of_charge_ma", int, 3_000, 0, 10_000),
    # ^ less than this for 60 s at the voltage limit: full; 0: only the BMS says so
    ("ramp_ma_per_s", int, 20_000, 1_000, 20_000),  # how fast the current rises
    ("module_max_c10", int, 700, 300, 700),  # power module too hot, 0.1 degC
    ("gun_max_c10", int, 900, 400, 900),  # connector too hot, 0.1 degC
    ("bms_timeout_ms", int, 3_000, 500, 5_000),  # silence of the BMS that stops a session
    ("module_timeout_ms", int, 3_000, 500, 3_000),  # silence of the module that is a fault
    ("bms_pause_ms", int, 10_000, 0, 3_600_000),  # pause of the BMS that ends a session
    # hardware of the board
    ("mcp2515_crystal_hz", int, 8_000_000, 8_000_000, 16_000_000),  # crystal beside the MCP2515
    ("watchdog_ms", int, 30_000, 0, 120_000),  # 0 = off (bench only)
    ("log_level", int, 1, 0, 3),  # 0 debug, 1 info, 2 warnings, 3 errors
    ("log_file_level", int, 2, 0, 3),  # the same for the log on flash (docs/console.md)
)
SECRETS = (
    "authorization_key",
    "wifi_password",
    "ppp_password",
    "ap_password",
    "web_password",
    "web_token",
)
KEY, TYPE, DEFAULT, LOW, HIGH = range(5)


def _field(key: str) -> "tuple | None":
    for field in FIELDS:
        if field[KEY] == key:
            return field
    return None


class Settings:
    """All settings as attributes (`settings.csms_url`); the values only, so that they can stay."""


def defaults() -> Settings:
    """A charger nobody has set anything on."""
    settings = Settings()
    for field in FIELDS:
        setattr(settings, field[KEY], field[DEFAULT])
    return settings


def change(settings: Settings, key: str, value: object) -> None:
    """Set one setting in memory; SettingError (nothing changed) when key or value is wrong."""
    field = _field(key)
    if field is None:
        raise SettingError("%s: no such setting" % key)
    value = convert(field, value)
    if key == "web_password":
        value = on_demand.load("firmware.storage.password").stored(value)
    setattr(settings, key, value)


def dump(settings: Settings) -> dict:
    """What differs from the defaults, to be stored."""
    changed = {}
    for field in FIELDS:
        value = getattr(settings, field[KEY])
        if value != field[DEFAULT]:
            changed[field[KEY]] = value
    return changed


def load(keys: "Keys", log: "Log", taken: "list | tuple" = ()) -> Settings:
    """Settings and OCPP keys as stored, then what the bench or provisioning wishes (once).

    A value that does not fit is reported and left at its default. Wishes for the keys `taken` are
    somebody else's.
    """
    settings = defaults()
    for key, value in read_json(SETTINGS_FILE).items():
        _take(settings, key, value, log)
    for key in keys.load(read_json(KEYS_FILE)):
        log.error("settings", "%s: what is stored does not fit; ignored", key)
    wishes = read_json(WISHES_FILE)
    for key, value in wishes.items():
        if key in taken:
            continue
        if _field(key):
            _take(settings, key, value, log)
        elif keys.set(key, str(value)) not in ("Accepted", "RebootRequired"):
            # The value is not shown: it may be a password.
            log.error("settings", "%s: unknown, or its value does not fit", key)
    if wishes:
        _store(settings, keys, log)
    log.level = settings.log_level
    log.file_level = settings.log_file_level
    return settings


def _store(settings: Settings, keys: "Keys", log: "Log") -> None:
    try:
        write_json(SETTINGS_FILE, dump(settings))
        write_json(KEYS_FILE, keys.dump())
        remove(WISHES_FILE)
    except OSError as error:  # the wishes count for now and are stored at the next start
        log.error("settings", "not stored: %s", error)


def _take(settings: Settings, key: str, value: object, log: "Log") -> None:
    try:
        change(settings, key, value)
    except SettingError as error:
        log.error("settings", "%s; ignored", error)
