"""What each OCPP configuration key does here, for docs/configuration-keys.md (tools/docs.py).

The keys themselves are in firmware/ocpp/key_table.py; these texts have no place on the chip.
"""

_AT_SAMPLES = "measurands of MeterValues taken every MeterValueSampleInterval"
_AT_CLOCK = "measurands of MeterValues taken every ClockAlignedDataInterval"

MEANINGS = {
    "AllowOfflineTxForUnknownId": "offline, an idTag that no list knows may start",
    "AuthorizationCacheEnabled": "remember what the server said of an idTag",
    "AuthorizationKey": "password of HTTP Basic authentication; never shown",
    "AuthorizeRemoteTxRequests": "ask the server about the idTag of a RemoteStartTransaction",
    "ChargeProfileMaxStackLevel": "highest stackLevel of a charging profile",
    "ChargingScheduleAllowedChargingRateUnit": "charging profiles may be in amperes or watts",
    "ChargingScheduleMaxPeriods": "periods that a charging schedule may have",
    "ClockAlignedDataInterval": "meter values at whole multiples of this since midnight, 0 = none",
    "ConnectionTimeOut": "how long an authorization waits for the gun",
    "ConnectorPhaseRotation": "order of the phases, per connector",
    "ConnectorPhaseRotationMaxLength": "elements that ConnectorPhaseRotation takes",
    "GetConfigurationMaxKeys": "keys that one GetConfiguration may ask for",
    "HeartbeatInterval": "longest silence before a Heartbeat",
    "LocalAuthListEnabled": "the local authorization list counts and may be changed",
    "LocalAuthListMaxLength": "idTags that the local authorization list may have",
    "LocalAuthorizeOffline": "offline, an idTag that a list or the cache knows may start",
    "LocalPreAuthorize": "an idTag that a list or the cache knows need not wait for the server",
    "MaxChargingProfilesInstalled": "charging profiles that are kept at a time",
    "MaxEnergyOnInvalidId": "energy that a session may still take after its idTag was refused",
    "MeterValueSampleInterval": "meter values this often in a session, 0 = none",
    "MeterValuesAlignedData": _AT_CLOCK,
    "MeterValuesAlignedDataMaxLength": "elements that MeterValuesAlignedData takes",
    "MeterValuesSampledData": _AT_SAMPLES,
    "MeterValuesSampledDataMaxLength": "elements that MeterValuesSampledData takes",
    "MinimumStatusDuration": "a state must last this long before it is reported",
    "NumberOfConnectors": "connectors of this charger",
    "ReserveConnectorZeroSupported": "connector 0 reserves the one connector there is",
    "ResetRetries": "further attempts after a reset that failed",
    "SendLocalListMaxLength": "idTags that one SendLocalList may have",
    "StopTransactionOnEVSideDisconnect": "pulling the gun ends the session",
    "StopTransactionOnInvalidId": "the server's refusal of the idTag ends the session",
    "StopTxnAlignedData": "measurands of the clock-aligned values within StopTransaction",
    "StopTxnAlignedDataMaxLength": "elements that StopTxnAlignedData takes",
    "StopTxnSampledData": "measurands of the begin and end values within StopTransaction",
    "StopTxnSampledDataMaxLength": "elements that StopTxnSampledData takes",
    "SupportedFeatureProfiles": "the OCPP profiles that are built in",
    "SupportedFeatureProfilesMaxLength": "elements that SupportedFeatureProfiles may have",
    "SupportedFileTransferProtocols": "ways to fetch firmware and to deliver diagnostics",
    "TransactionMessageAttempts": "how often a refused transaction message is sent",
    "TransactionMessageRetryInterval": "wait before the next attempt, times the attempts so far",
    "UnlockConnectorOnEVSideDisconnect": "there is no lock to open",
    "WebSocketPingInterval": "a ping this often, 0 = none",
}
