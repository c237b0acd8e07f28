"""What the page shows of a charger, a message and a session, as JSON.

Pure: from what the central system knows to plain data for firmware/web/page/phases.js. A number
that a charger has not told, or told as nonsense, is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tools.csms.charger import Charger
from tools.csms.events import parse_time
from tools.csms.web_secrets import shown

MAX_POINTS = 600  # of a chart
_MAX_TEXT = 4000  # characters of a message
_MAX_CONNECTORS = 20
_ENERGY = "Energy.Active.Import.Register"
_PLAIN = {
    "Available": "available",
    "Finishing": "finishing",
    "Reserved": "reserved",
    "Unavailable": "unavailable",
    "Faulted": "faulted",
}
_CHARGING = ("Charging", "SuspendedEV", "SuspendedEVSE")
_PAUSED = {"SuspendedEV": "vehicle", "SuspendedEVSE": "charger"}


def charger_view(charger: Charger, summary: dict[str, Any] | None = None) -> dict[str, Any]:
    """One charger. `summary` is that of the session that ended last, with its transaction_id,
    until the next vehicle comes."""
    phase = _phase(charger, summary)
    return {
        "id": charger.charge_box_id,
        "connected": charger.connected,
        "last_seen": charger.last_seen,
        "boot": charger.boot,
        "connectors": [
            {"connector_id": number, **status}
            for number, status in sorted(charger.statuses.items())[:_MAX_CONNECTORS]
        ],
        "status": charger.status,
        "transaction": charger.transaction,
        "session": summary["transaction_id"] if summary else None,
        "model": {"phase": phase, **_parts(charger, summary)},
        "after_close": _PLAIN.get(charger.status, "finishing"),
    }


def _phase(charger: Charger, summary: dict[str, Any] | None) -> str:
    """The phase of phases.js."""
    status = charger.status
    if not charger.connected:
        return "offline"
    if status == "Faulted":
        return "faulted"
    if charger.transaction or status in _CHARGING:
        return "charging"
    if summary and status in ("Finishing", "Available"):
        return "complete"
    return _PLAIN.get(status) or ("vehicle" if charger.vehicle else "preparing")


def _parts(charger: Charger, summary: dict[str, Any] | None) -> dict[str, Any]:
    connector = charger.statuses.get(1, {})
    parts: dict[str, Any] = {"charge": _charge(charger)}
    if charger.vehicle:
        parts["vehicle"] = {key: number(value) for key, value in charger.vehicle.items()}
    if summary:
        names = ("finalSoc", "energyDelivered", "durationMinutes")
        parts["summary"] = {key: number(summary.get(key)) for key in names}
    if charger.status == "Faulted":
        parts["fault"] = {
            "name": connector.get("vendor_error_code") or connector["error_code"],
            "since": connector["timestamp"],
            "what": connector["info"],
        }
    return parts


def _charge(charger: Charger) -> dict[str, Any]:
    """Phase 2, from the newest MeterValues (the guide's five measurands)."""
    meter, transaction = charger.meter, charger.transaction or {}
    soc, register = number(meter.get("SoC")), number(meter.get(_ENERGY))
    before = number((charger.vehicle or {}).get("soc"))
    start = number(transaction.get("meter_start"))
    known = register is not None and start is not None
    return {
        "soc": soc,
        "power": number(meter.get("Power.Active.Import")),
        "current": number(meter.get("Current.Import")),
        "voltage": number(meter.get("Voltage")),
        "energy": register - start if known else None,  # type: ignore[operator]
        "seconds": seconds_between(transaction.get("timestamp"), charger.meter_timestamp)
        if meter
        else None,
        "rising": soc is not None and before is not None and soc > before,
        "paused": _PAUSED.get(charger.status, ""),
    }


def number(value: Any) -> float | None:
    """`value` as a finite number, None when it is none."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def seconds_between(start: Any, end: Any) -> float | None:
    """Between two OCPP time stamps, 0 or more; None when one of them is no time stamp."""
    try:
        return max(0.0, (parse_time(end) - parse_time(start)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def points(samples: Iterable[dict[str, Any]], start: str) -> list[dict[str, Any]]:
    """The chart of a session from its stored samples: [{t, power, soc}], at most MAX_POINTS."""
    found: dict[float, dict[str, Any]] = {}
    for sample in samples:
        key = {"Power.Active.Import": "power", "SoC": "soc"}.get(sample["measurand"])
        t = seconds_between(start, sample["timestamp"])
        if key and t is not None and not sample["phase"]:
            point = found.setdefault(t, {"t": t, "power": None, "soc": None})
            point[key] = number(sample["value"])
    ordered = [found[t] for t in sorted(found)]
    step = -(-len(ordered) // MAX_POINTS) or 1
    return ordered[::-1][::step][::-1]  # the newest always stays


def message_view(at: str, data: dict[str, Any]) -> dict[str, Any]:
    """One message, from a `message` event or a row of the store, without secrets."""
    raw, problem = shown(data["raw"], data["problem"])
    if len(raw) > _MAX_TEXT:
        raw = f"{raw[:_MAX_TEXT]}… ({len(raw)} characters)"
    return {
        "at": at,
        "direction": data["direction"],
        "type": data["type"],
        "action": data["action"][:100],
        "raw": raw,
        "problem": problem,
    }


def note_view(at: str, text: str, bad: bool) -> dict[str, Any]:
    """What happened to a line rather than on it, in the shape of a message."""
    return {
        "at": at, "direction": "", "type": 0, "action": "", "raw": text if not bad else "",
        "problem": text if bad else "",
    }  # fmt: skip
