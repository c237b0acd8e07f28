"""What the central system may do to the local list and the cache. Loaded on demand, for one."""

import os

from micropython import const

from firmware.on_demand import load
from firmware.storage.files import free_bytes

_LONGEST_WRITE = const(2048)  # bytes that do not hold up the control loop for long
_LEAST_FREE = const(196608)  # bytes of flash that the records of sessions may need


def _list_bytes() -> int:
    try:
        return os.stat(load("firmware.storage.tag_file").LIST)[6]
    except OSError:
        return 0


class Commands:
    """The commands of commands.py that are about tags."""

    def __init__(self, point: "ChargePoint") -> None:
        self._point = point

    def list_version(self) -> int:
        """Version of the local authorization list, 0 when it is empty. Raises OSError."""
        return load("firmware.storage.tag_file").version()

    def update_list(self, version: int, full: bool, changes: dict, longest: int) -> bool:
        """Bring the list to that version; False, nothing changed, when it cannot be stored."""
        try:
            if changes and free_bytes() < _LEAST_FREE:
                self._point.log.error("flash", "no room for the local list")
                return False
            if self._point.core.sequence.module_on and _list_bytes() > _LONGEST_WRITE:
                self._point.log.warn("flash", "the local list is not rewritten while power flows")
                return False
            return load("firmware.storage.tag_changes").update_list(
                version, full, changes, longest
            )
        except OSError as error:
            self._point.log.error("flash", "the local list cannot be stored: %s", error)
            return False

    def clear_cache(self) -> bool:
        """ClearCache (OCPP 1.6 5.4); False where there is no cache, or flash does not let it."""
        if not self._point.keys.get("AuthorizationCacheEnabled"):
            return False
        try:
            load("firmware.storage.tag_cache").clear()
        except OSError as error:
            self._point.log.error("flash", "the cache cannot be cleared: %s", error)
            return False
        return True
