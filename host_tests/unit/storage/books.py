"""The durable books under power cuts, on any interpreter: a charger, its flash and a server.

A play is several lives of the charger. In each the power dies at a given flash write, which is
torn; the last life is left in peace. Whatever the outbox has confirmed must then have reached the
server or the dead letters, in order, unchanged, and twice only where an answer had not reached
flash. `books.py LOW_BYTES CUT...` plays on a littlefs2 RAM disk under MicroPython and prints
one JSON object a play; test_power_cuts.py does the same on CPython with files that tear.
"""

import json
import sys

from firmware.ocpp.messages import TID
from firmware.ocpp.outbox import Outbox
from firmware.storage import dead_letters
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from firmware.storage.register import EnergyRegister

KEYS = {"TransactionMessageAttempts": 2, "TransactionMessageRetryInterval": 5}
REFUSED = "refused"  # a session with this tag is refused by the server for ever
SEGMENT_BYTES = 600
_FIRST_ID = 1768989000  # ids are epoch seconds, beyond 2^30


class PowerCut(Exception):
    """The power is gone; nothing more happens in this life."""


class QuietLog:
    """Keeps the last error."""

    last = ""

    def error(self, component: str, text: str, *args: object) -> None:
        self.last = text % args


class Server:
    """Takes messages, hands out transaction ids, remembers everything in order."""

    def __init__(self) -> None:
        self.got = []  # (number of the message, its payload)
        self.ids = {}  # transaction: ids handed out, one for each time its start came
        self.stops = {}  # transaction: number of its stop
        self.stopped_twice = []
        self.wrong_ids = 0
        self.forgives = False

    def answer(self, action: str, payload: str, txn: int) -> "int | None":
        """The transaction id (0 where there is none); None when the message is refused."""
        if REFUSED in payload and not self.forgives:
            return None
        self.got.append((number_of(payload), payload))
        message = json.loads(payload)
        if action == "StartTransaction":
            self.ids.setdefault(txn, []).append(_FIRST_ID + len(self.got))
            return self.ids[txn][-1]
        if message["transactionId"] not in self.ids.get(txn, ()):
            self.wrong_ids += 1
        if action == "StopTransaction":
            if self.stops.setdefault(txn, message["n"]) != message["n"]:
                self.stopped_twice.append(txn)
        return 0


def number_of(payload: str) -> int:
    """Each message carries its own number: as "n", or as the energy of a sample."""
    message = json.loads(payload)
    if "n" in message:
        return message["n"]
    return int(message["meterValue"][0]["sampledValue"][0]["value"])


def build(folder: str, low_bytes: int = 0) -> Outbox:
    """An outbox with small segments, as after power-up; samples are thinned below `low_bytes`."""
    store = OutboxStore(folder, low_bytes)
    return Outbox(Journal(folder, SEGMENT_BYTES), store, Keys(), QuietLog())


class Keys:
    """The two configuration keys the outbox asks for."""

    def get(self, name: str) -> int:
        return KEYS[name]


class Play:
    """`flash` has `cut`, `writes`, `dead` and `start()`: mounted, and where."""

    def __init__(self, flash: object, low_bytes: int) -> None:
        self.flash = flash
        self._low_bytes = low_bytes
        self.server = Server()
        self.confirmed = []  # numbers of the messages that `add` has returned for
        self.energy_wh = 0  # newest value that `store` has returned for
        self.faults = []
        self._number = 0
        self._now_s = 0

    def live(self, cut: int) -> bool:
        """One life, to its end or to flash write `cut` (0: none); was it cut."""
        self.flash.cut = cut
        self.flash.writes = 0
        try:
            root = self.flash.start()
            self._life(root)
            return False
        except PowerCut:
            return True
        except OSError:
            if not self.flash.dead:
                raise
            return True

    def _step(self, result: object) -> object:
        """What a call gave, if the power has lasted through it."""
        if self.flash.dead:
            raise PowerCut
        return result

    def _life(self, root: str) -> None:
        self._register = register = EnergyRegister(root + "register")
        self.outbox = outbox = build(root + "outbox", self._low_bytes)
        if register.load()[0] < self.energy_wh:
            self.faults.append("energy ran backwards")
        txn = outbox.open_transaction()
        if txn:
            self._add("StopTransaction", txn, "PowerLoss")
        self._session(25)  # more than fits into a segment
        self._drain()
        self._session(3, REFUSED)
        self._session(4)
        self._drain(3)
        self._session(2, drain=True)
        self._drain()

    def _session(self, samples: int, tag: str = "tag", drain: bool = False) -> None:
        txn = self._step(self._register.next_transaction())
        self._add("StartTransaction", txn, tag)
        last = 0
        for _ in range(samples):
            self._number += 1
            packed = "P %d E%d" % (_FIRST_ID + self._number, self._number)
            self._step(self.outbox.add_sample(txn, packed))
            if not last or not self._low_bytes:  # thinned: the last one counts at the end
                self.confirmed.append(self._number)
            last = self._number
            self._step(self._register.store(self._number, 999))
            self.energy_wh = self._number
            if drain:
                self._drain(1)
        self._add("DataTransfer", txn, tag)
        if last not in self.confirmed:
            self.confirmed.append(last)
        self._add("StopTransaction", txn, tag)

    def _add(self, action: str, txn: int, tag: str) -> None:
        self._number += 1
        payload = '{"n":%d,"transactionId":%s,"tag":"%s"}' % (self._number, TID, tag)
        if action == "StartTransaction":
            payload = payload.replace(TID, "0")
        self._step(self.outbox.add(action, payload, txn))
        self.confirmed.append(self._number)

    def _drain(self, count: int = 1000) -> None:
        outbox = self.outbox
        while count and len(outbox):
            self._now_s += 60
            count -= 1
            head = self._step(outbox.head(self._now_s))
            if head is None:  # it waits for a retry, or has buried something
                continue
            seq, action, payload, txn = head
            transaction_id = self.server.answer(action, "".join(payload), txn)
            if transaction_id is None:
                outbox.failed(seq, self._now_s)
            else:
                outbox.delivered(seq, transaction_id or None)
            self._step(None)

    def dead_letters(self) -> "list[int]":
        """Numbers of the dead letters."""
        numbers = []
        for letter in dead_letters.read(self.flash.start() + "outbox"):
            action, _, text = letter.split("\t", 3)[1:]
            if action == "sample":
                numbers.append(int(text.split("E")[1]))
            else:
                numbers.append(number_of(text.replace(TID, "0")))
        return numbers

    def verdict(self, cuts: int) -> dict:
        """What is wrong with the books after `cuts` power cuts, and how many messages came."""
        got = [number for number, _ in self.server.got]
        dead = self.dead_letters()
        texts = {}
        changed = [n for n, payload in self.server.got if texts.setdefault(n, payload) != payload]
        missing = [n for n in self.confirmed if n not in got and n not in dead]
        strange = [n for n in set(got + dead) if n not in self.confirmed]
        wrong = {
            "missing": missing,
            "changed": changed,
            "unordered": got != sorted(got) or dead != sorted(dead),
            "both": [n for n in set(got) if n in dead],
            "wrong_ids": self.server.wrong_ids,
            "more_repeats_than_cuts": len(got) - len(set(got)) > cuts,
            "more_strangers_than_cuts": len(strange) > cuts and not self._low_bytes,
            "left": len(self.outbox),
            "open": self.outbox.open_transaction(),
            "never_stopped": [txn for txn in self.server.ids if txn not in self.server.stops],
            "stopped_twice": self.server.stopped_twice,
            "faults": self.faults,
        }
        return {
            "messages": len(got),
            "dead": len(dead),
            "repeats": len(got) - len(set(got)),
            "wrong": {name: value for name, value in wrong.items() if value},
        }


def play(flash: object, cut: int, low_bytes: int = 0) -> dict:
    """Cut at flash write `cut`, cut once more soon after, then a life in peace (0: only that).

    With `low_bytes` the outbox thins its samples when less than that is free.
    """
    game = Play(flash, low_bytes)
    cuts = 0
    if cut:
        cuts = game.live(cut) + game.live(1 + cut * 7 % 31)
    ended = not game.live(0)
    writes = flash.writes
    result = game.verdict(cuts)
    result["writes"] = writes
    if not ended:
        result["wrong"]["ended"] = False
    return result


class Resending(Play):
    """What was refused is sent again, to a server that takes it now."""

    def _life(self, root: str) -> None:
        self.outbox = outbox = build(root + "outbox")
        if outbox.resent[0] or self.dead_letters():  # the wish may not have reached flash
            resender = dead_letters.Resender(outbox)
            while resender.turn():
                self._step(None)
                self._drain(1)
        self._drain()

    def resend(self, cut: int) -> dict:
        """Refused first, then sent again with a power cut at flash write `cut`."""
        super()._life(self.flash.start())
        self.server.forgives = True
        letters = self.dead_letters()
        taken = len(self.server.got)
        cuts = self.live(cut) if cut else 0
        self.live(0)
        writes = self.flash.writes
        got = [number for number, _ in self.server.got[taken:]]
        wrong = {
            "letters": not letters,
            "missing": [number for number in letters if number not in got],
            "unordered": got != sorted(got),
            "repeats": len(got) - len(set(got)) > cuts,
            "kept": self.dead_letters(),
            "wrong_ids": self.server.wrong_ids,
            "left": len(self.outbox),
        }
        wrong = {name: value for name, value in wrong.items() if value}
        return {"messages": len(got), "wrong": wrong, "writes": writes}


class RamFlash:
    """A NOR-like RAM disk with littlefs2: programs clear bits, erases set them, a cut tears."""

    def __init__(self, blocks: int = 64) -> None:
        self.cut = self.writes = 0
        self.data = bytearray(b"\xff" * (blocks * _BLOCK))
        self._power = None

    def wipe(self) -> None:
        """A new chip, formatted."""
        import vfs

        self._unmount()
        self.cut = 0
        self.data[:] = b"\xff" * len(self.data)
        vfs.VfsLfs2.mkfs(_Power(self), progsize=32, readsize=32, lookahead=32)

    def start(self) -> str:
        """Mount the disk, as after power-up; where it is."""
        import vfs

        self._unmount()
        self._power = _Power(self)
        vfs.mount(vfs.VfsLfs2(self._power, progsize=32, readsize=32, lookahead=32), "/flash")
        return "/flash/"

    @property
    def dead(self) -> bool:
        return self._power.dead

    def _unmount(self) -> None:
        import vfs

        if self._power:
            vfs.umount("/flash")
            self._power.dead = True  # a forgotten file must not write when it is collected
            self._power = None


_BLOCK = 4096
_EIO = -5


class _Power:
    """The disk's block device from one power-up to the next.

    It answers with error numbers: an exception thrown through littlefs would leave files open.
    """

    def __init__(self, flash: RamFlash) -> None:
        self.dead = False
        self._flash = flash
        self._view = memoryview(flash.data)

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        start = block * _BLOCK + offset
        buffer[:] = self._view[start : start + len(buffer)]

    def writeblocks(self, block: int, buffer: bytearray, offset: int = 0) -> int:
        if self.dead:
            return _EIO
        size = self._lasting(len(buffer))
        start = block * _BLOCK + offset
        for i in range(size):
            self._view[start + i] &= buffer[i]
        return _EIO if self.dead else 0

    def ioctl(self, operation: int, argument: int) -> int:
        if operation == 4:
            return len(self._view) // _BLOCK
        if operation == 5:
            return _BLOCK
        if operation != 6:
            return 0
        if self.dead:
            return _EIO
        size = self._lasting(_BLOCK)
        start = argument * _BLOCK
        self._view[start : start + size] = b"\xff" * size
        return _EIO if self.dead else 0

    def _lasting(self, size: int) -> int:
        """How much of a write of `size` bytes gets done; the rest is torn off."""
        flash = self._flash
        flash.writes += 1
        self.dead = flash.writes == flash.cut
        return size // 2 if self.dead else size


def main() -> None:
    """Play once for each cut named on the command line, behind the `low_bytes` or "resend"."""
    flash = RamFlash()
    for cut in sys.argv[2:]:
        flash.wipe()
        if sys.argv[1] == "resend":
            result = Resending(flash, 0).resend(int(cut))
        else:
            result = play(flash, int(cut), int(sys.argv[1]))
        result["cut"] = int(cut)
        print(json.dumps(result))


if __name__ == "__main__":
    main()
