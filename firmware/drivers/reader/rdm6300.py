"""RDM6300-class 125 kHz tag readers on a UART of 9600 baud: hunting, checking, one report a card.

Frame: 0x02, ten hex digits, two digits of checksum (XOR of the five bytes), 0x03. The ten digits
are the idTag. Readers repeat the frame while the card is near.
"""

from binascii import unhexlify

from micropython import const

WIRE = ("uart", 9600, 8, None, 1, "rx")

_START = const(0x02)
_END = const(0x03)
_LENGTH = const(14)
_REPEAT_MS = const(2000)


def decode(frame: bytes) -> str:
    """The idTag (ten upper-case hex digits) of a frame of 14 bytes, "" when it is not one."""
    if frame[0] != _START or frame[13] != _END:
        return ""
    try:
        raw = unhexlify(bytes(frame[1:13]))
    except ValueError:
        return ""
    if raw[0] ^ raw[1] ^ raw[2] ^ raw[3] ^ raw[4] != raw[5]:
        return ""
    return str(bytes(frame[1:11]), "ascii").upper()


class Rdm6300:
    """Tag reader; `uart` needs a time-out of 0."""

    def __init__(self, uart: "UART") -> None:
        self._uart = uart
        self._byte = bytearray(1)
        self._frame = bytearray(_LENGTH)
        self._filled = 0
        self._tag = ""  # the last one seen
        self._since_ms = 0  # since it was seen

    def poll(self, dt_ms: int) -> "str | None":
        """The idTag of a card that has just been presented, or None; `dt_ms` since the last call.

        A card is told again when it has been away for 2 s. Allocates only when a card is read.
        """
        self._since_ms = min(self._since_ms + dt_ms, _REPEAT_MS)
        for _ in range(self._uart.any()):
            if not self._uart.readinto(self._byte):
                break
            tag = self._take(self._byte[0])
            if tag:
                known = tag == self._tag and self._since_ms < _REPEAT_MS
                self._tag = tag
                self._since_ms = 0
                if not known:
                    return tag
        return None

    def _take(self, byte: int) -> str:
        frame = self._frame
        frame[self._filled] = byte
        if self._filled == 0 and byte != _START:
            return ""
        self._filled += 1
        if self._filled < _LENGTH:
            return ""
        tag = decode(frame)
        if tag:
            self._filled = 0
        else:
            self._hunt()
        return tag

    def _hunt(self) -> None:
        """Drop bytes up to the next start byte, which may be part of a good frame."""
        frame = self._frame
        start = 1
        while start < _LENGTH and frame[start] != _START:
            start += 1
        self._filled = _LENGTH - start
        for i in range(self._filled):
            frame[i] = frame[start + i]


def make(uart: "UART", reading: None, options: "Settings") -> Rdm6300:
    """The driver on its UART."""
    return Rdm6300(uart)
