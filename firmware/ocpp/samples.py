"""Meter samples, packed into some 50 bytes for flash. meter_values.py renders them to be sent.

A packed sample is text: a letter for the context, the time, then letter and integer of each
measurand in the configured order, `P 1768989150 E0 W142 S8707 V77150 I1850`.
"""

from .measurands import LETTERS, MEASURANDS

PERIODIC = "P"  # contexts, see meter_values.py
CLOCK = "C"
BEGIN = "B"
END = "X"
TRIGGER = "T"
_UNKNOWN_TEMPERATURE = -32768  # charging/readings.py


def pack(
    measurands: str,
    unix_s: int,
    context: str,
    energy_wh: int,
    power_w: int,
    soc_c100: int,
    voltage_mv: int,
    current_ma: int,
    offered_ma: int,
    temperature_c10: int,
) -> str:
    """One sample of a configuration key's list of `measurands` ("" means the energy).

    A SoC of -1 and an unknown temperature are left out.
    """
    values = (energy_wh, power_w, soc_c100, voltage_mv, current_ma, offered_ma, temperature_c10)
    parts = [context, str(unix_s)]
    for name in measurands.split(","):
        for letter, measurand, value in zip(LETTERS, MEASURANDS, values):
            known = value >= 0 if letter == "S" else value != _UNKNOWN_TEMPERATURE
            if measurand == name and known:
                parts.append(letter + str(value))
    if len(parts) == 2:  # OCPP allows no sample without a value
        parts.append("E%d" % energy_wh)
    return " ".join(parts)
