"""Where the central system is, who we are to it, and BootNotification. Loaded on demand."""

from binascii import unhexlify

from firmware.ocpp import messages

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
    return messages.boot_notification(
        settings.charge_point_model,
        settings.charge_point_vendor,
        settings.firmware_version,
        settings.serial_number,
    )


def percent_encoded(text: str) -> str:
    """`text` as one segment of a URL's path (RFC 3986 2.1)."""
    parts = []
    for byte in text.encode():
        letter = chr(byte)
        plain = byte < 128 and (letter.isalpha() or letter.isdigit() or byte in _PLAIN)
        parts.append(letter if plain else "%%%02X" % byte)
    return "".join(parts)
