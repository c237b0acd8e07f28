"""The wire from the firmware to the virtual hardware, and what needs no more than that.

Loaded into the firmware's heap, where every byte counts and a module costs some, too: hence this
one stands in for `socket` as well (names are resolved by the hardware, so that Wi-Fi can fail) and
holds the flash on MicroPython. tools/sim/protocol.py is the other end and lists the operations.
"""

import socket as _socket
from array import array
from struct import pack_into

wire = None
handlers = {}  # of pins that interrupt: id -> (handler, Pin)
_head = bytearray(12)
_reply = array("I", (0, 0))
# On the virtual clock nothing changes between two waits unless the firmware does something: what
# it looks at again and again comes with the time (Chip.seen). `fresh`: that still holds.
seen = bytearray(55)
fresh = False


def ask(op: int, unit=0, arg: int = 0, value: int = 0, data: bytes = b"", into=None) -> int:
    """Send a request (`unit`: a number or an object with one); the reply's value.

    From 0x80 on there is no reply. The reply's payload goes to the head of `into`. In steady
    state nothing is allocated. Raises what the hardware says: OSError as a real chip would,
    RuntimeError for an access that it does not know.
    """
    global fresh
    if not isinstance(unit, int):
        unit = unit.id
    if op == 129:  # a pin is written: no other follows at once
        seen[unit] = 2
    elif op > 5 or op == 3:  # anything but looking
        fresh = False
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
    if op == 16 and length:
        into = seen
        fresh = True
    if length:
        wire.readinto(into, length)
    value = _reply[1]
    if _reply[0] & 0xFF00 and (op < 14 or op == 16):  # not within a write to flash
        interrupted()
    return value


def interrupted() -> None:
    """Pins may have interrupted. As on the ESP32 they are told when the interpreter has time."""
    while True:
        id = ask(19)
        if id == 255:
            break
        handler, pin = handlers[id]
        if handler:
            handler(pin)


def getaddrinfo(host: str, port: int, *more) -> list:
    """Any address leads to a port that the hardware names: of the way there, or to listen at."""
    if host and host != "0.0.0.0":
        port = ask(0x0D, 0, 0, 0, ("%s %d" % (host, port)).encode())
    else:
        port = ask(0x14, 0, port)
    return _socket.getaddrinfo("127.0.0.1", port, *more)


def __getattr__(name: str) -> object:
    return getattr(_socket, name)


class Flash:
    """Read from the image file, written through the hardware.

    Allocates nothing: the file system calls it from finalisers, when the heap is locked.
    """

    def __init__(self, path: str) -> None:
        self.file = open(path, "rb")

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buf)

    def writeblocks(self, block: int, buf: bytes, offset: "int | None" = None) -> None:
        if offset is None:
            self.ioctl(6, block)
        ask(0x0E, 0, block, offset or 0, buf)

    def ioctl(self, op: int, block: int) -> "int | None":
        if op == 4:
            return 512
        if op == 5:
            return 4096
        if op == 6:
            return ask(0x0F, 0, block)
