"""An ISO 14443 A card: what it answers, up to the point where a reader has selected it."""

HELD_MS = 600.0  # so long a hand holds it to the reader
_REQA, _WUPA = 0x26, 0x52
_LEVELS = (0x93, 0x95, 0x97)
_CASCADE = 0x88


def crc_a(data: bytes) -> bytes:
    """CRC of ISO 14443 A: polynomial 0x8408, begins with 0x6363, low byte first."""
    crc = 0x6363
    for byte in data:
        for bit in range(8):
            feedback = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (0x8408 if feedback else 0)
    return crc.to_bytes(2, "little")


def levels_of(uid: bytes) -> list[bytes]:
    """The five bytes of each cascade level: mark or id, and their XOR."""
    parts = {4: [uid[:4]], 7: [uid[:3], uid[3:]], 10: [uid[:3], uid[3:6], uid[6:]]}[len(uid)]
    parts = [part if len(part) == 4 else bytes((_CASCADE,)) + part for part in parts]
    return [part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],)) for part in parts]


def atqa(uid: bytes) -> bytes:
    """Answer to the call: tells the id's length."""
    return {4: b"\x04\x00", 7: b"\x44\x00", 10: b"\x84\x00"}[len(uid)]


class Card:
    """In the field of a reader; `level` is -1 idle, 0.. ready at that level, None halted."""

    def __init__(self, uid: bytes) -> None:
        self.uid = uid
        self._parts = levels_of(uid)
        self._level = -1
        self._active = self._halted = False

    def hear(self, frame: bytes, bits: int) -> bytes | None:
        """Its answer; `bits` of the last byte, 0 = all."""
        if bits == 7 and frame[0] in (_REQA, _WUPA):
            return self._called(frame[0])
        if self._active and frame == b"\x50\x00" + crc_a(b"\x50\x00"):
            self._leave(halted=True)
            return None
        if 0 <= self._level < len(self._parts) and frame[:1] == bytes((_LEVELS[self._level],)):
            return self._at_level(frame)
        self._leave(self._halted)
        return None

    def _called(self, call: int) -> bytes | None:
        if self._active or self._level >= 0 or self._halted and call == _REQA:
            self._leave(self._halted)
            return None
        self._level = 0
        return atqa(self.uid)

    def _at_level(self, frame: bytes) -> bytes | None:
        part = self._parts[self._level]
        if frame[1:] == b"\x20":
            return part
        if frame[1:2] == b"\x70" and frame[2:] == part + crc_a(frame[:2] + part):
            self._level += 1
            whole = self._level == len(self._parts)
            if whole:
                self._active, self._level = True, -1
            sak = b"\x08" if whole else b"\x04"
            return sak + crc_a(sak)
        self._leave(self._halted)
        return None

    def _leave(self, halted: bool) -> None:
        self._level = -1
        self._active = False
        self._halted = halted
