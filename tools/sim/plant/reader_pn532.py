"""A PN532 on its UART: asleep until woken, set up, then it lists the card in its field.

Written from hardware-protocols.md section 6.2.
"""

from tools.sim.chips.uart import Uart
from tools.sim.plant.card import HELD_MS, atqa
from tools.sim.plant.reader import Reader

ACK = b"\x00\x00\xff\x00\xff\x00"
_WAKE = b"\x55\x55"
_FIRMWARE, _SAM, _LIST = 0x02, 0x14, 0x4A
_VERSION = b"\x32\x01\x06\x07"  # PN532 v1.6
_ACK_MS, _ANSWER_MS = 1.0, 15.0


def frame(data: bytes) -> bytes:
    """`data` begins with D4 or D5."""
    length = len(data)
    head = bytes((0, 0, 0xFF, length, -length & 0xFF))
    return head + data + bytes((-sum(data) & 0xFF, 0))


def listed(uid: bytes) -> bytes:
    """The answer with one card."""
    return frame(b"\xd5\x4b\x01\x01" + atqa(uid)[::-1] + b"\x08" + bytes((len(uid),)) + uid)


class Pn532Reader(Reader):
    """Hears commands as the UART's peer."""

    WIRE = ("uart", 115_200, 8, None, 1)
    DIGITS = (8, 14, 20)

    def __init__(self, wire: Uart) -> None:
        super().__init__(wire)
        self._uart = wire
        wire.peer = self
        self._heard = bytearray()
        self._awake = self._set_up = self._listing = False
        self._card = b""
        self._card_until_ms = 0.0
        self.commands: list[bytes] = []  # for tests

    def switch(self, on: bool) -> None:
        """Power off and on: asleep again."""
        super().switch(on)
        self._heard.clear()
        self._awake = self._set_up = self._listing = False

    def present(self, tag: str, now_ms: float) -> None:
        """A card of 4, 7 or 10 bytes."""
        self._card = bytes.fromhex(tag)
        self._card_until_ms = now_ms + HELD_MS
        self._find(now_ms)

    def receive(self, data: bytes, at_ms: float) -> None:
        """Bytes of the charger."""
        if not self.on:
            return
        self._heard += data
        if not self._awake:
            wake = self._heard.find(_WAKE)
            if wake < 0:
                self._heard.clear()
                return
            self._awake = True
            del self._heard[: wake + len(_WAKE)]
        while self._command(at_ms):
            pass

    def _command(self, at_ms: float) -> bool:
        """Carry out the first whole frame that was heard; False: there is none."""
        heard = self._heard
        begin = heard.find(b"\x00\xff")
        if begin < 0 or len(heard) < begin + 4:
            return False
        length = heard[begin + 2]
        end = begin + 4 + length + 1
        if length and (length + heard[begin + 3]) & 0xFF == 0:
            if len(heard) < end:
                return False
            body = bytes(heard[begin + 4 : end])
            if sum(body) & 0xFF == 0 and body[0] == 0xD4:
                del heard[:end]
                self._obey(body[1:-1], at_ms)
                return True
        del heard[: begin + 1]
        return True

    def _obey(self, command: bytes, at_ms: float) -> None:
        self.commands.append(command)
        self._listing = False  # a new command ends the one before
        self._uart.arrive(ACK, at_ms + _ACK_MS)
        if command[0] == _FIRMWARE:
            self._uart.arrive(frame(b"\xd5\x03" + _VERSION), at_ms + _ANSWER_MS)
        elif command[0] == _SAM:
            self._set_up = True
            self._uart.arrive(frame(b"\xd5\x15"), at_ms + _ANSWER_MS)
        elif command == b"\x4a\x01\x00" and self._set_up:
            self._listing = True
            self._find(at_ms)
        else:
            self._uart.arrive(frame(b"\x7f"), at_ms + _ANSWER_MS)

    def _find(self, at_ms: float) -> None:
        if self._listing and self._card and at_ms < self._card_until_ms:
            self._listing = False
            self._uart.arrive(listed(self._card), at_ms + _ANSWER_MS)
