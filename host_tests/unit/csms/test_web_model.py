"""tools.csms.web_model: the phase and the numbers of a charger as the page shows them."""

import json

import pytest

from tools.csms.charger import Charger
from tools.csms.web_model import MAX_POINTS, charger_view, message_view, number, points

START = "2026-01-21T09:52:20Z"
VEHICLE = {"soc": 87.0, "maxCurrent": 90.0, "voltage": 76.38, "current": 0.0, "temperature": 26.5}
SUMMARY = {
    "transaction_id": 130,
    "finalSoc": 87.18,
    "energyDelivered": 3.39,
    "durationMinutes": 1.5,
}
METER = {
    "Energy.Active.Import.Register": "1003",
    "Power.Active.Import": "142.00",
    "SoC": "87.07",
    "Voltage": "77.15",
    "Current.Import": "1.85",
}
TRANSACTION = {"transaction_id": 130, "connector_id": 1, "id_tag": "TAG", "meter_start": 1000}


def charger(status="", **more):
    made = Charger("RIVOT_100A_01", connected=True, **more)
    if status:
        made.statuses[1] = {
            "status": status, "error_code": "NoError", "info": "", "vendor_error_code": "",
            "timestamp": START,
        }  # fmt: skip
    return made


def charging(status="Charging", **meter):
    return charger(
        status,
        vehicle=dict(VEHICLE),
        transaction={**TRANSACTION, "timestamp": START},
        meter={**METER, **meter},
        meter_timestamp="2026-01-21T09:53:50Z",
    )


@pytest.mark.parametrize(
    ("status", "vehicle", "transaction", "summary", "phase"),
    [
        ("", False, False, False, "preparing"),
        ("Available", False, False, False, "available"),
        ("Preparing", False, False, False, "preparing"),
        ("Preparing", True, False, False, "vehicle"),
        ("Preparing", True, True, False, "charging"),
        ("Charging", False, False, False, "charging"),
        ("SuspendedEV", True, True, False, "charging"),
        ("Finishing", True, True, True, "charging"),
        ("Finishing", True, False, True, "complete"),
        ("Finishing", True, False, False, "finishing"),
        ("Available", False, False, True, "complete"),
        ("Reserved", False, False, False, "reserved"),
        ("Unavailable", False, False, True, "unavailable"),
        ("Faulted", True, True, True, "faulted"),
    ],
)
def test_the_phase(status, vehicle, transaction, summary, phase):
    one = charger(status, vehicle=VEHICLE if vehicle else None)
    one.transaction = TRANSACTION if transaction else None
    view = charger_view(one, SUMMARY if summary else None)
    assert view["model"]["phase"] == phase
    one.connected = False
    assert charger_view(one)["model"]["phase"] == "offline"


def test_the_three_phases_have_the_guides_numbers():
    view = charger_view(charging(), SUMMARY)
    model = view["model"]
    assert model["vehicle"] == VEHICLE
    assert model["charge"] == {
        "soc": 87.07, "power": 142.0, "current": 1.85, "voltage": 77.15, "energy": 3.0,
        "seconds": 90.0, "rising": True, "paused": "",
    }  # fmt: skip
    assert model["summary"] == {"finalSoc": 87.18, "energyDelivered": 3.39, "durationMinutes": 1.5}
    assert view["session"] == 130
    json.dumps(view, allow_nan=False)


@pytest.mark.parametrize(("status", "who"), [("SuspendedEV", "vehicle"), ("Charging", "")])
def test_who_has_paused(status, who):
    assert charger_view(charging(status))["model"]["charge"]["paused"] == who


def test_before_the_first_sample_nothing_is_known():
    one = charging()
    one.meter = {}
    charge = charger_view(one)["model"]["charge"]
    assert {charge[key] for key in ("soc", "power", "energy", "seconds")} == {None}
    assert charge["rising"] is False


@pytest.mark.parametrize("nonsense", ["", "nan", "inf", "1e999", "<b>1</b>", "٣x"])
def test_nonsense_is_null_and_stays_json(nonsense):
    one = charging(SoC=nonsense)
    one.vehicle = {**VEHICLE, "soc": float("inf")}
    one.meter_timestamp = nonsense
    view = charger_view(one)
    charge = view["model"]["charge"]
    assert (charge["soc"], charge["seconds"], charge["rising"]) == (None, None, False)
    assert view["model"]["vehicle"]["soc"] is None
    json.dumps(view, allow_nan=False)


def test_a_fault_has_the_vendors_name_or_ocpps():
    one = charger("Faulted")
    one.statuses[1].update(error_code="OtherError", vendor_error_code="EmergencyStop", info="i")
    fault = charger_view(one)["model"]["fault"]
    assert fault == {"name": "EmergencyStop", "since": START, "what": "i"}
    one.statuses[1]["vendor_error_code"] = ""
    assert charger_view(one)["model"]["fault"]["name"] == "OtherError"


def test_a_charger_with_a_thousand_connectors_is_cut():
    one = charger("Available")
    for connector in range(1000):
        one.statuses[connector] = dict(one.statuses[1])
    assert len(charger_view(one)["connectors"]) == 20


def sample(t, measurand, value, phase=""):
    at = f"2026-01-21T{9 + t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d}Z"
    return {"timestamp": at, "measurand": measurand, "value": value, "phase": phase}


def test_points_of_a_chart():
    rows = [
        sample(20, "SoC", "87.1"),
        sample(10, "Power.Active.Import", "142.00"),
        sample(10, "SoC", "87.07"),
        sample(10, "Voltage", "77"),
        sample(10, "Power.Active.Import", "5", "L1"),
        {**sample(0, "SoC", "1"), "timestamp": "yesterday"},
    ]
    assert points(rows, "2026-01-21T09:00:00Z") == [
        {"t": 10.0, "power": 142.0, "soc": 87.07},
        {"t": 20.0, "power": None, "soc": 87.1},
    ]
    assert points(rows, "") == []


def test_a_long_session_is_thinned_out_and_keeps_its_end():
    rows = [sample(t, "SoC", "50") for t in range(0, 3001)]
    found = points(rows, "2026-01-21T09:00:00Z")
    assert MAX_POINTS / 2 < len(found) <= MAX_POINTS
    assert found[-1]["t"] == 3000


def test_a_long_message_is_cut():
    data = {"direction": "in", "type": 2, "action": "x" * 500, "raw": "y" * 9000, "problem": ""}
    view = message_view(START, data)
    assert len(view["raw"]) < 4100 and view["raw"].endswith("… (9000 characters)")
    assert len(view["action"]) == 100


@pytest.mark.parametrize("value", [None, [], {}, "x", 10**400, float("nan")])
def test_what_is_no_number(value):
    assert number(value) is None
