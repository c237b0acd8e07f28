"""The table of OCPP configuration keys. Loaded on demand: its values live on in keys.py.

GetConfiguration, ChangeConfiguration, the file on flash and the docs are all made from `TABLE`.
"""

# Columns: key, access, type, default, lowest and highest (of a text or list: its length), meaning
# in the docs. Access: R and W as in OCPP, B takes effect after a reboot. Types: bool, int, text,
# data (a list of measurands) and phases. "-" is an empty text. Texts, because tuples take twice
# the RAM; several short ones, because a full heap has no long piece left. A profile that is built
# in adds its keys and its name here.
TABLE = (
    """
AllowOfflineTxForUnknownId RW bool true
AuthorizationCacheEnabled RW bool true
AuthorizationKey W text - 16 40
AuthorizeRemoteTxRequests RW bool false
ChargeProfileMaxStackLevel R int 9
ChargingScheduleAllowedChargingRateUnit R text Current,Power
ChargingScheduleMaxPeriods R int 16
ClockAlignedDataInterval RW int 0 0 86400 s
""",
    """
ConnectionTimeOut RW int 60 1 86400 s
ConnectorPhaseRotation RW phases 1.NotApplicable 0 2
ConnectorPhaseRotationMaxLength R int 2
GetConfigurationMaxKeys R int 20
HeartbeatInterval RW int 60 1 86400 s
""",
    """
LocalAuthListEnabled RW bool true
LocalAuthListMaxLength R int 500
LocalAuthorizeOffline RW bool true
LocalPreAuthorize RW bool false
MaxChargingProfilesInstalled R int 10
MaxEnergyOnInvalidId RW int 0 0 1000000 Wh
MeterValueSampleInterval RW int 10 0 86400 s
MeterValuesAlignedData RW data Energy.Active.Import.Register 0 7
MeterValuesAlignedDataMaxLength R int 7
""",
    """
MeterValuesSampledData RW data \
Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import 0 7
MeterValuesSampledDataMaxLength R int 7
MinimumStatusDuration RW int 0 0 3600 s
NumberOfConnectors R int 1
ReserveConnectorZeroSupported R bool true
ResetRetries RW int 1 0 10
""",
    """
SendLocalListMaxLength R int 5
StopTransactionOnEVSideDisconnect RW bool true
StopTransactionOnInvalidId RW bool true
StopTxnAlignedData RW data - 0 7
StopTxnAlignedDataMaxLength R int 7
StopTxnSampledData RW data - 0 7
StopTxnSampledDataMaxLength R int 7
""",
    """
SupportedFeatureProfiles R text \
Core,FirmwareManagement,LocalAuthListManagement,RemoteTrigger,Reservation,SmartCharging
SupportedFeatureProfilesMaxLength R int 6
SupportedFileTransferProtocols R text FTP,HTTP,HTTPS
TransactionMessageAttempts RW int 3 1 100
TransactionMessageRetryInterval RW int 60 0 86400 s
UnlockConnectorOnEVSideDisconnect R bool false
WebSocketPingInterval RW int 0 0 3600 s
""",
)
MAX_KEYS = 60  # more are refused; for GetConfigurationMaxKeys of them there is memory for sure


def rows() -> "Iterator":
    """The words of every row."""
    for table in TABLE:
        at = 1
        while at < len(table):
            end = table.find("\n", at)
            yield table[at:end].split()
            at = end + 1


def find(key: str) -> "list[str]":
    """The words of a key's row, [] when there is none. OCPP compares keys without case."""
    if " " in key or "\n" in key:
        return []
    wanted = "\n" + key + " "
    for lower in (False, True):
        for table in TABLE:
            at = table.lower().find(wanted.lower()) if lower else table.find(wanted)
            if at >= 0:
                return table[at + 1 : table.find("\n", at + 1)].split()
    return []
