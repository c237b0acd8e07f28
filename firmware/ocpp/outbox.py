"""The outbox: transaction messages in time order, on flash before they count.

Records are delivered strictly head-first. A transaction that was started offline has no id yet;
its messages carry `@TID@`, which is replaced when they are sent. `state` holds how far delivery
has come and the ids of the newest transactions the server knows; it is written after each answer,
so a power cut can repeat the last message, unchanged, and never lose or reorder one.

A message that the server has refused as often as TransactionMessageAttempts says goes to the
dead letters with all later ones of a transaction whose start was refused; nothing is thrown away.
A line that breaks or a server that is silent refuses nothing: such a message waits and is sent
again, however often. A dead letter that is sent again carries its transaction's number as a
negative one (storage/dead_letters.py). The journal and the file functions are handed in.
"""

from micropython import const

from firmware.errors import ChargerError
from firmware.on_demand import load

from .messages import TID

_SAMPLE = "sample"
_START = "StartTransaction"
_STOP = "StopTransaction"
_LOOKS = const(16)  # records that one call may pass over: the control loop waits
_FLASH_AGAIN_S = const(30)
_UNREAD = const(1_000_000)  # more numbers than may be in use already
_IDS = const(3)  # the state must not get long, see outbox_store.py
# The state is a list: sequence number and place that delivery has come to, failed attempts,
# numbers of samples that were thinned out, level of thinning, three numbers of the re-sending of
# dead letters (0: there is none); then pairs of transaction and id.
_LEVEL = const(5)
RESENT = 6
PAIRS = 9


class OutboxFull(ChargerError):
    """Flash is full: no new session can be recorded."""


class Outbox:
    """`store` is an OutboxStore: it has `read`, `write`, `bury`, `has_room` and `is_low`."""

    def __init__(
        self,
        journal: "Journal",
        store: "OutboxStore",
        keys: "Keys",
        log: "Log",
    ) -> None:
        self.journal = journal
        self.store = store
        self._keys = keys
        self._log = log
        state = store.read() or [0] * PAIRS
        self._delivered, segment, offset, self._tries, self.dropped = state[:_LEVEL]
        self.resent = state[RESENT:PAIRS]
        pairs = state[PAIRS:]  # of transaction and id, None where its start was refused
        self._ids = [pairs[i : i + 2] for i in range(0, len(pairs), 2)]
        self._retry_at_s = 0
        known = 0 < segment <= journal.newest()
        self._place = (segment, offset) if known else journal.begin()
        self._thinner = None  # while flash is low
        self._head = None  # (seq, action, txn, text, next place)
        self.last_seq = self._delivered
        self._open_txn = 0
        self._summary_txn = 0
        try:
            for text in journal.last_records():
                self._note(*split(text)[:3])
        except OSError as error:
            log.error("outbox", "flash does not tell the last record: %s", error)
            self.last_seq += _UNREAD
        if state[_LEVEL]:
            self._thinner = store.thinner(self, journal, state[_LEVEL])

    def __len__(self) -> int:
        count = self.last_seq - self._delivered
        return max(1, count - self.dropped) if count else 0

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
        """The server's id of local transaction `txn`, None where it is not known (any more)."""
        for number, transaction_id in self._ids:
            if number == txn:
                return transaction_id
        return None

    # ---- recording ----

    def add(self, action: str, payload: str, txn: int, samples: str = "") -> int:
        """Record a message; on flash when this returns its sequence number.

        `samples` is the packed part of a stop, see stop_parts.py.

        A new session (StartTransaction) is refused with OutboxFull when room is short; what ends
        a running one is always taken. Raises OSError when flash fails.
        """
        if action == _START and not self.store.has_room():
            raise OutboxFull("no room until the server has taken records")
        return self.record(action, payload, txn, samples)

    def add_sample(self, txn: int, packed: str) -> int:
        """Record a packed meter sample (samples.py) of `txn`; few of them where flash is low."""
        if not self.store.has_room():
            raise OutboxFull("no room for another sample")
        if self._thinner is None and self.store.is_low():
            self._thinner = self.store.thinner(self, self.journal, 1)
            self.save()
        if self._thinner:
            return self._thinner.add_sample(txn, packed)
        return self.record(_SAMPLE, packed, txn)

    def record(self, action: str, text: str, txn: int, samples: str = "") -> int:
        """Append whatever there is room for; its sequence number."""
        if action != _SAMPLE and self._thinner:
            self._thinner.flush()
        self.last_seq += 1  # whatever happens: what has failed may be on flash all the same
        seq = self.last_seq
        self.dropped += 1  # it counts as missing until it is there
        self.journal.append("%d\t%s\t%d\t" % (seq, action, txn), text, samples)
        self.dropped -= 1
        self._note(seq, action, txn)
        return seq

    def _note(self, seq: int, action: str, txn: int) -> None:
        if seq > self.last_seq:
            self.last_seq = seq
        # Not from the start alone: that may lie segments back, where nobody looks at boot.
        self._open_txn = 0 if action == _STOP or txn < 0 else txn
        if action == "DataTransfer":
            self._summary_txn = txn

    # ---- delivery ----

    def backing_off(self, now_s: int) -> bool:
        """Is the head waiting for its retry time."""
        return now_s < self._retry_at_s

    def head(self, now_s: int) -> "tuple[int, str, str | list[str], int] | None":
        """(seq, action, payload, txn) to send next; None when there is nothing to send now."""
        if self.last_seq == self._delivered or self.backing_off(now_s):
            return None
        try:
            if not (self._head or self._load()):
                return None
        except OSError as error:
            self._log.error("outbox", "flash gives no record: %s", error)
            self._retry_at_s = now_s + _FLASH_AGAIN_S
            return None
        seq, action, txn, _, _ = self._head
        if action != _START and [txn, None] in self._ids:
            self._bury(now_s)  # one a call: each costs flash writes, and the control loop waits
            return None
        action, text = self._message()
        if "\t" in text:
            return seq, action, load("firmware.ocpp.stop_parts").parts(text), txn
        return seq, action, text, txn

    def _message(self) -> "tuple[str, str | list[str]]":
        """(action, payload) of the head, with its transaction's id; -1 where that is lost."""
        _, action, txn, text, _ = self._head
        transaction_id = self.transaction_id(txn)
        if transaction_id is None:
            transaction_id = -1
        if action == _SAMPLE:
            return "MeterValues", load("firmware.ocpp.meter_values").render(text, transaction_id)
        return action, text.replace(TID, str(transaction_id)) if TID in text else text

    def _load(self) -> bool:
        """Fetch the head, as far as it is found at once."""
        for _ in range(_LOOKS):
            found = self.journal.read(self._place)
            if found is None:
                if self._thinner and self._thinner.flush():
                    continue
                # Fewer records than promised: flash lost some. Go on with what comes.
                if self.last_seq - self._delivered > self.dropped:
                    self._log.error("outbox", "%d records cannot be read", len(self))
                self._delivered = self.last_seq
                self.dropped = 0
                return False
            text, place, next_place = found
            seq, action, txn, payload = split(text)
            self._place = place
            self.journal.drop_before(place[0])
            if seq > self._delivered:
                self._head = (seq, action, txn, payload, next_place)
                return True
            self._place = next_place
        return False

    def busy_segment(self) -> int:
        """The newest segment of the journal that delivery has begun with."""
        segment, offset = self._place
        return segment if offset or self._head else segment - 1

    def delivered(self, seq: int, transaction_id: "int | None" = None) -> None:
        """The server has answered record `seq`: never send it again."""
        if self._head is None or self._head[0] != seq:
            return
        if self._head[1] == _START and transaction_id is not None:
            self._learn(transaction_id)
        self._advance()

    def _learn(self, transaction_id: "int | None") -> None:
        """The fate of the start that is the head."""
        txn = self._head[2]
        others = [pair for pair in self._ids if pair[0] != txn]
        self._ids = others[1 - _IDS :] + [[txn, transaction_id]]

    def failed(self, seq: int, now_s: int, refused: bool = True) -> None:
        """CALLERROR: try again later, or bury it after the last attempt.

        The wait grows with each attempt (OCPP 1.6 3.7.1). No answer (`refused` False) is no
        attempt: the message may have failed on its way.
        """
        if self._head is None or self._head[0] != seq:
            return
        self._tries += refused
        if self._tries >= self._keys.get("TransactionMessageAttempts"):
            if self._head[1] == _START:
                self._learn(None)
            self._bury(now_s)
            return
        interval_s = self._keys.get("TransactionMessageRetryInterval")
        self._retry_at_s = now_s + max(1, self._tries) * interval_s
        if refused:
            self._try_to_save()

    def _bury(self, now_s: int) -> None:
        seq, action, txn, text, _ = self._head
        self._log.error("outbox", "%s %d goes to the dead letters", action, seq)
        if self.transaction_id(txn) is not None:  # afterwards nobody knows it
            action, text = self._message()
        try:
            self.store.bury(seq, action, txn, "".join(text))
        except OSError as error:
            self._log.error("outbox", "no dead letter: %s", error)
            self._retry_at_s = now_s + _FLASH_AGAIN_S
            return
        self._advance()

    def _advance(self) -> None:
        self.dropped = max(0, self.dropped - (self._head[0] - self._delivered - 1))
        self._delivered = self._head[0]
        self._place = self._head[4]
        self._head = None
        self._tries = 0
        self._retry_at_s = 0
        if self.last_seq == self._delivered:
            self._thinner = None
            self.dropped = 0
        self._try_to_save()

    def _try_to_save(self) -> None:
        try:
            self.save()
        except OSError as error:  # the worst that follows is one message sent twice
            self._log.error("outbox", "state not stored: %s", error)

    def save(self) -> None:
        """Put on flash how far delivery has come."""
        level = self._thinner.level if self._thinner else 0
        segment, offset = self._place
        state = [self._delivered, segment, offset, self._tries, self.dropped, level]
        for more in [self.resent] + self._ids:
            state += more
        self.store.write(state)


def split(text: str) -> "tuple[int, str, int, str]":
    """A record's text as (seq, action, transaction, payload)."""
    seq, action, txn, payload = text.split("\t", 3)
    return int(seq), action, int(txn), payload
