"""CAN behind one small interface in the shape of MicroPython's `machine.CAN`.

A back end (`twai`, `mcp2515`, `native`) has these methods; none of them blocks, and but for
`set_filters`, `counters` and `restart` none allocates:

* `send(id, data, ext=True) -> bool`: hand over one frame; False = no free buffer, try later.
  Frames leave in order. One that nobody acknowledges is dropped after `STUCK_SENDS` refused
  sends, so that no stale command is waiting when the bus comes back.
* `receive(frame) -> bool`: fill `frame`; False when nothing waits. A remote request has `len` 0.
* `set_filters(((id, mask, ext), ...))`: at least these come through; () = everything. Mask bit
  1 = must match. Restarts the controller.
* `state() -> int`: one of the constants below.
* `counters() -> (sent, received, overruns, restarts)`.
* `restart() -> bool`: initialise the controller anew; False when it does not answer.

The constructor raises ChargerError, naming the chip, when the controller does not answer.
"""

from micropython import const

OK = const(0)
WARNING = const(1)
PASSIVE = const(2)
BUS_OFF = const(3)  # also: not on the bus for another reason

STUCK_SENDS = const(10)
COUNT_MASK = const((1 << 29) - 1)  # counters wrap before they could become big ints


class Frame:
    """One CAN frame; made once and filled again and again."""

    def __init__(self) -> None:
        self.id = 0
        self.ext = True
        self.len = 0
        self.data = bytearray(8)
