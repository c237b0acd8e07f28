"""The wire from the firmware's process to the virtual hardware: one small binary request an access.

Loaded into the firmware's heap, so every byte counts; in steady state nothing here allocates.
tools/sim/protocol.py is the other end and says what the fields mean.
"""

_file = None
_head = bytearray(12)
_reply = bytearray(8)


def post(op: int, unit: int, arg: int = 0, value: int = 0, data: "bytes | None" = None) -> None:
    """Send a request that has no reply."""
    head = _head
    n = len(data) if data is not None else 0
    head[0] = op
    head[1] = unit
    head[2] = n & 255
    head[3] = n >> 8
    head[4] = arg & 255
    head[5] = (arg >> 8) & 255
    head[6] = (arg >> 16) & 255
    head[7] = (arg >> 24) & 255
    head[8] = value & 255
    head[9] = (value >> 8) & 255
    head[10] = (value >> 16) & 255
    head[11] = (value >> 24) & 255
    _file.write(head)
    if n:
        _file.write(data)


def ask(op: int, unit: int, arg: int = 0, value: int = 0, data: "bytes | None" = None) -> int:
    """Send a request, wait for the reply's value; a payload is left for `take`."""
    post(op, unit, arg, value, data)
    reply = _reply
    if _file.readinto(reply) != 8:
        raise SystemExit  # the hardware is gone, and so are we
    if reply[0]:
        text = _file.read(reply[2] | reply[3] << 8).decode()
        if reply[0] == 2:
            raise OSError(-reply[4], text)
        raise RuntimeError(text)
    return reply[4] | reply[5] << 8 | reply[6] << 16 | reply[7] << 24


def take(buf: bytearray) -> int:
    """The last reply's payload into the head of `buf`; its length."""
    n = _reply[2] | _reply[3] << 8
    if n:
        _file.readinto(buf, n)
    return n
