"""Where the central system is, who we are to it, BootNotification and its answer. On demand."""

from binascii import unhexlify

from firmware.ocpp.payloads import boot_notification
from firmware.on_demand import load

_PLAIN = b"-._~"  # RFC 3986 2.3, besides letters and digits


def address(settings: "Settings", key: str) -> "tuple[str, str, str]":
    """(URL, user, password). `key` is the AuthorizationKey a server has set, "" = ours counts.

    Hex digits stand for characters (security white paper, profile 1).
    """
    url = settings.csms_url.rstrip("/") + "/" + percent_encoded(settings.charge_box_id)
    password = key or settings.authorization_key
    if len(key) >= 32:
        try:
            password = "".join([chr(byte) for byte in unhexlify(key)])
        except ValueError:
            pass  # not hex: taken as it is
    return url, settings.charge_box_id if password else "", password


def boot_message(settings: "Settings") -> str:
    """BootNotification's payload."""
    return boot_notification(
        settings.charge_point_model,
        settings.charge_point_vendor,
        settings.firmware_version,
        settings.serial_number,
    )


def answer(payload: dict, log: "Log") -> "tuple[str | None, int]":
    """(status, interval in s, 0 where it makes no sense) of its answer."""
    interval_s = payload.get("interval")
    if type(interval_s) is not int or interval_s < 0:
        interval_s = 0
    status = payload.get("status")
    log.info("ocpp", "registration: %s, interval %d s", status, interval_s)
    return status, interval_s


def set_clock(payload: "dict | None", clock: "Clock", log: "Log") -> None:
    """Take the server's time from an answer that has one."""
    text = payload.get("currentTime") if payload else None
    if isinstance(text, str):
        try:
            clock.set_unix(load("firmware.ocpp.date_parser").parse_iso8601(text))
        except ValueError as error:
            log.warn("ocpp", "currentTime: %s", error)


def percent_encoded(text: str) -> str:
    """`text` as one segment of a URL's path (RFC 3986 2.1)."""
    parts = []
    for byte in text.encode():
        letter = chr(byte)
        plain = byte < 128 and (letter.isalpha() or letter.isdigit() or byte in _PLAIN)
        parts.append(letter if plain else "%%%02X" % byte)
    return "".join(parts)
