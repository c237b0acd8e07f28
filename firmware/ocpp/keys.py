"""The OCPP configuration keys: one table; get, set, list, store.

GetConfiguration, ChangeConfiguration, the file on flash and the docs are all made from `TABLE`.
Only what differs from the default is stored, and it is stored before the server hears "Accepted".
"""

from micropython import const

from firmware.on_demand import load

_KEY = const(0)  # columns of key_table.py
_ACCESS = const(1)
_TYPE = const(2)
_DEFAULT = const(3)
_TABLE = "firmware.ocpp.key_table"


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
            row = load(_TABLE).find(key)
            if not row:
                raise KeyError(key)
            self._keep(row)
        return self._values[key]

    def _keep(self, row: "list[str]") -> None:
        text = self.text(row)
        if row[_TYPE] == "bool":
            text = text == "true"
        elif row[_TYPE] == "int":
            text = int(text)
        self._values[row[_KEY]] = text

    def text(self, row: "list[str]") -> str:
        """The value of a row of the table as GetConfiguration shows it."""
        return self._texts.get(row[_KEY], row[_DEFAULT] if row[_DEFAULT] != "-" else "")

    def set(self, key: str, text: str) -> str:
        """A server's wish: the status for ChangeConfiguration. Not Accepted: nothing changed."""
        row = load(_TABLE).find(key)
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
        self._keep(row)
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
        table = load(_TABLE)
        for key, value in stored.items():
            row = table.find(key)
            try:
                self._put(row, str(value))
            except (ValueError, IndexError):
                refused.append(key)
        return refused

    def dump(self) -> dict:
        """What differs from the defaults, to be stored."""
        return dict(self._texts)
