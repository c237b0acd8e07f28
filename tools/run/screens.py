"""The integration guide's three screens, drawn with the fields and formats it gives."""

from __future__ import annotations

from tools.csms.charger import Charger
from tools.csms.events import parse_time

_WIDTH = 33


def box(title: str, rows: list[str], buttons: str) -> str:
    """A framed screen."""
    body = [title, "", *rows, "", buttons]
    lines = [f"│ {line:<{_WIDTH - 2}} │" for line in body]
    edge = "─" * _WIDTH
    return "\n".join([f"┌{edge}┐", *lines, f"└{edge}┘"])


def _row(name: str, value: str, width: int = 16) -> str:
    return f"{name + ':':<{width}}{value}"


def vehicle_connected(vehicle: dict[str, float]) -> str:
    """Phase 1, from VehicleInfo."""
    rows = [
        _row("Initial SOC", f"{vehicle['soc']:.1f}%", 17),
        _row("Max Current", f"{vehicle['maxCurrent']:.1f} A", 17),
        _row("Voltage", f"{vehicle['voltage']:.1f} V", 17),
        _row("Temperature", f"{vehicle['temperature']:.1f}°C", 17),
    ]
    return box("Vehicle Connected", rows, "[Start Charging]")


def charging_active(charger: Charger, initial_soc: float) -> str:
    """Phase 2, from the newest MeterValues; the arrow shows a state of charge that has risen."""
    meter, transaction = charger.meter, charger.transaction or {}
    soc = _number(meter, "SoC")
    energy = _number(meter, "Energy.Active.Import.Register") - transaction.get("meter_start", 0)
    try:
        start = parse_time(transaction["timestamp"])
        seconds = (parse_time(charger.meter_timestamp) - start).total_seconds()
    except (KeyError, ValueError):
        seconds = 0
    filled = min(10, max(0, int(soc // 10)))
    rows = [
        _row("SOC", f"{soc:.2f}%" + (" ▲" if soc > initial_soc else "")),
        _row("Power", f"{_number(meter, 'Power.Active.Import'):.0f} W"),
        _row("Current", f"{_number(meter, 'Current.Import'):.2f} A"),
        _row("Voltage", f"{_number(meter, 'Voltage'):.1f} V"),
        _row("Energy", f"{energy:.1f} Wh"),
        "",
        _row("Duration", clock(seconds)),
        "",
        f"[{'█' * filled}{'░' * (10 - filled)}] {int(soc)}%",
    ]
    return box("Charging Active", rows, "[Stop Charging]")


def session_complete(summary: dict[str, float]) -> str:
    """Phase 3, from SessionSummary."""
    rows = [
        _row("Final SOC", f"{summary['finalSoc']:.2f}%"),
        _row("Energy", f"{summary['energyDelivered']:.2f} Wh"),
        _row("Duration", clock(summary["durationMinutes"] * 60)),
    ]
    return box("Session Complete ✓", rows, "[View Details] [Close]")


def clock(seconds: float) -> str:
    """Minutes and seconds, as 1:30."""
    whole = round(max(0, seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _number(values: dict[str, str], name: str) -> float:
    try:
        return float(values.get(name, 0))
    except ValueError:
        return 0.0
