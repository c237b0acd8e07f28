"""The wire from the firmware's process to the virtual hardware: one small binary request an access.

Loaded into the firmware's heap, so every byte counts; in steady state nothing here allocates.
tools/sim/protocol.py is the other end and says what the fields mean.
"""

from array import array
from struct import pack_into

wire = None
_head = bytearray(12)
_reply = array("I", (0, 0))


def ask(op: int, unit=0, arg: int = 0, value: int = 0, data: bytes = b"", into=None) -> int:
    """Send a request (`unit`: a number or an object with one); the reply's value.

    From 0x80 on there is no reply. The reply's payload goes to the head of `into`.
    """
    if not isinstance(unit, int):
        unit = unit.id
    pack_into("<BBHiI", _head, 0, op, unit & 255, len(data), arg, value)
    wire.write(_head)
    if data:
        wire.write(data)
    if op > 127:
        return 0
    if wire.readinto(_reply) != 8:
        raise SystemExit  # the hardware is gone, and so are we
    length = _reply[0] >> 16
    if _reply[0] & 255:
        text = wire.read(length).decode()
        if _reply[1]:
            raise OSError(-_reply[1], text)
        raise RuntimeError(text)
    if length:
        wire.readinto(into, length)
    return _reply[1]
