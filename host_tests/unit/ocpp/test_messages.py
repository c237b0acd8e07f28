import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.ocpp import payloads, samples, stop_parts
from firmware.ocpp.date_parser import parse_iso8601
from firmware.ocpp.measurands import MEASURANDS
from firmware.ocpp.messages import TID, fixed, quote
from firmware.ocpp.meter_values import render
from firmware.ocpp.status_notification import status_notification
from host_tests.unit.ocpp.schemas import valid

T = parse_iso8601("2026-01-21T09:51:06Z")
GUIDE_FIVE = "Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import"
GUIDE_VALUES = (0, 142, 8707, 77150, 1850, 90000, 265)
GUIDE_METER_VALUES = (
    '{"connectorId":1,"transactionId":130,"meterValue":[{"timestamp":"2026-01-21T09:52:30Z",'
    '"sampledValue":[{"value":"0","context":"Sample.Periodic","measurand":'
    '"Energy.Active.Import.Register","unit":"Wh"},{"value":"142.00","context":"Sample.Periodic",'
    '"measurand":"Power.Active.Import","unit":"W"},{"value":"87.07","context":"Sample.Periodic",'
    '"measurand":"SoC","unit":"Percent"},{"value":"77.15","context":"Sample.Periodic",'
    '"measurand":"Voltage","unit":"V"},{"value":"1.85","context":"Sample.Periodic",'
    '"measurand":"Current.Import","unit":"A"}]}]}'
)


def stop_with_data(packed: str) -> str:
    record = payloads.stop_transaction(3, T, 1769000000, "Local", "TAG") + "\t" + packed
    return "".join("".join(part) for part in stop_parts.parts(record))


CASES = [
    (
        "BootNotification",
        payloads.boot_notification("Rivot Charger", "Rivot Motors"),
        '{"chargePointModel":"Rivot Charger","chargePointVendor":"Rivot Motors"}',
    ),
    (
        "BootNotification",
        payloads.boot_notification("M", "V", "2.1.0", "SN1"),
        '{"chargePointModel":"M","chargePointVendor":"V","firmwareVersion":"2.1.0",'
        '"chargePointSerialNumber":"SN1"}',
    ),
    ("Authorize", payloads.authorize("0A1B2C3D4E"), '{"idTag":"0A1B2C3D4E"}'),
    (
        "StatusNotification",
        status_notification(0, "NoError", "Available", T),
        '{"connectorId":0,"errorCode":"NoError","status":"Available",'
        '"timestamp":"2026-01-21T09:51:06Z"}',
    ),
    (
        "StatusNotification",
        status_notification(
            1, "OtherError", "Faulted", T, 'E-stop "x"' * 9, "RivotMotors", "estop"
        ),
        '{"connectorId":1,"errorCode":"OtherError","status":"Faulted",'
        '"timestamp":"2026-01-21T09:51:06Z","info":%s,"vendorId":"RivotMotors",'
        '"vendorErrorCode":"estop"}' % json.dumps(('E-stop "x"' * 9)[:50]),
    ),
    (
        "StartTransaction",
        payloads.start_transaction(1, "TEST_TAG", 0, parse_iso8601("2026-01-21T09:52:20Z")),
        '{"connectorId":1,"idTag":"TEST_TAG","meterStart":0,"timestamp":"2026-01-21T09:52:20Z"}',
    ),
    (
        "StartTransaction",
        payloads.start_transaction(1, "T", 5_000_000_000, T, 0),
        '{"connectorId":1,"idTag":"T","meterStart":5000000000,'
        '"timestamp":"2026-01-21T09:51:06Z","reservationId":0}',
    ),
    (
        "StopTransaction",
        payloads.stop_transaction(3, parse_iso8601("2026-01-21T09:53:50Z"), 130, "Remote"),
        '{"meterStop":3,"timestamp":"2026-01-21T09:53:50Z","transactionId":130,"reason":"Remote"}',
    ),
    (
        "StopTransaction",
        stop_with_data("X %d E3" % T),
        '{"meterStop":3,"timestamp":"2026-01-21T09:51:06Z","transactionId":1769000000,'
        '"reason":"Local","idTag":"TAG","transactionData":[{"timestamp":"2026-01-21T09:51:06Z",'
        '"sampledValue":[{"value":"3","context":"Transaction.End",'
        '"measurand":"Energy.Active.Import.Register","unit":"Wh"}]}]}',
    ),
]


@pytest.mark.parametrize("action, text, wanted", CASES)
def test_payloads_are_the_guides_and_keep_to_the_schema(action, text, wanted):
    assert text == wanted
    valid(action, text)


def test_the_transaction_id_may_come_later():
    text = payloads.stop_transaction(3, T, TID, "Remote")
    assert text.count(TID) == 1
    valid("StopTransaction", text.replace(TID, "130"))


@given(st.text(max_size=40))
def test_quote_is_json_and_never_holds_the_token(text):
    quoted = quote(text)
    assert json.loads(quoted) == text
    assert TID not in quoted
    quoted.encode()


def test_a_tag_that_looks_like_the_token_is_no_token():
    text = payloads.start_transaction(1, "x@TID@@TID@", 0, T)
    assert TID not in text
    assert json.loads(text)["idTag"] == "x@TID@@TID@"


@pytest.mark.parametrize(
    "value, decimals, step, wanted",
    [
        (0, 2, 1, "0.00"), (5, 2, 1, "0.05"), (8707, 2, 1, "87.07"), (-5, 1, 1, "-0.5"),
        (-125, 1, 1, "-12.5"), (77154, 2, 10, "77.15"), (77155, 2, 10, "77.16"),
        (4, 2, 10, "0.00"), (99999, 2, 10, "100.00"), (90000, 1, 100, "90.0"),
        (49, 1, 100, "0.0"), (50, 1, 100, "0.1"), (-50, 1, 100, "0.0"),
        (-51, 1, 100, "-0.1"), (2**40, 2, 10, "1099511627.78"),
    ],
)  # fmt: skip
def test_fixed_point_numbers(value, decimals, step, wanted):
    assert fixed(value, decimals, step) == wanted


def test_a_sample_is_packed_short_and_rendered_as_the_guide_shows():
    packed = samples.pack(
        GUIDE_FIVE, parse_iso8601("2026-01-21T09:52:30Z"), samples.PERIODIC, *GUIDE_VALUES
    )
    assert packed == "P 1768989150 E0 W142 S8707 V77150 I1850"
    assert "".join(render(packed, 130)) == GUIDE_METER_VALUES
    valid("MeterValues", GUIDE_METER_VALUES)
    waiting = "".join(render(packed, TID))
    assert waiting.replace(TID, "130") == GUIDE_METER_VALUES


def test_every_measurand_keeps_the_configured_order_and_its_format():
    names = ",".join(reversed(MEASURANDS))
    packed = samples.pack(names, T, samples.TRIGGER, 12345, 7712, 10000, 77156, 99995, 90004, -125)
    payload = valid("MeterValues", "".join(render(packed, None, 0)))
    assert payload["connectorId"] == 0 and "transactionId" not in payload
    values = payload["meterValue"][0]["sampledValue"]
    assert [value["measurand"] for value in values] == names.split(",")
    assert [value["value"] for value in values] == [
        *("-12.5", "90.00", "100.00", "77.16", "100.00", "7712.00", "12345"),
    ]
    assert {value["context"] for value in values} == {"Trigger"}


@pytest.mark.parametrize("context", "PCBXT")
def test_contexts_are_ocpps(context):
    packed = samples.pack("", T, context, *GUIDE_VALUES)
    valid("MeterValues", "".join(render(packed, 1)))


@pytest.mark.parametrize(
    "measurands, soc_c100, temperature_c10, wanted",
    [
        ("", 8707, 265, "P 0 E7"),
        ("SoC,Temperature,Voltage", -1, -32768, "P 0 V77150"),
        ("SoC,Temperature", -1, -1, "P 0 T-1"),
        ("SoC", -1, 265, "P 0 E7"),
        ("Power.Active.Import,SoC", 0, 265, "P 0 W142 S0"),
    ],
)
def test_what_is_unknown_is_left_out(measurands, soc_c100, temperature_c10, wanted):
    values = (7, 142, soc_c100, 77150, 1850, 90000, temperature_c10)
    assert samples.pack(measurands, 0, "P", *values) == wanted
