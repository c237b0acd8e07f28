"""Receives messages longer than a frame: J1939 transport protocol, RTS/CTS, one at a time.

It asks for one packet at a time: the CAN controller keeps only two frames between two polls. Of
messages that are longer than any the charger reads (cell voltages) it takes all packets and keeps
only the beginning, so that their sender is content.
"""

from micropython import const

_REPLY = const(0x1CECF456)
_RTS = const(0x10)
_CTS = const(0x11)
_END = const(0x13)
_ABORT = const(0xFF)
_SILENCE_MS = const(1250)
_ROOM = const(49)
_PACKET = const(7)


class Transport:
    """`data` and `size` are the last message; `receive` says when it is whole."""

    def __init__(self, can: "Can") -> None:
        self._can = can
        self.data = bytearray(_ROOM)
        self.size = 0
        self._reply = bytearray(b"\xff" * 8)
        self._pending = False
        self._next = 0  # packet; 0: no message is under way
        self._packets = 0
        self._waited_ms = 0

    def control(self, data: bytearray) -> bool:
        """A request to send, or its end; False when it makes no sense."""
        if data[0] == _ABORT:
            self._next = 0
            return True
        size = data[1] | data[2] << 8
        if data[0] != _RTS or size <= 8 or data[3] != (size + _PACKET - 1) // _PACKET:
            return False
        self.size = size
        self._packets = data[3]
        self._reply[5:8] = data[5:8]
        self._ask(1)
        return True

    def receive(self, data: bytearray) -> int:
        """A packet. The second byte of the message's PGN when it is whole, else -1."""
        number = data[0]
        if not self._next or number != self._next:
            self._next = 0  # its sender begins again
            return -1
        at = (number - 1) * _PACKET
        for i in range(min(_PACKET, _ROOM - at, self.size - at)):
            self.data[at + i] = data[1 + i]
        if number < self._packets:
            self._ask(number + 1)
            return -1
        self._next = 0
        self._answer(_END, self.size & 0xFF, self.size >> 8, number)
        return self._reply[6]

    def _ask(self, number: int) -> None:
        self._next = number
        self._waited_ms = 0
        self._answer(_CTS, 1, number, 0xFF)

    def _answer(self, kind: int, first: int, second: int, third: int) -> None:
        reply = self._reply
        reply[0] = kind
        reply[1] = first
        reply[2] = second
        reply[3] = third
        self._pending = not self._can.send(_REPLY, reply)

    def poll(self, dt_ms: int) -> None:
        """Send what found no free buffer; give up a message whose sender has gone."""
        if self._pending:
            self._pending = not self._can.send(_REPLY, self._reply)
        self._waited_ms += dt_ms
        if self._waited_ms > _SILENCE_MS:
            self._next = self._waited_ms = 0
