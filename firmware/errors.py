"""The root of every error the firmware raises on purpose."""


class ChargerError(Exception):
    """Something the charger itself noticed; its text is fit for the log and holds no secret."""


class SettingError(ChargerError):
    """A setting or configuration value was refused; nothing was changed."""
