"""At the prompt: what vehicle and power module say now. The module is only ever told "off"."""

import time
from binascii import hexlify

from firmware.charging.readings import STALE_MS
from firmware.console.readings import module_rows, show, vehicle_rows
from firmware.drivers.can import Frame

_TURN_MS = 10
_FRAMES_A_TURN = 16
_AGAIN_MS = 1000  # an id whose frames say nothing new is shown so often
_LINES_A_SECOND = 20
_MOST_IDS = 64  # noise could make any number


def bms(charger: "Charger", seconds: int = 2) -> None:
    """Listen and show what the vehicle says."""
    _one(charger, charger.core.bms, vehicle_rows, seconds)


def module(charger: "Charger", seconds: int = 2) -> None:
    """Listen and show what the power module says."""
    _one(charger, charger.core.module, module_rows, seconds)


def _one(charger: "Charger", reading: object, rows: "Callable", seconds: int) -> None:
    reading.age_ms = STALE_MS  # only what comes now counts
    _listen(charger, seconds, None)
    for row in rows(reading):
        show(*row)
    if reading.age_ms >= STALE_MS:
        print("nothing heard in %d s: wiring, power, bit rate? docs/bring-up.md" % seconds)


def can(charger: "Charger", seconds: int = 0) -> None:
    """Every frame, and what it has changed; 0: until Ctrl-C. Only so many lines a second."""
    view = _View(charger)
    for bus, _ in charger.board.buses:
        bus.set_filters(())
    try:
        _listen(charger, seconds, view)
    except KeyboardInterrupt:
        pass
    print("%d frames, %d ids, %d lines not shown" % (view.frames, len(view.shown_at), view.hidden))


class _View:
    """Shows frames: each new id, each that changes a reading, and the others once a second."""

    def __init__(self, charger: "Charger") -> None:
        self._board = charger.board
        self._core = charger.core
        self._began = time.ticks_ms()
        self.shown_at = {}
        self.frames = self.hidden = 0
        self._second = self._lines = 0

    def _rows(self, driver: object) -> list:
        if driver is self._board.bms:
            return vehicle_rows(self._core.bms)[1:]
        return module_rows(self._core.module)[1:] if driver is self._board.module else []

    def take(self, frame: Frame, drivers: tuple) -> None:
        """Hand the frame to the drivers and show what came of it."""
        self.frames += 1
        before = [row for driver in drivers for row in self._rows(driver)]
        for driver in drivers:
            if driver.on_frame(frame):
                break
        after = [row for driver in drivers for row in self._rows(driver)]
        news = [row for row in after if row not in before]
        now_ms = time.ticks_diff(time.ticks_ms(), self._began)
        shown_ms = self.shown_at.get(frame.id)
        if not news and shown_ms is not None and now_ms - shown_ms < _AGAIN_MS:
            return
        if now_ms // 1000 != self._second:
            self._second = now_ms // 1000
            self._lines = 0
        self._lines += 1
        if self._lines > _LINES_A_SECOND or (shown_ms is None and len(self.shown_at) >= _MOST_IDS):
            self.hidden += 1
            return
        self.shown_at[frame.id] = now_ms
        bus = "BMS" if self._board.bms in drivers else "module"
        data = hexlify(bytes(frame.data[: frame.len]), " ").decode()
        said = ", ".join(["%s %s" % row for row in news])
        id = "%08X" % frame.id if frame.ext else "%8X" % frame.id
        print("%7.2f %-6s %s  %-23s  %s" % (now_ms / 1000, bus, id, data, said))


def _listen(charger: "Charger", seconds: int, view: "_View | None") -> None:
    """Serve the buses for so long as the field bus does, with the module told off."""
    board = charger.board
    if hasattr(board.bms, "session"):
        board.bms.session(False)
    for bus, _ in board.buses:
        if not bus.restart():
            print("a CAN controller does not answer; docs/bring-up.md")
    frame = Frame()
    begin = last = time.ticks_ms()
    while not seconds or time.ticks_diff(last, begin) < seconds * 1000:
        now = time.ticks_ms()
        dt_ms = time.ticks_diff(now, last)
        last = now
        for bus, drivers in board.buses:
            for _ in range(_FRAMES_A_TURN):
                if not bus.receive(frame):
                    break
                if view:
                    view.take(frame, drivers)
                else:
                    any(driver.on_frame(frame) for driver in drivers)
            for driver in drivers:
                driver.poll(dt_ms)
        for driver in board.polled:
            driver.poll(dt_ms)
        time.sleep_ms(_TURN_MS)
