"""What the page knows: hears the central system, remembers a little, tells the viewers.

The state of the chargers is the central system's own, the history and the conversation are the
store's; kept here are only the last summaries and what happened to the lines, both bounded.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from tools.csms.central_system import CentralSystem
from tools.csms.charger import Charger
from tools.csms.events import Event, iso
from tools.csms.web_model import charger_view, message_view, note_view

_NOTES = 100
_CONVERSATION = 200
_SESSIONS = 200


class Looker(Protocol):
    """What is told of news; must neither wait nor raise."""

    def charger_changed(self, charge_box_id: str) -> None:
        """`Board.charger` has something new."""

    def message(self, charge_box_id: str, message: dict[str, Any]) -> None:
        """A message or a note of the conversation with this charger."""


class Board:
    """The page's view of one central system, shared by all viewers."""

    def __init__(self, central: CentralSystem) -> None:
        self.store = central.store
        self.viewers: set[Looker] = set()
        self._chargers = central.chargers
        self._summaries: dict[str, dict[str, Any]] = {}
        self._notes: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_NOTES)
        self._seen_before = self.store.known_chargers()
        self.close = central.subscribe(self._hear)  # call it to hear no more

    def chargers(self) -> list[dict[str, Any]]:
        """Every charger that was ever heard of, those of this run first."""
        known = {**self._chargers, **self._seen_before}
        return [view for view in map(self.charger, known) if view]

    def charger(self, charge_box_id: str) -> dict[str, Any] | None:
        """One charger, None when nobody knows it."""
        charger = self._chargers.get(charge_box_id)
        before = self._seen_before.get(charge_box_id, "")
        if charger is None and not before:
            return None
        charger = charger or Charger(charge_box_id)
        view = charger_view(charger, self._summaries.get(charge_box_id))
        return {**view, "last_seen": view["last_seen"] or before}

    def conversation(self, charge_box_id: str) -> list[dict[str, Any]]:
        """The newest messages of a charger and what happened to its line, oldest first."""
        rows = self.store.rows("messages", charge_box_id, _CONVERSATION) if charge_box_id else []
        messages = [message_view(row["timestamp"], row) for row in rows]
        first = messages[0]["at"] if len(messages) == _CONVERSATION else ""
        notes = [note for name, note in self._notes if name == charge_box_id]
        messages += [note for note in notes if note["at"] >= first]
        return sorted(messages, key=lambda message: str(message["at"]))

    def sessions(self, charge_box_id: str) -> list[dict[str, Any]]:
        """The newest sessions, newest first."""
        return self.store.sessions(charge_box_id, _SESSIONS)

    def _hear(self, event: Event) -> None:
        name, at = event.charge_box_id, iso(event.at)
        self._remember(event)
        if event.kind == "message":
            self._tell(name, message_view(at, event.data))
        else:
            text, bad = _note(event)
            if text:
                note = note_view(at, text, bad)
                self._notes.append((name, note))
                self._tell(name, note)
        if name in self._chargers:
            for viewer in self.viewers:
                viewer.charger_changed(name)

    def _tell(self, charge_box_id: str, message: dict[str, Any]) -> None:
        for viewer in self.viewers:
            viewer.message(charge_box_id, message)

    def _remember(self, event: Event) -> None:
        """The summary of the last session stays until the next vehicle."""
        data = event.data
        if event.kind == "session_summary":
            self._summaries[event.charge_box_id] = data
        elif event.kind in ("started", "vehicle_info") or (
            event.kind == "status" and data["connector_id"] and data["status"] == "Preparing"
        ):
            self._summaries.pop(event.charge_box_id, None)


def _note(event: Event) -> tuple[str, bool]:
    """What the conversation says of an event that is no message, and whether it is bad."""
    data = event.data
    if event.kind == "connected":
        return f"connected from {data['address']}", False
    if event.kind == "disconnected":
        return f"disconnected ({data['code']}) {data['reason'] or ''}".rstrip(), False
    if event.kind == "refused":
        return f"refused: {data['why']}", True
    return (data["what"], True) if event.kind == "problem" else ("", False)
