"""What the central system tells whoever listens: the console, `make run`, tests, the page.

One synchronous callback a listener; a listener that raises is logged and does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("tools.csms")


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


def iso(at: datetime) -> str:
    """`at` as OCPP writes it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """An OCPP time stamp as a datetime, UTC when it names no zone; ValueError when it is none."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """One thing that happened to one charger.

    `kind` and `data`: connected {address}; disconnected {code, reason, replaced}; refused {status,
    why}; message {direction: "in"|"out"} and the fields of `schema.Frame`; problem {what}; boot,
    status, vehicle_info, started, meter_values, session_summary, stopped: what was stored.
    """

    kind: str
    charge_box_id: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


class Feed:
    """Hands each event to every listener, in the order they subscribed."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(event)` from now on; the result, called, ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell every listener; what a listener raises is logged."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                LOGGER.exception("a listener failed on %s", event.kind)
