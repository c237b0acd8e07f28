import pytest

from firmware.ocpp import key_table
from firmware.ocpp.key_table import find, rows
from firmware.ocpp.keys import Keys
from firmware.ocpp.measurands import MEASURANDS

GUIDE_FIVE = "Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import"
# Certification list TC_019: what Core demands and how it may be reached.
REQUIRED = {
    "AuthorizeRemoteTxRequests": "RW", "ClockAlignedDataInterval": "RW", "ConnectionTimeOut": "RW",
    "ConnectorPhaseRotation": "RW", "GetConfigurationMaxKeys": "R", "HeartbeatInterval": "RW",
    "LocalAuthorizeOffline": "RW", "LocalPreAuthorize": "RW", "MeterValuesAlignedData": "RW",
    "MeterValuesSampledData": "RW", "MeterValueSampleInterval": "RW", "NumberOfConnectors": "R",
    "ResetRetries": "RW", "StopTransactionOnInvalidId": "RW", "StopTxnAlignedData": "RW",
    "StopTxnSampledData": "RW", "SupportedFeatureProfiles": "R",
    "TransactionMessageAttempts": "RW", "TransactionMessageRetryInterval": "RW",
    "UnlockConnectorOnEVSideDisconnect": "R", "StopTransactionOnEVSideDisconnect": "RW",
}  # fmt: skip


class Flash:
    """Takes what is stored, or fails."""

    def __init__(self):
        self.stored = []
        self.broken = False

    def __call__(self, values):
        if self.broken:
            raise OSError(28)
        self.stored.append(dict(values))


@pytest.fixture
def flash():
    return Flash()


@pytest.fixture
def keys(flash):
    return Keys(flash)


def test_the_required_keys_are_there_with_the_right_access():
    access = {row[0]: row[1] for row in rows()}
    assert {key: access.get(key) for key in REQUIRED} == REQUIRED


def test_every_row_is_well_formed(keys):
    names = [row[0] for row in rows()]
    assert len(names) == len({name.lower() for name in names}) <= key_table.MAX_KEYS
    assert keys.get("GetConfigurationMaxKeys") <= key_table.MAX_KEYS
    for row in rows():
        assert row[1] in ("R", "RW", "W", "RWB") and len(row[0]) <= 50
        kind = type(keys.get(row[0]))
        assert kind is {"bool": bool, "int": int}.get(row[2], str)
        if row[2] != "bool" and "W" in row[1]:
            assert int(row[4]) <= int(row[5])
        if row[2] == "data":
            assert row[5] == str(len(MEASURANDS))
        if "W" in row[1] and row[3] != "-":  # a default can be set
            assert keys.set(row[0], keys.text(row)) == "Accepted"


def test_defaults_are_the_guides(keys):
    assert keys.get("HeartbeatInterval") == 60
    assert keys.get("MeterValueSampleInterval") == 10
    assert keys.get("MeterValuesSampledData") == GUIDE_FIVE
    assert keys.get("AuthorizeRemoteTxRequests") is False
    assert keys.get("StopTxnSampledData") == "" and keys.get("AuthorizationKey") == ""
    with pytest.raises(KeyError):
        keys.get("Testing")


@pytest.mark.parametrize(
    "key, text, value",
    [
        ("MeterValueSampleInterval", "30", 30),
        ("metervaluesampleINTERVAL", "007", 7),
        ("LocalPreAuthorize", "TRUE", True),
        ("LocalAuthorizeOffline", "False", False),
        ("MeterValuesSampledData", "SoC, Voltage", "SoC,Voltage"),
        ("MeterValuesSampledData", "", ""),
        ("StopTxnSampledData", "Temperature", "Temperature"),
        ("ConnectorPhaseRotation", "0.Unknown,1.RST", "0.Unknown,1.RST"),
        ("AuthorizationKey", "4F43415F4F4354545F61646D696E5F74657374", None),
    ],
)
def test_good_values_are_stored_before_accepted(keys, flash, key, text, value):
    told = []
    keys.changed = told.append
    assert keys.set(key, text) == "Accepted"
    name = find(key)[0]
    assert keys.get(name) == (text if value is None else value)
    assert told == [name]
    again = Keys(flash)
    assert again.load(flash.stored[-1]) == []
    assert again.get(name) == keys.get(name) and again.dump() == keys.dump() != {}


@pytest.mark.parametrize(
    "key, text",
    [
        *[("MeterValueSampleInterval", text) for text in ("-1", "", "x", "1.0", " 1", "1 ", "+1")],
        *[("MeterValueSampleInterval", text) for text in ("86401", "1_0", "٣", "9" * 400)],
        *[("HeartbeatInterval", text) for text in ("0", "ten")],
        *[("LocalPreAuthorize", text) for text in ("", "1", "yes", "true ")],
        ("MeterValuesSampledData", "Voltage.L1-N"),
        ("MeterValuesSampledData", "SoC,"),
        ("MeterValuesSampledData", "soc"),
        ("MeterValuesSampledData", "SoC,SoC"),
        ("MeterValuesSampledData", "SoC" + " " * 500),
        ("MeterValuesSampledData", ",".join(["SoC"] * 200)),
        *[("ConnectorPhaseRotation", text) for text in ("RST", "2.RST", "0.XYZ", "0.RST,0.RST")],
        ("ConnectorPhaseRotation", "0.RST,1.RST,1.TRS"),
        ("AuthorizationKey", "short"),
        ("AuthorizationKey", "x" * 41),
        ("NumberOfConnectors", "2"),
        ("SupportedFeatureProfiles", "Core"),
    ],
)
def test_bad_values_change_nothing(keys, flash, key, text):
    told = []
    keys.changed = told.append
    before = keys.get(key)
    assert keys.set(key, text) == "Rejected"
    assert keys.get(key) == before
    assert (keys.dump(), flash.stored, told) == ({}, [], [])


@pytest.mark.parametrize("key", ["Testing", "", "HeartbeatInterval RW", "\n", "R", "int"])
def test_unknown_keys_are_not_supported(keys, flash, key):
    assert find(key) == []
    assert keys.set(key, "1") == "NotSupported"
    assert flash.stored == []


def test_a_full_flash_rejects_and_keeps_the_old_value(keys, flash):
    assert keys.set("ConnectionTimeOut", "30") == "Accepted"
    flash.broken = True
    assert keys.set("ConnectionTimeOut", "90") == "Rejected"
    assert keys.set("ResetRetries", "5") == "Rejected"
    assert keys.get("ConnectionTimeOut") == 30 and keys.get("ResetRetries") == 1
    assert keys.dump() == {"ConnectionTimeOut": "30"}


def test_the_default_is_not_stored_and_the_same_value_not_written_again(keys, flash):
    assert keys.set("ConnectionTimeOut", "60") == "Accepted"
    assert flash.stored == []
    keys.set("ConnectionTimeOut", "61")
    keys.set("ConnectionTimeOut", "61")
    keys.set("ConnectionTimeOut", "60")
    assert flash.stored == [{"ConnectionTimeOut": "61"}, {}]


def test_load_takes_typed_values_and_reports_what_does_not_fit(keys):
    stored = {"ConnectionTimeOut": 30, "LocalPreAuthorize": True}
    stored.update({"Gone": "1", "ResetRetries": "-1", "NumberOfConnectors": "1"})
    assert sorted(keys.load(stored)) == ["Gone", "NumberOfConnectors", "ResetRetries"]
    assert keys.get("ConnectionTimeOut") == 30 and keys.get("LocalPreAuthorize") is True


def test_a_key_may_need_a_reboot(keys, monkeypatch):
    monkeypatch.setattr(key_table, "TABLE", ("\nSecurityProfile RWB int 0 0 3\n",))
    assert keys.set("SecurityProfile", "1") == "RebootRequired"
    assert keys.set("SecurityProfile", "4") == "Rejected"
    assert keys.get("SecurityProfile") == 1
