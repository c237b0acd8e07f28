"""CAN by MicroPython's own `machine.CAN` (1.28 and newer, not on the ESP32 yet).

A thin adapter, written from the documentation and never run on hardware. Load it only where
`machine.CAN` exists.
"""

from firmware.drivers.can import BUS_OFF, COUNT_MASK, OK, PASSIVE, WARNING


class Native:
    """CAN back end over `can_class`, which is `machine.CAN`."""

    def __init__(self, can_class: type, bus: int = 0, bitrate: int = 250_000) -> None:
        self._class = can_class
        self._can = can_class(bus, bitrate)
        self._message: list = [0, memoryview(bytearray(8)), 0, 0]
        self._sent = self._received = self._overruns = self._restarts = 0
        self.set_filters(())

    def set_filters(self, filters: tuple) -> None:
        """As many as the controller has; more, and everything comes through."""
        flag = self._class.FLAG_EXT_ID
        wanted = [(id, mask, flag if ext else 0) for id, mask, ext in filters]
        fits = 0 < len(wanted) <= self._class.FILTERS_MAX
        self._can.set_filters(wanted if fits else None)

    def send(self, id: int, data: bytes, ext: bool = True) -> bool:
        """Queue one frame; False when the queue is full or the controller is off the bus."""
        try:
            queued = self._can.send(id, data, self._class.FLAG_EXT_ID if ext else 0)
        except OSError:  # bus-off
            return False
        if queued is None:
            return False
        self._sent = self._sent + 1 & COUNT_MASK
        return True

    def receive(self, frame: "Frame") -> bool:
        """Fill `frame` with the oldest one waiting; False when there is none."""
        message = self._message
        if self._can.recv(message) is None:
            return False
        flags = message[2]
        data = message[1]
        frame.id = message[0]
        frame.ext = flags & self._class.FLAG_EXT_ID != 0
        frame.len = 0 if flags & self._class.FLAG_RTR else len(data)
        for i in range(frame.len):
            frame.data[i] = data[i]
        if message[3] & self._class.RECV_ERR_OVERRUN:
            self._overruns = self._overruns + 1 & COUNT_MASK
        self._received = self._received + 1 & COUNT_MASK
        return True

    def state(self) -> int:
        """OK, WARNING, PASSIVE or BUS_OFF (also when stopped)."""
        state = self._can.state()
        if state == self._class.STATE_ACTIVE:
            return OK
        if state == self._class.STATE_WARNING:
            return WARNING
        return PASSIVE if state == self._class.STATE_PASSIVE else BUS_OFF

    def counters(self) -> tuple:
        """(sent, received, overruns, restarts) since power-up."""
        return self._sent, self._received, self._overruns, self._restarts

    def restart(self) -> bool:
        """Leave bus-off and drop what waits to be sent."""
        self._restarts = self._restarts + 1 & COUNT_MASK
        self._can.restart()
        return True
