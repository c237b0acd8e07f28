"""The OCPP configuration keys: one table; get, set, list, store.

GetConfiguration, ChangeConfiguration, the file on flash and the docs are all made from `TABLE`.
Only what differs from the default is stored, and it is stored before the server hears "Accepted".
"""

from micropython import const

from firmware.on_demand import load

# Columns: key, access, type, default, lowest and highest (of a text or list: its length), meaning
# in the docs. Access: R and W as in OCPP, B takes effect after a reboot. Types: bool, int, text,
# data (a list of measurands) and phases. "-" is an empty text. One text, because 33 tuples take
# twice the RAM. A profile that is built in adds its keys and its name here.
TABLE = """
AllowOfflineTxForUnknownId RW bool false
AuthorizationCacheEnabled RW bool true
AuthorizationKey W text - 16 40
AuthorizeRemoteTxRequests RW bool false
ClockAlignedDataInterval RW int 0 0 86400 s
ConnectionTimeOut RW int 60 1 86400 s
ConnectorPhaseRotation RW phases 1.NotApplicable 0 2
ConnectorPhaseRotationMaxLength R int 2
GetConfigurationMaxKeys R int 60
HeartbeatInterval RW int 60 1 86400 s
LocalAuthorizeOffline RW bool true
LocalPreAuthorize RW bool false
MaxEnergyOnInvalidId RW int 0 0 1000000 Wh
MeterValueSampleInterval RW int 10 0 86400 s
MeterValuesAlignedData RW data Energy.Active.Import.Register 0 7
MeterValuesAlignedDataMaxLength R int 7
MeterValuesSampledData RW data \
Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import 0 7
MeterValuesSampledDataMaxLength R int 7
MinimumStatusDuration RW int 0 0 3600 s
NumberOfConnectors R int 1
ResetRetries RW int 1 0 10
StopTransactionOnEVSideDisconnect RW bool true
StopTransactionOnInvalidId RW bool true
StopTxnAlignedData RW data - 0 7
StopTxnAlignedDataMaxLength R int 7
StopTxnSampledData RW data - 0 7
StopTxnSampledDataMaxLength R int 7
SupportedFeatureProfiles R text Core,RemoteTrigger
SupportedFeatureProfilesMaxLength R int 6
TransactionMessageAttempts RW int 3 1 100
TransactionMessageRetryInterval RW int 60 0 86400 s
UnlockConnectorOnEVSideDisconnect R bool false
WebSocketPingInterval RW int 0 0 3600 s
"""
MAX_KEYS = 60  # GetConfigurationMaxKeys
_KEY = const(0)
_ACCESS = const(1)
_TYPE = const(2)
_DEFAULT = const(3)


class Keys:
    """The values. `store(dict)` puts `dump()` on flash and raises OSError when it cannot.

    `changed`, when set, is called with the name of each key that a server has changed.
    """

    def __init__(self, store: "Callable") -> None:
        self._store = store
        self._texts = {}  # what differs from the default, as text
        self._values = {}  # what was asked for, typed
        self.changed = None

    def get(self, key: str) -> "Any":
        """The typed value of a key in its own spelling; KeyError when there is no such key."""
        if key not in self._values:
            row = find(key)
            if not row:
                raise KeyError(key)
            text = self.text(row)
            if row[_TYPE] == "bool":
                self._values[key] = text == "true"
            else:
                self._values[key] = int(text) if row[_TYPE] == "int" else text
        return self._values[key]

    def text(self, row: "list[str]") -> str:
        """The value of a row of `TABLE` as GetConfiguration shows it."""
        return self._texts.get(row[_KEY], row[_DEFAULT] if row[_DEFAULT] != "-" else "")

    def set(self, key: str, text: str) -> str:
        """A server's wish: the status for ChangeConfiguration. Not Accepted: nothing changed."""
        row = find(key)
        if not row:
            return "NotSupported"
        before = dict(self._texts)
        try:
            self._put(row, text)
            if self._texts != before:
                self._store(self.dump())
        except (OSError, ValueError):
            self._texts = before
            return "Rejected"
        self._values.pop(row[_KEY], None)
        if self.changed:
            self.changed(row[_KEY])
        return "RebootRequired" if "B" in row[_ACCESS] else "Accepted"

    def _put(self, row: "list[str]", text: str) -> None:
        text = load("firmware.ocpp.key_check").checked(row, text)
        self._texts.pop(row[_KEY], None)
        if text != self.text(row):
            self._texts[row[_KEY]] = text

    def load(self, stored: dict) -> "list[str]":
        """Take what `dump` gave, before anything is asked for; answers what does not fit."""
        refused = []
        for key, value in stored.items():
            row = find(key)
            try:
                self._put(row, str(value))
            except (ValueError, IndexError):
                refused.append(key)
        return refused

    def dump(self) -> dict:
        """What differs from the defaults, to be stored."""
        return dict(self._texts)


def rows() -> "Iterator":
    """The words of every row."""
    at = 1
    while at < len(TABLE):
        end = TABLE.find("\n", at)
        yield TABLE[at:end].split()
        at = end + 1


def find(key: str) -> "list[str]":
    """The words of a key's row, [] when there is none. OCPP compares keys without case."""
    at = TABLE.find("\n" + key + " ")
    if at < 0:
        at = TABLE.lower().find("\n" + key.lower() + " ")
    if at < 0 or " " in key or "\n" in key:
        return []
    return TABLE[at + 1 : TABLE.find("\n", at + 1)].split()
