"""Chips at register level, so that the firmware's own drivers work on them."""


class HardwareError(Exception):
    """An access to something that is not there; the text names it."""
