"""PZEM-017: volts, amps and energy of a DC line at a shunt, Modbus RTU with two stop bits.

hardware-protocols.md section 5. It measures one direction only; its register counts whole Wh.
"""

from firmware.drivers.meter.modbus import (
    CURRENT,
    ENERGY,
    LOW_FIRST,
    U16,
    U32,
    VOLTAGE,
    ModbusMeter,
)

WIRE = ("uart", 9600, 8, None, 2)

# All eight input registers: 0.01 V, 0.01 A, power (2), Wh (2), and two alarms by its own
# thresholds, which are nobody's business here.
PLAN = (
    (
        4,
        0,
        8,
        (
            (VOLTAGE, 0, U16, 10, 1, -1),
            (CURRENT, 2, U16, 10, 1, -1),
            (ENERGY, 8, U32 + LOW_FIRST, 1, 1, -1),
        ),
    ),
)


def make(uart: "UART", reading: "MeterReading", options: "Settings") -> ModbusMeter:
    """The driver on its UART."""
    return ModbusMeter(uart, reading, options.meter_address, PLAN)
