"""Loads each module that is loaded on demand once, at the very start; used by app.py alone.

What MicroPython keeps for ever of a module (its names) then lies with the rest of what stays, and
not in the middle of the memory that is free.
"""

from firmware import on_demand

_WARM = (
    "firmware.services.authorization",
    "firmware.services.books",
    "firmware.services.commands",
    "firmware.services.core_events",
    "firmware.services.session_start",
    "firmware.services.profile_keeper",
    "firmware.services.profile_limits",
    "firmware.services.recovery",
    "firmware.services.registration",
    "firmware.services.sampling",
    "firmware.services.snapshot",
    "firmware.services.smart_charging",
    "firmware.services.standing",
    "firmware.services.start_record",
    "firmware.services.statuses",
    "firmware.services.tag_answers",
    "firmware.services.tag_keeper",
    "firmware.services.tags",
    "firmware.storage.tag_cache",
    "firmware.services.transaction_data",
    "firmware.services.transfers",
    "firmware.storage.log_keeper",
    "firmware.ocpp.charging_profiles",
    "firmware.ocpp.composite",
    "firmware.ocpp.core",
    "firmware.ocpp.date_parser",
    "firmware.ocpp.firmware_management",
    "firmware.ocpp.get_configuration",
    "firmware.ocpp.key_check",
    "firmware.ocpp.local_list",
    "firmware.ocpp.profile_check",
    "firmware.ocpp.profile_fields",
    "firmware.ocpp.payloads",
    "firmware.ocpp.profiles",
    "firmware.ocpp.remote_trigger",
    "firmware.ocpp.reservation",
    "firmware.ocpp.rivot",
    "firmware.ocpp.meter_values",
    "firmware.ocpp.samples",
    "firmware.ocpp.stop_parts",
    "firmware.ocpp.set_charging_profile",
    "firmware.ocpp.strict_json",
    "firmware.charging.fault_texts",
    "firmware.charging.faults",
    "firmware.net.dial",
)


def load_all() -> None:
    """One after the other; each is forgotten before the next."""
    for name in _WARM:
        on_demand.load(name)
