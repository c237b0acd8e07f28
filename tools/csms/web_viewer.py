"""One browser that looks at the page: what it is told, and what it orders.

Told: {"kind": "chargers" | "charger" | "message" | "missed" | "answer", ...}. A browser that is
slow loses messages of the conversation (and is told how many), never the state.
Orders: {"id", "order", "charger", "words"}; each is answered once, with its id.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import deque
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tools.csms.commands import Commands
from tools.csms.web_board import Board
from tools.csms.web_model import points
from tools.csms.web_secrets import without_secrets

COMMANDS = ("start", "stop", "unlock", "reset", "get", "set")
_MAX_WAITING = 500  # messages for a browser that does not keep up
_MAX_ORDERS = 8  # at once; the next ones are not read before
_SEND_S = 20


class Viewer:
    """One WebSocket of the page; `serve` runs until it ends."""

    def __init__(self, board: Board, commands: Commands, connection: ServerConnection) -> None:
        self._board = board
        self._commands = commands
        self._connection = connection
        self._watched = ""
        self._answers: deque[dict[str, Any]] = deque()
        self._changed: dict[str, None] = {}  # chargers in the order they changed
        self._messages: deque[dict[str, Any]] = deque()
        self._missed = 0
        self._news = asyncio.Event()
        self._free = asyncio.Semaphore(_MAX_ORDERS)
        self._orders: set[asyncio.Task[None]] = set()

    def charger_changed(self, charge_box_id: str) -> None:
        """Its state will be sent, once however often it changed."""
        self._changed[charge_box_id] = None
        self._news.set()

    def message(self, charge_box_id: str, message: dict[str, Any]) -> None:
        """Pass on what concerns the charger that this browser watches."""
        if charge_box_id != self._watched:
            return
        if len(self._messages) < _MAX_WAITING:
            self._messages.append({"kind": "message", "charger": charge_box_id, **message})
        else:
            self._missed += 1
        self._news.set()

    async def serve(self) -> None:
        """Everything there is, then what changes; takes orders meanwhile."""
        tasks = {asyncio.ensure_future(self._tell()), asyncio.ensure_future(self._read())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks |= self._orders
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self) -> None:
        """Send what is new; ends with the line, or when the browser reads nothing any more."""
        try:
            await self._send({"kind": "chargers", "chargers": self._board.chargers()})
            while True:
                await self._news.wait()
                self._news.clear()
                for item in self._take_news():
                    await self._send(item)
                    if item["kind"] == "answer":
                        self._free.release()
        except ConnectionClosed:
            pass
        except TimeoutError:
            self._connection.transport.abort()

    def _take_news(self) -> list[dict[str, Any]]:
        """Answers first: what a browser watches from now on comes after them."""
        changed, self._changed = self._changed, {}
        views = [self._board.charger(charge_box_id) for charge_box_id in changed]
        items = [*self._answers]
        items += [{"kind": "charger", "charger": view} for view in views if view]
        items += self._messages
        if self._missed:
            items.append({"kind": "missed", "count": self._missed})
        self._answers.clear()
        self._messages.clear()
        self._missed = 0
        return items

    async def _send(self, item: dict[str, Any]) -> None:
        async with asyncio.timeout(_SEND_S):
            await self._connection.send(json.dumps(item, separators=(",", ":")))

    async def _read(self) -> None:
        """Take orders; anything that is none closes the line."""
        try:
            async for text in self._connection:
                order = _order(text)
                if order is None:
                    await self._connection.close(1003, "not an order")
                    return
                await self._free.acquire()
                task = asyncio.ensure_future(self._do(*order))
                self._orders.add(task)
                task.add_done_callback(self._orders.discard)
        except ConnectionClosed:
            pass

    async def _do(self, number: int, name: str, charge_box_id: str, words: list[str]) -> None:
        try:
            if name in COMMANDS:
                answer = await self._commands.order(charge_box_id, name, words)
                answer = without_secrets(answer)
            else:
                answer = self._look(name, charge_box_id, words)
        except (sqlite3.Error, ValueError, RecursionError) as error:
            answer = {"error": f"cannot be read: {error}"}
        self._answers.append({**answer, "kind": "answer", "id": number})
        self._news.set()

    def _look(self, name: str, charge_box_id: str, words: list[str]) -> dict[str, Any]:
        """What changes nothing: the conversation, the history, the samples of a session."""
        if name == "watch":
            self._watched = charge_box_id
            self._messages.clear()
            self._missed = 0
            return {"ok": True, "messages": self._board.conversation(charge_box_id)}
        if name == "sessions":
            return {"ok": True, "sessions": self._board.sessions(charge_box_id)}
        number = words[0] if len(words) == 1 else ""
        if name == "points" and number.isdecimal() and len(number) < 19:
            store = self._board.store
            samples = store.samples(int(number))
            return {"ok": True, "points": points(samples, store.started_at(int(number)))}
        return {"error": f"unknown order {name!r}"}


def _order(text: str | bytes) -> tuple[int, str, str, list[str]] | None:
    """An order taken apart: id, order, charger, words; None when it is none."""
    try:
        order = json.loads(text)
        number, name = order["id"], order["order"]
        charge_box_id, words = order.get("charger", ""), order.get("words", [])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    texts = [name, charge_box_id, *words] if isinstance(words, list) else [None]
    if type(number) is not int or not all(isinstance(text, str) for text in texts):
        return None
    return number, name, charge_box_id, words
