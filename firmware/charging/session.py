"""The record of one charging session (OCPP: transaction), opened and closed by the core.

It holds numbers only; messages are made from it elsewhere.
"""

from micropython import const

_MAX_MS = const(1 << 29)  # six days: the duration stops counting there


class Session:
    """The present or the last session; reused, so that opening one allocates nothing."""

    def __init__(self) -> None:
        self.open = False
        self.txn = 0  # the charger's own number of the transaction, 0 = there was none
        self.id_tag = ""
        self.start_wh = 0
        self.duration_ms = 0
        self.energy_mwh = 0
        self.allowed_mwh = -1  # no more than this may flow, then it is held; -1 = no limit
        self.soc_c100 = -1  # the last one known, 0.01 %
        self.reason = ""  # OCPP stop reason, set when it is closed
        self.stop_id_tag = ""

    def begin(self, txn: int, id_tag: str, start_wh: int) -> None:
        """Open the session under local number `txn`; `start_wh` is the lifetime register."""
        self.open = True
        self.txn = txn
        self.id_tag = id_tag
        self.start_wh = start_wh
        self.duration_ms = 0
        self.energy_mwh = 0
        self.allowed_mwh = -1
        self.soc_c100 = -1
        self.reason = ""
        self.stop_id_tag = ""

    def held(self) -> bool:
        """Has it taken all that it may: no more power until it ends."""
        return 0 <= self.allowed_mwh <= self.energy_mwh

    def end(self, reason: str, id_tag: str = "") -> None:
        """Close it; the first reason stays."""
        if self.open:
            self.open = False
            self.reason = reason
            self.stop_id_tag = id_tag

    def tick(self, dt_ms: int, energy_mwh: int, soc_c100: int) -> None:
        """Follow the meter and the vehicle while the session is open."""
        if self.duration_ms < _MAX_MS:
            self.duration_ms += dt_ms
        self.energy_mwh = energy_mwh
        if soc_c100 >= 0:
            self.soc_c100 = soc_c100
