import json

import pytest

from firmware.ocpp import rivot
from host_tests.unit.ocpp.schemas import valid

UNKNOWN = -32768


def data_of(text):
    """The data string of a DataTransfer payload that keeps to the schema and the guide's order."""
    payload = valid("DataTransfer", text)
    assert list(payload) == ["vendorId", "messageId", "data"]
    assert payload["vendorId"] == rivot.VENDOR_ID
    json.loads(payload["data"])
    return payload["data"]


def test_vehicle_info_is_the_guides_to_the_byte():
    assert rivot.vehicle_info(8700, 90000, 76380, 0, 265) == (
        '{"vendorId":"RivotMotors","messageId":"VehicleInfo","data":"{\\"soc\\":87.00,'
        '\\"maxCurrent\\":90.0,\\"voltage\\":76.38,\\"current\\":0.0,\\"temperature\\":26.5}"}'
    )


def test_session_summary_is_the_guides_to_the_byte():
    assert rivot.session_summary(8718, 3390, 90000) == (
        '{"vendorId":"RivotMotors","messageId":"SessionSummary","data":"{\\"finalSoc\\":87.18,'
        '\\"energyDelivered\\":3.39,\\"durationMinutes\\":1.50}"}'
    )


@pytest.mark.parametrize(
    "values, wanted",
    [
        ((0, 0, 0, 0, 0), "0.00 0.0 0.00 0.0 0.0"),
        ((10000, 100000, 84000, 1850, -125), "100.00 100.0 84.00 1.9 -12.5"),
        ((5, 1849, 76384, -1849, -5), "0.05 1.8 76.38 -1.8 -0.5"),
        ((-1, 0, -1, 0, UNKNOWN), "0.00 0.0 0.00 0.0 0.0"),
    ],
)
def test_vehicle_info_number_formats(values, wanted):
    names = ("soc", "maxCurrent", "voltage", "current", "temperature")
    numbers = ['"%s":%s' % pair for pair in zip(names, wanted.split(), strict=True)]
    assert data_of(rivot.vehicle_info(*values)) == "{" + ",".join(numbers) + "}"


@pytest.mark.parametrize(
    "values, wanted",
    [
        ((-1, 0, 0), "0.00 0.00 0.00"),
        ((10000, 4, 299), "100.00 0.00 0.00"),
        ((10000, 5, 300), "100.00 0.01 0.01"),
        ((8718, 50_000_000, 86_400_000), "87.18 50000.00 1440.00"),
    ],
)
def test_session_summary_number_formats(values, wanted):
    names = ("finalSoc", "energyDelivered", "durationMinutes")
    numbers = ['"%s":%s' % pair for pair in zip(names, wanted.split(), strict=True)]
    assert data_of(rivot.session_summary(*values)) == "{" + ",".join(numbers) + "}"
