"""The OCPP configuration keys: one table; get, set, list, store.

GetConfiguration, ChangeConfiguration, the file on flash and the docs are all made from `TABLE`.
Only what differs from the default is stored, and it is stored before the server hears "Accepted".
"""

from micropython import const

from .messages import MEASURANDS

_NAMES = tuple([row[1] for row in MEASURANDS])
_FIVE = ",".join(_NAMES[:5])  # the guide's five, in its order
_ENERGY = _NAMES[0]
_PHASES = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
_DAY = const(86400)
_MAX_VALUE = const(500)  # OCPP 1.6 6.8
MAX_KEYS = const(60)  # more than there are rows

# Keys of an optional profile exist when the profile does; the letter stands in the last column.
PROFILES = (
    ("C", "Core"),
    ("F", "FirmwareManagement"),
    ("L", "LocalAuthListManagement"),
    ("R", "Reservation"),
    ("S", "SmartCharging"),
    ("T", "RemoteTrigger"),
)

# key, access, default (its type is the key's), lowest, highest, profile. Access: R and W as in
# OCPP, B: takes effect after a reboot. For text: shortest and longest, or a tuple of what a
# comma-separated list may hold and how many of these.
TABLE = (
    ("AllowOfflineTxForUnknownId", "RW", False, 0, 1, "C"),
    ("AuthorizationCacheEnabled", "RW", True, 0, 1, "C"),
    ("AuthorizationKey", "W", "", 16, 40, "C"),  # password; 32 to 40 hex digits stand for bytes
    ("AuthorizeRemoteTxRequests", "RW", False, 0, 1, "C"),
    ("ClockAlignedDataInterval", "RW", 0, 0, _DAY, "C"),  # s, 0 = off
    ("ConnectionTimeOut", "RW", 60, 1, _DAY, "C"),  # s
    ("ConnectorPhaseRotation", "RW", "1.NotApplicable", _PHASES, 2, "C"),
    ("ConnectorPhaseRotationMaxLength", "R", 2, 0, 0, "C"),
    ("GetConfigurationMaxKeys", "R", MAX_KEYS, 0, 0, "C"),
    ("HeartbeatInterval", "RW", 60, 1, _DAY, "C"),  # s
    ("LocalAuthorizeOffline", "RW", True, 0, 1, "C"),
    ("LocalPreAuthorize", "RW", False, 0, 1, "C"),
    ("MaxEnergyOnInvalidId", "RW", 0, 0, 1_000_000, "C"),  # Wh
    ("MeterValueSampleInterval", "RW", 10, 0, _DAY, "C"),  # s, 0 = off
    ("MeterValuesAlignedData", "RW", _ENERGY, _NAMES, 7, "C"),
    ("MeterValuesAlignedDataMaxLength", "R", 7, 0, 0, "C"),
    ("MeterValuesSampledData", "RW", _FIVE, _NAMES, 7, "C"),
    ("MeterValuesSampledDataMaxLength", "R", 7, 0, 0, "C"),
    ("MinimumStatusDuration", "RW", 0, 0, 3600, "C"),  # s
    ("NumberOfConnectors", "R", 1, 0, 0, "C"),
    ("ResetRetries", "RW", 1, 0, 10, "C"),
    ("StopTransactionOnEVSideDisconnect", "RW", True, 0, 1, "C"),
    ("StopTransactionOnInvalidId", "RW", True, 0, 1, "C"),
    ("StopTxnAlignedData", "RW", "", _NAMES, 7, "C"),
    ("StopTxnAlignedDataMaxLength", "R", 7, 0, 0, "C"),
    ("StopTxnSampledData", "RW", "", _NAMES, 7, "C"),
    ("StopTxnSampledDataMaxLength", "R", 7, 0, 0, "C"),
    ("SupportedFeatureProfiles", "R", "", 0, _MAX_VALUE, "C"),  # made from the profiles built in
    ("SupportedFeatureProfilesMaxLength", "R", 6, 0, 0, "C"),
    ("TransactionMessageAttempts", "RW", 3, 1, 100, "C"),
    ("TransactionMessageRetryInterval", "RW", 60, 0, _DAY, "C"),  # s, times the attempts made
    ("UnlockConnectorOnEVSideDisconnect", "R", False, 0, 1, "C"),  # the cable is fixed
    ("WebSocketPingInterval", "RW", 0, 0, 3600, "C"),  # s, 0 = off: heartbeats keep the line
    ("SupportedFileTransferProtocols", "R", "HTTP,HTTPS", 0, _MAX_VALUE, "F"),
    ("LocalAuthListEnabled", "RW", True, 0, 1, "L"),
    ("LocalAuthListMaxLength", "R", 500, 0, 0, "L"),
    ("SendLocalListMaxLength", "R", 50, 0, 0, "L"),
    ("ReserveConnectorZeroSupported", "R", True, 0, 1, "R"),
    ("ChargeProfileMaxStackLevel", "R", 8, 0, 0, "S"),
    ("ChargingScheduleAllowedChargingRateUnit", "R", "Current,Power", 0, _MAX_VALUE, "S"),
    ("ChargingScheduleMaxPeriods", "R", 24, 0, 0, "S"),
    ("ConnectorSwitch3to1PhaseSupported", "R", False, 0, 1, "S"),
    ("MaxChargingProfilesInstalled", "R", 10, 0, 0, "S"),
)
KEY, ACCESS, DEFAULT, LOW, HIGH, PROFILE = range(6)


def convert(row: tuple, text: str) -> "bool | int | str":
    """`text` as the type of `row`, normalised; ValueError when it does not fit."""
    default, low, high = row[DEFAULT], row[LOW], row[HIGH]
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError("true or false wanted")
        return text.lower() == "true"
    if isinstance(default, int):
        value = _whole_number(text)
        if not low <= value <= high:
            raise ValueError("out of range")
        return value
    if len(text) > _MAX_VALUE:
        raise ValueError("too long")
    if isinstance(low, tuple):
        return _list(text, low, high)
    if not low <= len(text) <= high:
        raise ValueError("wrong length")
    return text


def _whole_number(text: str) -> int:
    if not 0 < len(text) < 10:
        raise ValueError("a whole number wanted")
    for digit in text:
        if digit not in "0123456789":
            raise ValueError("a whole number wanted")
    return int(text)


def _list(text: str, allowed: tuple, most: int) -> str:
    """A comma-separated list of `allowed` words, no word twice. Phases: 0.RST or 1.RST."""
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    for index, item in enumerate(items):
        name = item[2:] if allowed is _PHASES and item[:2] in ("0.", "1.") else item
        numbered = allowed is not _PHASES or name != item
        if name not in allowed or not numbered or item in items[:index]:
            raise ValueError("not allowed: " + item[:50])
    if len(items) > most:
        raise ValueError("too many")
    return ",".join(items)


def as_text(value: "bool | int | str") -> str:
    """A typed value as GetConfiguration shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Keys:
    """The values. `store(dict)` puts `dump()` on flash and raises OSError when it cannot.

    `profiles` are the letters of `PROFILES` that this firmware has built in. `changed`, when set,
    is called with the name of each key that a server has changed.
    """

    def __init__(self, store: "Callable", profiles: str = "CT") -> None:
        self._store = store
        self._profiles = profiles
        self._values = {}  # what differs from the default
        self.changed = None

    def _row(self, key: str) -> "tuple | None":
        for row in TABLE:
            if row[KEY] == key and row[PROFILE] in self._profiles:
                return row
        return None

    def find(self, key: str) -> str:
        """The key's own spelling ("" when unknown): OCPP compares keys without case."""
        if self._row(key):
            return key
        key = key.lower()
        for row in TABLE:
            if row[KEY].lower() == key and row[PROFILE] in self._profiles:
                return row[KEY]
        return ""

    def get(self, key: str) -> "bool | int | str":
        """The typed value of a known key; KeyError for any other."""
        if key in self._values:
            return self._values[key]
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        if key == "SupportedFeatureProfiles":
            return ",".join([name for letter, name in PROFILES if letter in self._profiles])
        return row[DEFAULT]

    def set(self, key: str, text: str) -> str:
        """A server's wish: the status for ChangeConfiguration. Not Accepted: nothing changed."""
        key = self.find(key)
        if not key:
            return "NotSupported"
        row = self._row(key)
        if "W" not in row[ACCESS]:
            return "Rejected"
        before = self._values.get(key)
        try:
            self._put(row, text)
            if self._values.get(key) != before:
                self._store(self.dump())
        except (OSError, ValueError):
            self._values.pop(key, None)
            if before is not None:
                self._values[key] = before
            return "Rejected"
        if self.changed:
            self.changed(key)
        return "RebootRequired" if "B" in row[ACCESS] else "Accepted"

    def _put(self, row: tuple, text: str) -> None:
        value = convert(row, text)
        self._values.pop(row[KEY], None)
        if value != row[DEFAULT]:
            self._values[row[KEY]] = value

    def load(self, stored: dict) -> "list[str]":
        """Take what `dump` gave, or a provisioning tool; answers the keys that do not fit."""
        refused = []
        for key, value in stored.items():
            row = self._row(key)
            try:
                if row is None or "W" not in row[ACCESS]:
                    raise ValueError(key)
                self._put(row, str(value))
            except ValueError:
                refused.append(key)
        return refused

    def dump(self) -> dict:
        """What differs from the defaults, to be stored."""
        return dict(self._values)

    def entries(self, wanted: "list[str] | None" = None) -> "Iterator":
        """(key, read-only, value as text) of each known key in `wanted`; None or empty: of all.

        A write-only key is never among all of them, and its value is never told.
        """
        for row in TABLE:
            if not wanted and "R" in row[ACCESS] and row[PROFILE] in self._profiles:
                yield row[KEY], "W" not in row[ACCESS], as_text(self.get(row[KEY]))
        for name in wanted or ():
            key = self.find(name)
            if key:
                access = self._row(key)[ACCESS]
                yield key, "W" not in access, as_text(self.get(key)) if "R" in access else ""
