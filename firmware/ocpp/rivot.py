"""Rivot's own messages inside DataTransfer: VehicleInfo and SessionSummary, to the byte.

Servers parse the `data` strings, so key order and number of decimals are part of the contract.
A value that the vehicle never told is 0: servers read numbers there, not null.
"""

from .messages import fixed, quote

VENDOR_ID = "RivotMotors"
_UNKNOWN_TEMPERATURE = -32768  # charging/readings.py


def vehicle_info(
    soc_c100: int, limit_ma: int, voltage_mv: int, current_ma: int, temperature_c10: int
) -> str:
    """DataTransfer payload of VehicleInfo; -1 and an unknown temperature are told as 0."""
    data = '{"soc":%s,"maxCurrent":%s,"voltage":%s,"current":%s,"temperature":%s}' % (
        fixed(max(0, soc_c100), 2),
        fixed(limit_ma, 1, 100),
        fixed(max(0, voltage_mv), 2, 10),
        fixed(current_ma, 1, 100),
        fixed(0 if temperature_c10 == _UNKNOWN_TEMPERATURE else temperature_c10, 1),
    )
    return _data_transfer("VehicleInfo", data)


def session_summary(soc_c100: int, energy_mwh: int, duration_ms: int) -> str:
    """DataTransfer payload of SessionSummary: energy of the session in Wh, time in minutes."""
    data = '{"finalSoc":%s,"energyDelivered":%s,"durationMinutes":%s}' % (
        fixed(max(0, soc_c100), 2),
        fixed(energy_mwh, 2, 10),
        fixed(duration_ms, 2, 600),
    )
    return _data_transfer("SessionSummary", data)


def _data_transfer(message_id: str, data: str) -> str:
    return '{"vendorId":"RivotMotors","messageId":"%s","data":%s}' % (message_id, quote(data))
