"""The outbox: transaction messages in time order, on flash before they count.

Records are delivered strictly head-first. A transaction that was started offline has no id yet;
its messages carry `@TID@`, which is replaced when they are sent. `state` holds how far delivery
has come and the id of the newest transaction the server knows; it is written after each answer, so
a power cut can repeat the last message, unchanged, and never lose or reorder one.

A message that the server has refused as often as TransactionMessageAttempts says goes to the
dead-letter file with all later ones of a transaction whose start was refused; nothing is thrown
away. The journal and the file functions are handed in.
"""

from firmware.errors import ChargerError
from firmware.on_demand import load

from .messages import TID

_SAMPLE = "sample"
_START = "StartTransaction"
_STOP = "StopTransaction"


class OutboxFull(ChargerError):
    """Flash is full: no new session can be recorded."""


class Outbox:
    """`store` has `read() -> dict`, `write(dict)`, `bury(text)` and `has_room() -> bool`."""

    def __init__(
        self,
        journal: "Journal",
        store: "OutboxStore",
        keys: "Keys",
        log: "Log",
    ) -> None:
        self._journal = journal
        self._store = store
        self._keys = keys
        self._log = log
        state = store.read()
        self._delivered = state.get("seq", 0)
        self._txn = state.get("txn", 0)  # newest transaction with an id, and the id
        self._id = state.get("id", 0)
        self._dead_txn = state.get("dead", 0)
        self._tries = 0
        self._retry_at_s = 0
        self._place = journal.begin()
        self._thinner = None  # while flash is low
        self._head = None  # (seq, action, txn, text, next place)
        self.last_seq = self._delivered
        self._open_txn = 0
        self._summary_txn = 0
        for text in journal.last_records():
            self._note(*_split(text)[:3])
        if state.get("level"):
            self._thinner = store.thinner(self, journal, state["level"])

    def __len__(self) -> int:
        return self.last_seq - self._delivered

    @property
    def oldest_seq(self) -> int:
        """Of the oldest record that is not delivered; last_seq + 1 when all are."""
        return self._delivered + 1

    def open_transaction(self) -> int:
        """Local number of the transaction that has a start and no stop; 0 when there is none."""
        return self._open_txn

    def has_summary(self, txn: int) -> bool:
        """Has SessionSummary been recorded for `txn`, as far as the newest records tell."""
        return self._summary_txn == txn

    def transaction_id(self, txn: int) -> "int | None":
        """The server's id of local transaction `txn`, None while it is not known."""
        return self._id if txn and txn == self._txn else None

    # ---- recording ----

    def add(self, action: str, payload: str, txn: int) -> int:
        """Record a message; on flash when this returns its sequence number.

        A new session (StartTransaction) is refused with OutboxFull when room is short; what ends
        a running one is always taken. Raises OSError when flash fails.
        """
        if action == _START and not self._store.has_room():
            raise OutboxFull("no room for another session until the server has taken some")
        return self.record(action, payload, txn)

    def add_sample(self, txn: int, packed: str) -> int:
        """Record a packed meter sample (samples.py) of `txn`; few of them where flash is low."""
        if not self._store.has_room():
            raise OutboxFull("no room for another sample")
        if self._thinner is None and self._store.is_low():
            self._thinner = self._store.thinner(self, self._journal, 1)
            self.save()
        if self._thinner:
            return self._thinner.add_sample(txn, packed)
        return self.record(_SAMPLE, packed, txn)

    def record(self, action: str, text: str, txn: int) -> int:
        """Append whatever there is room for; its sequence number."""
        if action != _SAMPLE and self._thinner:
            self._thinner.flush()
        self.last_seq += 1  # whatever happens: what has failed may be on flash all the same
        seq = self.last_seq
        self._journal.append("%d\t%s\t%d\t%s" % (seq, action, txn, text))
        self._note(seq, action, txn)
        return seq

    def _note(self, seq: int, action: str, txn: int) -> None:
        if seq > self.last_seq:
            self.last_seq = seq
        # Not from the start alone: that may lie segments back, where nobody looks at boot.
        self._open_txn = 0 if action == _STOP else txn
        if action == "DataTransfer":
            self._summary_txn = txn

    # ---- delivery ----

    def backing_off(self, now_s: int) -> bool:
        """Is the head waiting for its retry time."""
        return now_s < self._retry_at_s

    def head(self, now_s: int) -> "tuple[int, str, str, int] | None":
        """(seq, action, payload, txn) to send next; None when there is nothing to send now."""
        if not len(self) or self.backing_off(now_s):
            return None
        head = self._head or self._load()
        if head is None:
            return None
        seq, action, txn, _, _ = head
        if txn and txn == self._dead_txn and action != _START:
            self._bury()  # one a call: each costs flash writes, and the control loop waits
            return None
        action, text = self._message()
        return seq, action, text, txn

    def _message(self) -> "tuple[str, str]":
        """(action, payload) of the head, with its transaction's id; -1 where that is lost."""
        _, action, txn, text, _ = self._head
        transaction_id = self.transaction_id(txn)
        if transaction_id is None:
            transaction_id = -1
        if action == _SAMPLE:
            return "MeterValues", load("firmware.ocpp.samples").render(text, transaction_id)
        return action, text.replace(TID, str(transaction_id)) if TID in text else text

    def _load(self) -> "tuple | None":
        while True:
            found = self._journal.read(self._place)
            if found is None:
                if self._thinner and self._thinner.flush():
                    continue
                # Fewer records than promised: flash lost some. Go on with what comes.
                self._log.error("outbox", "%d records cannot be read", len(self))
                self._delivered = self.last_seq
                return None
            text, place, next_place = found
            seq, action, txn, payload = _split(text)
            self._place = place
            self._journal.drop_before(place[0])
            if seq > self._delivered:
                self._head = (seq, action, txn, payload, next_place)
                return self._head
            self._place = next_place

    def busy_segment(self) -> int:
        """The newest segment of the journal that delivery has begun with."""
        segment, offset = self._place
        return segment if offset or self._head else segment - 1

    def delivered(self, seq: int, transaction_id: "int | None" = None) -> None:
        """The server has answered record `seq`: never send it again."""
        if self._head is None or self._head[0] != seq:
            return
        if self._head[1] == _START and transaction_id is not None:
            self._txn = self._head[2]
            self._id = transaction_id
            self._dead_txn = 0
        self._advance()

    def failed(self, seq: int, now_s: int) -> None:
        """CALLERROR or no answer: try again later, or bury it after the last attempt.

        The wait grows with each attempt (OCPP 1.6 3.7.1). Attempts are not kept over a reboot.
        """
        if self._head is None or self._head[0] != seq:
            return
        self._tries += 1
        if self._tries < self._keys.get("TransactionMessageAttempts"):
            interval_s = self._keys.get("TransactionMessageRetryInterval")
            self._retry_at_s = now_s + self._tries * interval_s
            return
        if self._head[1] == _START:
            self._dead_txn = self._head[2]
        self._bury()

    def _bury(self) -> None:
        seq, action, txn, text, _ = self._head
        self._log.error("outbox", "%s %d goes to the dead letters", action, seq)
        if self.transaction_id(txn) is not None:  # afterwards nobody knows it
            action, text = self._message()
        self._store.bury("%d\t%s\t%d\t%s" % (seq, action, txn, text))
        self._advance()

    def _advance(self) -> None:
        self._delivered = self._head[0]
        self._place = self._head[4]
        self._head = None
        self._tries = 0
        self._retry_at_s = 0
        if not len(self):
            self._thinner = None
        try:
            self.save()
        except OSError as error:  # the worst that follows is one message sent twice
            self._log.error("outbox", "state not stored: %s", error)

    def save(self) -> None:
        """Put on flash how far delivery has come."""
        self._store.write(
            {
                "seq": self._delivered,
                "txn": self._txn,
                "id": self._id,
                "dead": self._dead_txn,
                "level": self._thinner.level if self._thinner else 0,
            }
        )


def _split(text: str) -> "tuple[int, str, int, str]":
    seq, action, txn, payload = text.split("\t", 3)
    return int(seq), action, int(txn), payload
