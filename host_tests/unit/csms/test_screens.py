"""tools.run.screens: the guide's three drawings with the guide's numbers."""

import pytest

from tools.csms.charger import Charger
from tools.run import screens

VEHICLE = """┌─────────────────────────────────┐
│ Vehicle Connected               │
│                                 │
│ Initial SOC:     87.0%          │
│ Max Current:     90.0 A         │
│ Voltage:         76.4 V         │
│ Temperature:     26.5°C         │
│                                 │
│ [Start Charging]                │
└─────────────────────────────────┘"""
COMPLETE = """┌─────────────────────────────────┐
│ Session Complete ✓              │
│                                 │
│ Final SOC:      87.18%          │
│ Energy:         3.39 Wh         │
│ Duration:       1:30            │
│                                 │
│ [View Details] [Close]          │
└─────────────────────────────────┘"""


def charging(**meter):
    """A charger 90 s into its session, metering from 1000 Wh."""
    values = {
        "SoC": "87.18",
        "Power.Active.Import": "142.00",
        "Current.Import": "1.85",
        "Voltage": "77.40",
        "Energy.Active.Import.Register": "1003",
    }
    return Charger(
        "X",
        transaction={"meter_start": 1000, "timestamp": "2026-01-21T09:52:20Z"},
        meter={**values, **meter},
        meter_timestamp="2026-01-21T09:53:50.000Z",
    )


def test_vehicle_connected_is_the_guides_drawing():
    vehicle = {
        "soc": 87.0,
        "maxCurrent": 90.0,
        "voltage": 76.38,
        "current": 0,
        "temperature": 26.5,
    }
    assert screens.vehicle_connected(vehicle) == VEHICLE


def test_session_complete_is_the_guides_drawing():
    summary = {"finalSoc": 87.18, "energyDelivered": 3.39, "durationMinutes": 1.5}
    assert screens.session_complete(summary) == COMPLETE


@pytest.mark.parametrize(
    "row",
    [
        "SOC:            87.18% ▲",
        "Power:          142 W",
        "Current:        1.85 A",
        "Voltage:        77.4 V",
        "Energy:         3.0 Wh",
        "Duration:       1:30",
        "[████████░░] 87%",
    ],
)
def test_charging_active_has_the_guides_rows(row):
    assert f"│ {row:<31} │" in screens.charging_active(charging(), 87.0).splitlines()


def test_the_arrow_needs_a_rise():
    assert "▲" not in screens.charging_active(charging(), 87.18)


def test_a_meter_that_makes_no_sense_is_drawn_all_the_same():
    charger = charging(SoC="high", Voltage="?")
    charger.meter_timestamp = "yesterday"
    drawing = screens.charging_active(charger, 0)
    assert "Duration:       0:00" in drawing and "0.00%" in drawing


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (89.6, "1:30"), (3661, "61:01"), (-5, "0:00")]
)
def test_clock(seconds, text):
    assert screens.clock(seconds) == text
