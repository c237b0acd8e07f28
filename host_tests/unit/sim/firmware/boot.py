"""Test firmware: outputs off, as the real one does it."""

import machine

machine.Pin(25, machine.Pin.OUT, value=0)
