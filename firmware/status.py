"""What a charger believes of itself, for the bench and the REPL. Loaded on demand."""

import gc

from firmware.charging.supervisor import ERROR_CODE
from firmware.on_demand import load


def _error_code(fault: int) -> str:
    return load("firmware.charging.faults").FAULTS[fault][ERROR_CODE] if fault >= 0 else "NoError"


def of(charger: "Charger") -> dict:
    """The firmware's half of the control port's `state`; energy in Wh, the rest as named."""
    core = charger.core
    fault = core.fault()
    seconds, ms = charger.clock.uptime()
    gc.collect()  # or the figures would show garbage
    return {
        "connector": core.connector.state,
        "error_code": _error_code(fault),
        "transaction": charger.transactions.transaction_id(),
        "energy_wh": core.meter.wh,
        "online": charger.link.online,
        "queued": len(charger.outbox),
        "heap_free": gc.mem_free(),
        "heap_used": gc.mem_alloc(),
        "uptime_ms": seconds * 1000 + ms,
        "tick_max_ms": charger.control.tick_max_ms,
    }
