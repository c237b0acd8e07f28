"""The ESP32's GPIOs and what hangs on them: contacts, other chips' outputs, resistors."""

from collections.abc import Callable, Mapping

from tools.sim.chips import HardwareError

IN, OUT, OPEN_DRAIN = 1, 3, 7  # as MicroPython's ESP32 port numbers them
NO_PULL, PULL_DOWN, PULL_UP = 0, 1, 2
_FLASH_PINS = range(6, 12)
_PINS = frozenset((*range(20), 21, 22, 23, 25, 26, 27, *range(32, 40)))
_FIRST_INPUT_ONLY = 34


class Pins:
    """`contacts`: pin -> is it closed to ground; `sources`: pin -> level of a push-pull output;
    `resistors`: pin -> level it is pulled to outside the chip."""

    def __init__(
        self,
        contacts: Mapping[int, Callable[[], bool]],
        sources: Mapping[int, Callable[[], int]],
        resistors: Mapping[int, int],
    ) -> None:
        self._contacts = contacts
        self._sources = sources
        self._resistors = resistors
        self.release()

    def release(self) -> None:
        """The chip is in reset: every pin an input without pull."""
        self._modes: dict[int, int] = {}
        self._pulls: dict[int, int] = {}
        self._latches: dict[int, int] = {}

    def check(self, pin: int) -> None:
        """Raises HardwareError for what is no usable pin."""
        if pin in _FLASH_PINS:
            raise HardwareError(f"GPIO {pin} is wired to the flash of the ESP32")
        if pin not in _PINS:
            raise HardwareError(f"an ESP32 has no GPIO {pin}")

    def mode(self, pin: int, mode: int, pull: int) -> None:
        """`machine.Pin` with a mode; `pull` is 0, PULL_DOWN or PULL_UP."""
        self.check(pin)
        if mode not in (IN, OUT, OPEN_DRAIN):
            raise HardwareError(f"GPIO {pin}: unknown mode {mode}")
        if pull not in (NO_PULL, PULL_DOWN, PULL_UP):
            raise HardwareError(f"GPIO {pin}: unknown pull {pull}")
        if pin >= _FIRST_INPUT_ONLY and (mode != IN or pull):
            raise HardwareError(f"GPIO {pin} is an input only, without pull resistors")
        if mode != IN and (pin in self._sources or pin in self._contacts):
            raise HardwareError(f"GPIO {pin} is an input on this board: a short circuit")
        self._modes[pin] = mode
        self._pulls[pin] = pull

    def write(self, pin: int, value: int) -> None:
        """Set the output latch; it is seen outside once the pin is an output."""
        self.check(pin)
        self._latches[pin] = 1 if value else 0

    def level(self, pin: int) -> int:
        """What is on the wire."""
        mode = self._modes.get(pin, 0)
        latch = self._latches.get(pin, 0)
        if mode == OUT or (mode == OPEN_DRAIN and not latch):
            return latch
        source = self._sources.get(pin)
        if source:
            return source()
        contact = self._contacts.get(pin)
        if contact and contact():
            return 0
        pull = self._pulls.get(pin, NO_PULL)
        return 1 if pull == PULL_UP else 0 if pull else self._resistors.get(pin, 0)

    def read(self, pin: int) -> int:
        """`Pin.value()`."""
        self.check(pin)
        return self.level(pin)


class Contact:
    """A mechanical contact: for `bounce_ms` after each change it chatters, every millisecond."""

    def __init__(self, closed: bool, bounce_ms: float = 0.0) -> None:
        self.closed = closed
        self._bounce_ms = bounce_ms
        self._changed_ms = -bounce_ms

    def set(self, closed: bool, at_ms: float) -> None:
        """Move it."""
        if closed != self.closed:
            self.closed = closed
            self._changed_ms = at_ms

    def conducts(self, now_ms: float) -> bool:
        """Is it closed at this instant."""
        since_ms = now_ms - self._changed_ms
        if since_ms < self._bounce_ms and int(since_ms) % 2:
            return not self.closed
        return self.closed
