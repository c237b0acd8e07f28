"""Converts and checks one value by its row of a table: settings, hardware options, the page."""

from firmware.errors import SettingError

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


def convert(field: tuple, value: object) -> object:
    """`value` (text or the right type) as the field's type; SettingError when it does not fit.

    `field` is key, type (or the words that are allowed), default, lowest, highest.
    """
    key, kind, _, low, high = field
    if isinstance(kind, tuple):
        if value in kind:
            return value
        raise SettingError("%s: one of %s wanted, not %r" % (key, ", ".join(kind), value))
    if kind is bool:
        if isinstance(value, bool):
            return value
        text = str(value).lower()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        raise SettingError("%s: true or false wanted, not %r" % (key, value))
    if kind is int:
        if isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                raise SettingError("%s: a whole number wanted, not %r" % (key, value))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingError("%s: %d to %d wanted, not %r" % (key, low, high, value))
        return value
    if not isinstance(value, str) or not low <= len(value.encode()) <= high:
        raise SettingError("%s: text of %d to %d bytes wanted" % (key, low, high))
    return value
