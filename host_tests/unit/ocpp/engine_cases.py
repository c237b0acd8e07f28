"""What the OCPP engine answers to a fixed list of inputs, one line each; any interpreter runs it.

test_on_micropython.py compares the lines of the three interpreters.
"""

import gc
import sys

from firmware.ocpp import (
    date_parser,
    dates,
    messages,
    meter_values,
    payloads,
    rivot,
    rpc,
    samples,
    strict_json,
)
from firmware.ocpp.errors import OcppError
from firmware.ocpp.keys import Keys
from firmware.ocpp.status_notification import status_notification
from host_tests.unit.ocpp.answers import answer_of

GUIDE_FIVE = "Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import"
T = 1_768_989_066

JSON = (
    '[2,"a","Reset",{"type":"Soft"}]', '[2,"a","Reset",{"type":"Soft"}', '[2 "a" "b" {}]', "{1:2}",
    "[1,]", '{"a"}', '{"a" 1}', "[1}", "[01]", "[1.2.3]", "[-]", '["\\q"]', '["\\u12"]', "NaN",
    "[" * 40, "[" * 16 + "]" * 16, "", "[] []", '"\\u00e9\\ud83d"', "[1e5, -0, 12345678901]",
    '["a\x01"]', "tru", "[truefalse]", '{"a":{"b":[null,true,false]}}', "[1_0]", "[+1]", "[.5]",
)  # fmt: skip
DATES = (
    "2026-01-21T09:51:06.209Z", "2026-01-21t15:21:06+05:30", "2038-01-19T03:14:08z",
    "2105-12-31 23:59:59", "2026-02-29T00:00:00Z", "2026-1-21T09:51:06Z", "now", "",
    "2000-02-29T00:00:00-08:00",
)  # fmt: skip
CALLS = (
    ("RemoteStartTransaction", {"idTag": "T"}), ("RemoteStartTransaction", {"idTag": 1}),
    ("RemoteStartTransaction", {}), ("RemoteStartTransaction", {"idTag": "é" * 20}),
    ("RemoteStartTransaction", {"idTag": "é" * 21}),
    ("RemoteStopTransaction", {"transactionId": 1.0}),
    ("RemoteStopTransaction", {"transactionId": 1_769_000_000}), ("Reset", {"type": "Hard"}),
    ("RemoteStopTransaction", {"transactionId": True}), ("Reset", {"type": "Now"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}), ("ClearCache", {"x": 1}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}), ("ReserveNow", {}), ("Nothing", {}),
    ("ChangeConfiguration", {"key": "metervaluesampleinterval", "value": "30"}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "-1"}),
    ("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "SoC, Voltage"}),
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "0123456789abcdef"}),
    ("GetConfiguration", {"key": ["MeterValueSampleInterval", "é\n\"", "AuthorizationKey"]}),
    ("GetConfiguration", {}), ("UpdateFirmware", {}),
    ("DataTransfer", {"vendorId": "RivotMotors"}),
)  # fmt: skip
FRAMES = (
    '[3,"%s",{"a":1}]', '[4,"%s","Odd","d",{}]', '[3,"other",{}]', '[3,"%s",[]]',
    '[2,"s","Reset",{"type":"Soft"}]', '[2,"s","Reset"', '[2,"s","Reset",[]]', "garbage",
)  # fmt: skip


class Station:
    """Agrees to everything."""

    number_of_connectors = 1

    def remote_start(self, id_tag: str, connector_id: int, profile: object) -> bool:
        return True

    def remote_stop(self, transaction_id: int) -> bool:
        return transaction_id == 1_769_000_000

    def reset(self, kind: str) -> bool:
        return True

    def change_availability(self, connector_id: int, operative: bool) -> str:
        return "Accepted"

    def clear_cache(self) -> bool:
        return False

    def trigger(self, message: str, connector_id: int) -> bool:
        return True


def attempt(function, *arguments):
    """The result, or the name of what was raised."""
    try:
        return function(*arguments)
    except OcppError as error:
        return "%s: %s" % (error.code, error)
    except ValueError:
        return "ValueError"


def shown(value) -> str:
    """A `repr` that is the same everywhere: dicts sorted, only ASCII."""
    if isinstance(value, str):
        return "".join([c if 32 <= ord(c) < 127 else "<%x>" % ord(c) for c in value])
    if isinstance(value, dict):
        return "{%s}" % ", ".join(sorted([shown(item) for item in value.items()]))
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join([shown(item) for item in value])
    return repr(value)


def lines():
    """All results."""
    for text in JSON:
        yield attempt(strict_json.loads, text)
    for text in DATES:
        yield attempt(date_parser.parse_iso8601, text)
    for unix_s in (0, 951_782_400, T, 2**31, 4_291_747_199):
        yield dates.iso8601(unix_s)
    yield messages.quote('"\\\n\x00é\U0001f600 @TID@ @')
    yield payloads.boot_notification("Rivot Charger", "Rivot Motors", "2.1.0")
    yield status_notification(1, "OtherError", "Faulted", T, "why", "RivotMotors", "x")
    yield payloads.start_transaction(1, "TEST_TAG", 2**33, T, 5)
    packed = samples.pack(GUIDE_FIVE, T, "P", 0, 142, 8707, 77150, 1850, 90000, 265)
    yield packed
    yield "".join(meter_values.render(packed, messages.TID))
    yield payloads.stop_transaction(3, T, messages.TID, "Local", "T")
    yield rivot.vehicle_info(8700, 90000, 76380, -1849, -125)
    yield rivot.session_summary(8718, 2**40, 90000)
    keys = Keys(lambda values: None)
    for action, payload in CALLS:
        yield attempt(answer_of, action, payload, Station(), keys)
    yield sorted(keys.dump().items())
    for frame in FRAMES:
        peer = rpc.Rpc(lambda size: b"\x0f" * size)
        call = peer.call("Heartbeat", "{}", 0)
        yield call
        yield peer.receive(frame.replace("%s", call[4:40])), peer.busy()


def heap() -> None:
    """The answer to GetConfiguration of all keys, again and again, leaves nothing behind."""
    keys = Keys(lambda values: None)
    used = [0] * 12
    for turn in range(12):
        answer_of("GetConfiguration", {}, Station(), keys)
        answer_of("ChangeConfiguration", {"key": "ResetRetries", "value": "2"}, None, keys)
        gc.collect()
        used[turn] = gc.mem_alloc()
    # The least of some: a collection may take a number on the stack for an address.
    print(min(used[9:]) - min(used[3:6]))


if __name__ == "__main__":
    if sys.argv[1:] == ["heap"]:
        heap()
    else:
        for result in lines():
            print(shown(result))
