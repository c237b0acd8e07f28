"""TC_019_CS: GetConfiguration of one key, of all, of its limit, and of as many as it may be."""

import pytest

from host_tests.scenarios.conformance.states import value_of

# Required keys of each profile: R read only, RW also written, * either.
CORE = """
AuthorizeRemoteTxRequests * ClockAlignedDataInterval RW ConnectionTimeOut RW
ConnectorPhaseRotation RW GetConfigurationMaxKeys R HeartbeatInterval RW LocalAuthorizeOffline RW
LocalPreAuthorize RW MeterValuesAlignedData RW MeterValuesSampledData RW
MeterValueSampleInterval RW NumberOfConnectors R ResetRetries RW StopTransactionOnInvalidId RW
StopTxnAlignedData RW StopTxnSampledData RW SupportedFeatureProfiles R
TransactionMessageAttempts RW TransactionMessageRetryInterval RW
UnlockConnectorOnEVSideDisconnect *
"""
LISTS = "LocalAuthListEnabled RW LocalAuthListMaxLength R SendLocalListMaxLength R"
CHARGING = """
ChargeProfileMaxStackLevel R ChargingScheduleAllowedChargingRateUnit R
ChargingScheduleMaxPeriods R MaxChargingProfilesInstalled R
"""
REQUIRED = {"Core": CORE, "LocalAuthListManagement": LISTS, "SmartCharging": CHARGING}


def pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def test_profiles(bench) -> None:
    answer = bench.call("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    assert answer.get("unknownKey", []) == []
    (entry,) = answer["configurationKey"]
    assert entry["readonly"] is True
    assert "Core" in entry["value"].split(",")


@pytest.mark.parametrize("payload", [{}, {"key": []}])
def test_all_required_keys_with_the_right_access(bench, payload: dict) -> None:
    answer = bench.call("GetConfiguration", payload)
    assert answer.get("unknownKey", []) == []
    rows = {entry["key"]: entry for entry in answer["configurationKey"]}
    assert len(rows) == len(answer["configurationKey"])
    profiles = rows["SupportedFeatureProfiles"]["value"].split(",")
    required = {k: v for p in profiles for k, v in pairs(REQUIRED.get(p, "")).items()}
    assert set(required) <= set(rows), set(required) - set(rows)
    for key, access in required.items():
        if access != "*":
            assert rows[key]["readonly"] is (access == "R"), key
    assert all(len(row.get("value", "")) <= 500 for row in rows.values())
    assert "AuthorizationKey" not in rows


def test_the_limit_of_one_request(bench) -> None:
    assert int(value_of(bench, "GetConfigurationMaxKeys")) >= len(pairs(CORE))


def test_as_many_keys_as_it_may_be(bench) -> None:
    limit = int(value_of(bench, "GetConfigurationMaxKeys"))
    everything = bench.call("GetConfiguration")["configurationKey"]
    wanted = [entry["key"] for entry in everything][:limit]
    answer = bench.call("GetConfiguration", {"key": wanted})
    assert answer.get("unknownKey", []) == []
    assert answer["configurationKey"] == everything[:limit]


def test_unknown_keys_are_named(bench) -> None:
    answer = bench.call("GetConfiguration", {"key": ["NoSuchKey", "HeartbeatInterval"]})
    assert answer["unknownKey"] == ["NoSuchKey"]
    assert [entry["key"] for entry in answer["configurationKey"]] == ["HeartbeatInterval"]
