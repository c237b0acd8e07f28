"""The root of every error the firmware raises on purpose."""


class ChargerError(Exception):
    """Something the charger itself noticed; the text is fit for the log and never holds a secret."""


class SettingError(ChargerError):
    """A setting or configuration value was refused; nothing was changed."""
