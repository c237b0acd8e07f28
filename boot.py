# Outputs off, before anything else can go wrong. Runs at every reset; nothing in it can raise.
from machine import Pin


def outputs_off() -> None:
    """Contactor coil and charge-pump enable low (docs/wiring.md); never raises."""
    for pin in (25, 26):
        try:
            Pin(pin, Pin.OUT, value=0)
        except Exception:  # the next output must still be switched off
            pass


outputs_off()
