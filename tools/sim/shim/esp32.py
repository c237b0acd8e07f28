"""`esp32` of the virtual chip: only what the firmware asks for."""


def mcu_temperature() -> int:
    """Degrees Celsius inside the chip."""
    return 45
