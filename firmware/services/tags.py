"""What is known of a tag: local authorization list, then authorization cache. Loaded on demand.

Both are on flash (storage/tag_file.py); flash that fails knows nothing and stops nothing. What is
needed one after the other is loaded one after the other.
"""

from micropython import const

from firmware.ocpp.tag_records import STATUS, accepted
from firmware.on_demand import load

_CACHE_BYTES = const(8192)  # some 200 tags
_FILE = "firmware.storage.tag_file"
_CACHE = "firmware.storage.tag_cache"


def known(point: "ChargePoint", id_tag: str) -> "list | None":
    """What list or cache know of the tag (tag_records.py); None: neither has it."""
    in_list = point.keys.get("LocalAuthListEnabled")
    in_cache = point.keys.get("AuthorizationCacheEnabled")
    row = None
    try:
        file = load(_FILE)
        if in_list:
            row = file.find(file.LIST, id_tag)
        if row is None and in_cache:
            row = file.find(file.CACHE, id_tag)
    except OSError as error:
        point.log.error("flash", "tags cannot be read: %s", error)
    return row


def note(point: "ChargePoint", id_tag: str, row: "list") -> None:
    """The server has told of a tag: into the cache; where the list says otherwise, tell it.

    LocalListConflict: OCPP 1.6 3.5.2. ConcurrentTx says nothing of the tag's validity.
    """
    in_cache = point.keys.get("AuthorizationCacheEnabled")
    in_list = point.keys.get("LocalAuthListEnabled")
    listed = None
    try:
        file = load(_FILE)
        if in_list:
            listed = file.find(file.LIST, id_tag)
        if in_cache and file.find(file.CACHE, id_tag) != row:
            # A long file is not rewritten while power flows; the answer to the stop says it again.
            power = point.core.sequence.module_on
            load(_CACHE).remember(id_tag, row, _CACHE_BYTES, power)
        elif not in_cache:  # what is not kept up to date must not count later
            load(_CACHE).clear()
    except OSError as error:
        point.log.error("flash", "tag not remembered: %s", error)
    unix_s = point.clock.unix_s()
    if listed and row[STATUS] != "ConcurrentTx":
        if accepted(listed, unix_s) != (row[STATUS] == "Accepted"):
            module = load("firmware.ocpp.status_notification")
            text = module.status_notification(0, "LocalListConflict", point.told[0], unix_s)
            point.link.send("StatusNotification", text)
