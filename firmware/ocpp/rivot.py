"""Rivot's own messages inside DataTransfer: VehicleInfo and SessionSummary, to the byte.

Servers parse the `data` strings, so key order and number of decimals are part of the contract.
A value that the vehicle never told is 0: servers read numbers there, not null.
"""

from .messages import data_transfer, fixed, rounded

VENDOR_ID = "RivotMotors"
_UNKNOWN_TEMPERATURE = -32768  # charging/readings.py


def vehicle_info(
    soc_c100: int, limit_ma: int, voltage_mv: int, current_ma: int, temperature_c10: int
) -> str:
    """DataTransfer payload of VehicleInfo; -1 and an unknown temperature are told as 0."""
    data = '{"soc":%s,"maxCurrent":%s,"voltage":%s,"current":%s,"temperature":%s}' % (
        fixed(max(0, soc_c100), 2),
        fixed(rounded(limit_ma, 100), 1),
        fixed(rounded(max(0, voltage_mv), 10), 2),
        fixed(rounded(current_ma, 100), 1),
        fixed(0 if temperature_c10 == _UNKNOWN_TEMPERATURE else temperature_c10, 1),
    )
    return data_transfer(VENDOR_ID, "VehicleInfo", data)


def session_summary(soc_c100: int, energy_mwh: int, duration_ms: int) -> str:
    """DataTransfer payload of SessionSummary: energy of the session in Wh, time in minutes."""
    data = '{"finalSoc":%s,"energyDelivered":%s,"durationMinutes":%s}' % (
        fixed(max(0, soc_c100), 2),
        fixed(rounded(energy_mwh, 10), 2),
        fixed(rounded(duration_ms, 600), 2),
    )
    return data_transfer(VENDOR_ID, "SessionSummary", data)


def incoming_status(vendor_id: str) -> str:
    """Status of the answer to a server's DataTransfer: we know the vendor, but no message."""
    return "UnknownMessageId" if vendor_id == VENDOR_ID else "UnknownVendorId"
