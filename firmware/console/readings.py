"""Readings for people: rows of (what, value with unit). Loaded on demand."""

from firmware.charging.readings import STALE_MS, UNKNOWN_TEMPERATURE


def show(what: str, value: str) -> None:
    """One row."""
    print("%-14s %s" % (what, value))


def _heard(age_ms: int) -> str:
    return "not heard" if age_ms >= STALE_MS else "heard %d ms ago" % age_ms


def _milli(value: int, unit: str) -> str:
    """Thousandths with two digits."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    return "%s%d.%02d %s" % (sign, value // 1000, value % 1000 // 10, unit)


def _degrees(value_c10: int) -> str:
    if value_c10 == UNKNOWN_TEMPERATURE:
        return "unknown"
    return "%s%d.%d degC" % (
        "-" if value_c10 < 0 else "",
        abs(value_c10) // 10,
        abs(value_c10) % 10,
    )


def vehicle_rows(reading: "BmsReading") -> list:
    """What the BMS says."""
    soc_c100 = reading.soc_c100
    voltage_mv = reading.voltage_mv
    return [
        ("Heard", _heard(reading.age_ms)),
        ("Charge", "unknown" if soc_c100 < 0 else _milli(soc_c100 * 10, "%")),
        ("Voltage", "unknown" if voltage_mv < 0 else _milli(voltage_mv, "V")),
        ("Current", _milli(reading.current_ma, "A")),
        ("Allowed", "yes" if reading.allowed else "no"),
        ("Limits", "%s, %s" % (
            _milli(reading.voltage_limit_mv, "V"), _milli(reading.current_limit_ma, "A"))),
        ("Temperature", _degrees(reading.temperature_c10)),
        ("Alarms", "0x%X" % reading.alarms if reading.alarms else "none"),
    ]  # fmt: skip


def module_rows(reading: "ModuleReading") -> list:
    """What the power module says."""
    return [
        ("Heard", _heard(reading.age_ms)),
        ("Output", "%s, %s" % (_milli(reading.output_mv, "V"), _milli(reading.output_ma, "A"))),
        ("State", "on" if reading.on else "off"),
        ("Gun", "%s, %s" % (_milli(reading.terminal_mv, "V"), _milli(reading.terminal_ma, "A"))),
        ("Temperature", _degrees(reading.temperature_c10)),
        ("Fault bits", "0x%X" % reading.fault if reading.fault else "none"),
    ]
