"""The FirmwareManagement profile: UpdateFirmware and GetDiagnostics. Loaded on demand.

The station:

    def get_diagnostics(self, location: str, retries: int, interval_s: int, span: tuple) -> str
        # name of the file that will be uploaded, "" when there is none; `span`: the log of the
        # time between these two, seconds since 1970, None: without limit
    def update_firmware(self, location: str, at_s: int, retries: int, interval_s: int) -> bool
        # at_s: seconds since 1970; False: it cannot be kept

The state in the file of GetDiagnostics is the present one, its log that of startTime to stopTime.
"""

from .date_parser import parse_iso8601
from .errors import OcppError
from .messages import quote
from .requests import check

_REQUESTS = {
    "GetDiagnostics": "location! text 255; retries int 0; retryInterval int 0; startTime date; "
    "stopTime date",
    "UpdateFirmware": "location! text 255; retrieveDate! date; retries int 0; retryInterval int 0",
}
_SCHEMES = ("ftp", "http", "https")  # SupportedFileTransferProtocols
_SPAN = ("startTime", "stopTime")
_RETRIES = 3  # where the server leaves it to the charger
_INTERVAL_S = 60
_MOST_RETRIES = 20
_LONGEST_S = 86400


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """What will be uploaded; nothing for UpdateFirmware, which has no status in its answer."""
    check(action, payload, _REQUESTS)
    location = payload["location"]
    scheme, colon, _ = location.partition("://")
    if not colon or scheme.lower() not in _SCHEMES:
        raise OcppError("PropertyConstraintViolation", "location: ftp, http or https wanted")
    for letter in location:
        if not "!" <= letter <= "~":
            raise OcppError("PropertyConstraintViolation", "location is no URL")
    retries = min(payload.get("retries", _RETRIES), _MOST_RETRIES)
    interval_s = min(payload.get("retryInterval", _INTERVAL_S), _LONGEST_S)
    if action == "GetDiagnostics":
        span = [parse_iso8601(payload[k]) if k in payload else None for k in _SPAN]
        name = station.get_diagnostics(location, retries, interval_s, tuple(span))
        return '{"fileName":%s}' % quote(name) if name else "{}"
    at_s = parse_iso8601(payload["retrieveDate"])
    if not station.update_firmware(location, at_s, retries, interval_s):
        raise OcppError("InternalError", "the order cannot be stored")
    return "{}"
