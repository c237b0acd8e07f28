"""The hardware options as they have been chosen; the table they come from is forgotten by then."""

from firmware.errors import ChargerError


class Options:
    """The options as attributes or, where no name shall stay in RAM for it, as items.

    AttributeError or KeyError: there is none of that name.
    """

    def __init__(self, values: dict) -> None:
        self._values = values

    def __getitem__(self, key: str) -> object:
        return self._values[key]

    def __getattr__(self, key: str) -> object:
        values = self._values
        if key not in values:
            raise AttributeError(key)
        return values[key]


def check_pins(used: tuple) -> None:
    """`used` is (GPIO, what it is for)...; ChargerError names two that want the same."""
    taken = {}
    for pin, what in used:
        if pin in taken:
            raise ChargerError(
                "hardware.json: %s: GPIO %d is %s's already" % (what, pin, taken[pin])
            )
        taken[pin] = what
