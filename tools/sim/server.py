"""A central system for tests: sans-IO WebSocket, answers by script, records every frame.

It lives in the process of the bench and is served by hand (`service`), so that virtual time
stands still while bytes are under way.
"""

import json
import select
import socket
import struct
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tools.ports import Door
from tools.sim.etiquette import Etiquette
from tools.sim.script import (
    CallError,
    Delay,
    Drop,
    Entry,
    Refuse,
    Silence,
    check_schema,
    refused,
)

CALL, RESULT, ERROR = 2, 3, 4
_FIRST_TRANSACTION = 130


class _Line:
    """One TCP connection and its WebSocket."""

    def __init__(self, sock: socket.socket, protocol: ServerProtocol) -> None:
        self.sock = sock
        self.protocol = protocol
        self.out = bytearray()
        self.path = ""
        self.headers: dict[str, str] = {}
        self.text = b""
        self.received = 0
        self.messages = 0


class ScriptedServer:
    """`now_ms` is the bench's clock, `unix_s` its time of day."""

    def __init__(self, now_ms: Callable[[], float], unix_s: Callable[[], float]) -> None:
        self.now_ms = now_ms
        self.unix_s = unix_s
        self.answers: dict[str, Any] = {}
        self.log: list[Entry] = []
        self.validate = True  # every frame both ways; a mismatch raises SchemaError at once
        self.reject_status: int | None = None  # HTTP status that answers every handshake
        self.select_subprotocol: str | None = "ocpp1.6"  # None: the server picks none
        self.connections = 0  # that became WebSockets
        self.attempts = 0  # TCP connections
        self.last_path = ""
        self.last_headers: dict[str, str] = {}
        self.lines: list[_Line] = []
        self.replies: dict[str, Entry] = {}  # answers to our calls, by id
        self.closes: list[tuple[int | None, str]] = []
        self._air = True
        self._online = True
        self._stirred = False  # the test did something that the charge point can see
        self._held: list[_Line] = []  # black holes: open, but nobody is there
        self._due: list[tuple[float, _Line, str, str, Any, Any]] = []
        self._etiquette = Etiquette(now_ms)
        self._sent: dict[str, str] = {}
        self._transaction = _FIRST_TRANSACTION
        self._drop_rule: tuple[str, int, bool] | None = None  # what, countdown, answered
        self._listener: socket.socket | None = None
        self._watched: list[socket.socket | None] = []
        self._poll = select.poll()
        self._door = Door()
        self.port = self._door.port
        self._listen()

    # --- what a test does ---

    @property
    def connected(self) -> bool:
        """A WebSocket is open."""
        return any(line.protocol.state is State.OPEN for line in self.lines)

    def online(self, on: bool) -> None:
        """The server is there, or absent: connections refused, the present ones broken."""
        self._online = on
        if not on:
            self.drop()
        self._listen()

    def refuse_connections(self, status: int | None = 503) -> None:
        """Answer handshakes with an HTTP status; None: no more."""
        self.reject_status = status

    def drop(self) -> None:
        """Break all connections (TCP reset)."""
        for line in self.lines:
            _reset(line.sock)
        self.lines = []
        self._stirred = True

    def close(self, code: int = 1001, reason: str = "") -> None:
        """Close all connections with the WebSocket handshake."""
        for line in self.lines:
            line.protocol.send_close(code, reason)
            self._flush(line)

    def drop_after(
        self, messages: int | None = None, bytes: int | None = None, answered: bool = False
    ) -> None:
        """Break the line at its N-th message from now (after answering it, or not), or byte."""
        if messages is not None:
            self._drop_rule = ("messages", messages, answered)
        elif bytes is not None:
            self._drop_rule = ("bytes", bytes, answered)
        else:
            self._drop_rule = None

    def drop_within(self, message: int, ours: bool) -> None:
        """Break the line in the middle of the N-th message from now, ours or the charger's."""
        self._drop_rule = ("our half" if ours else "half", message, False)

    def send_raw(self, data: str | bytes) -> None:
        """Any text (or binary) message."""
        for line in list(self.lines):
            if isinstance(data, str):
                self._etiquette.asked(line, data)
                line.protocol.send_text(data.encode("utf-8", "surrogatepass"))
            else:
                line.protocol.send_binary(data)
            self._halve(line)
            if line in self.lines:
                self._flush(line)

    def send_bytes(self, data: bytes) -> None:
        """Any bytes on the line, below WebSocket."""
        for line in self.lines:
            line.out += data
            self._flush(line)

    def call(self, action: str, payload: Any, id: str | None = None, check: bool = True) -> str:
        """Send a CALL; its id. The answer will be in `replies`."""
        if check and self.validate:
            check_schema(action, json.loads(json.dumps(payload), parse_float=Decimal))
        id = id or str(uuid.uuid4())
        text = json.dumps([CALL, id, action, payload], separators=(",", ":"))
        self._sent[id] = action
        self._record("<", action, id, payload, text)
        self.send_raw(text)
        for line in self.lines:
            self._etiquette.wanted(line, id)
        return id

    # --- what the bench does ---

    def set_air(self, on: bool) -> None:
        """Wi-Fi is cut: connections become black holes here, and are reset at the far end."""
        if not on and self._air:
            self._held += self.lines
            self.lines = []
        if on and not self._air:
            for line in self._held:
                _reset(line.sock)
            self._held = []
        self._air = on
        self._listen()

    def next_due_ms(self) -> float | None:
        """When the next delayed answer goes out."""
        return min((due[0] for due in self._due), default=None)

    def service(self) -> bool:
        """Take what has come, answer it. True when the charge point has something to look at."""
        busy, self._stirred = self._stirred, False
        if self.validate:
            self._etiquette.overdue(self.lines)
        while self._turn():
            busy = True
        return busy

    def shut_down(self) -> None:
        """Close every socket."""
        self._online = False
        self.drop()
        for line in self._held:
            line.sock.close()
        self._listen()
        self._door.close()

    # --- inside ---

    def _listen(self) -> None:
        wanted = self._online and self._air
        if wanted and not self._listener:
            self._listener = self._door.open()
            self._listener.setblocking(False)
        if not wanted and self._listener:
            self._listener.close()
            self._listener = None

    def _turn(self) -> bool:
        ready = self._ready()
        busy = self._listener in ready and self._accept()
        now_ms = self.now_ms()
        for due in [due for due in self._due if due[0] <= now_ms]:
            self._due.remove(due)
            if due[1] in self.lines:
                self._give(due[1], *due[2:])
                busy = True
        for line in list(self.lines):
            if line.sock in ready:
                busy |= self._read(line)
            busy |= self._flush(line)
        return busy

    def _ready(self) -> list[socket.socket]:
        """The sockets with news; asked thousands of times a second, mostly for nothing."""
        sockets = [self._listener, *(line.sock for line in self.lines)]
        if sockets != self._watched:
            self._watched, self._poll = sockets, select.poll()
            for sock in filter(None, sockets):
                self._poll.register(sock, select.POLLIN)
        news = {number for number, _ in self._poll.poll(0)}
        return [sock for sock in sockets if sock and sock.fileno() in news] if news else []

    def _accept(self) -> bool:
        assert self._listener
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol = ServerProtocol(
            subprotocols=[Subprotocol("ocpp1.6")],
            select_subprotocol=lambda protocol, offered: self._choose(offered),
            max_size=1 << 20,
        )
        self.lines.append(_Line(sock, protocol))
        self.attempts += 1
        return True

    def _choose(self, offered: Any) -> Any:
        return self.select_subprotocol

    def _read(self, line: _Line) -> bool:
        try:
            data = line.sock.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            self._forget(line)
            return True
        if hasattr(socket, "TCP_QUICKACK"):  # or Nagle's algorithm holds back what comes next
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        rule = self._drop_rule
        if rule and rule[0] == "bytes":
            if line.received + len(data) >= rule[1]:
                self._drop_rule = None
                self._break(line)
                return True
        line.received += len(data)
        if rule and rule[0] == "half" and rule[1] <= 1:  # chunks are messages here
            self._drop_rule = None
            line.protocol.receive_data(data[: len(data) // 2])
            self._break(line)
            return True
        if data:
            line.protocol.receive_data(data)
        else:
            line.protocol.receive_eof()
        for event in line.protocol.events_received():
            if isinstance(event, Request):
                self._handshake(line, event)
            else:
                self._frame(line, event)
            if line not in self.lines:
                return True
        self._flush(line)
        if not data:
            self._forget(line)
        return True

    def _handshake(self, line: _Line, request: Request) -> None:
        self.last_path = line.path = request.path
        self.last_headers = line.headers = dict(request.headers.raw_items())
        if self.reject_status:
            line.protocol.send_response(line.protocol.reject(self.reject_status, "refused\n"))
            return
        line.protocol.send_response(line.protocol.accept(request))
        self.connections += line.protocol.state is State.OPEN

    def _frame(self, line: _Line, frame: Any) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.CONT):
            line.text += frame.data
            if frame.fin:
                text, line.text = line.text.decode(), b""
                self._message(line, text)
        elif frame.opcode is Opcode.CLOSE:
            data = frame.data
            code = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else None
            self.closes.append((code, data[2:].decode("utf-8", "replace")))

    def _message(self, line: _Line, text: str) -> None:
        frame = json.loads(text, parse_float=Decimal)
        rule = self._drop_rule
        line.messages += 1
        last = False
        if rule and rule[0] in ("messages", "half"):
            self._drop_rule = (rule[0], rule[1] - 1, rule[2])
            if rule[0] == "messages" and rule[1] <= 1:
                self._drop_rule = None
                last = True
        kind = frame[0]
        if kind == CALL:
            _, id, action, payload = frame
            self._record(">", action, id, payload, text)
            if self.validate:
                self._etiquette.called(line, id)
                check_schema(action, payload)
            if not last or rule and rule[2]:
                self._answer(line, action, id, payload)
        elif kind == RESULT:
            action = self._sent.get(frame[1], "Unknown")
            self._reply(Entry(self.now_ms(), ">", f"{action}Response", frame[1], frame[2], text))
            if self.validate and action != "Unknown":
                check_schema(f"{action}Response", frame[2])
        elif kind == ERROR:
            details = {"code": frame[2], "description": frame[3], "details": frame[4]}
            self._reply(Entry(self.now_ms(), ">", "CallError", frame[1], details, text))
        if kind != CALL and self.validate:
            self._etiquette.replied(line, frame)
        if last and line in self.lines:
            self._break(line)

    def _reply(self, entry: Entry) -> None:
        self.log.append(entry)
        self.replies[entry.id] = entry

    def _record(self, way: str, kind: str, id: str, payload: Any, text: str) -> None:
        self.log.append(Entry(self.now_ms(), way, kind, id, payload, text))

    def _answer(self, line: _Line, action: str, id: str, payload: Any) -> None:
        answer = self.answers.get(action)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer) and not isinstance(answer, type):
            answer = answer(payload)
        if isinstance(answer, Delay):
            due = self.now_ms() + answer.seconds * 1000
            self._due.append((due, line, action, id, payload, answer.answer))
        else:
            self._give(line, action, id, payload, answer)

    def _give(self, line: _Line, action: str, id: str, payload: Any, answer: Any) -> None:
        if answer is Silence or isinstance(answer, Silence):
            return
        if answer is Drop or isinstance(answer, Drop):
            self._break(line)
            return
        if isinstance(answer, CallError):
            frame = [ERROR, id, answer.code, answer.description, answer.details]
            kind, shown = "CallError", {"code": answer.code, "description": answer.description}
        else:
            usual = self._usual(action)
            if answer is Refuse:
                answer = Refuse()
            if isinstance(answer, Refuse):
                answer = refused(action, usual, answer.status)
            shown = usual if answer is None else answer
            frame = [RESULT, id, shown]
            kind = f"{action}Response"
            if self.validate:
                check_schema(kind, json.loads(json.dumps(shown), parse_float=Decimal))
        text = json.dumps(frame, separators=(",", ":"))
        self._etiquette.answered(line, id)
        self._record("<", kind, id, shown, text)
        line.protocol.send_text(text.encode())
        self._halve(line)
        if line in self.lines:
            self._flush(line)

    def _halve(self, line: _Line) -> None:
        """Where `drop_within` wants it, only half of our message goes out, and the line ends."""
        rule = self._drop_rule
        if not rule or rule[0] != "our half":
            return
        self._drop_rule = (rule[0], rule[1] - 1, False) if rule[1] > 1 else None
        if rule[1] <= 1:
            data = b"".join(line.protocol.data_to_send())
            line.sock.send(data[: len(data) // 2])
            self._forget(line)
            self._stirred = True

    def _usual(self, action: str) -> dict[str, Any]:
        """What a friendly central system answers; the guide's examples."""
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": self.time_text(), "interval": 14400}
        if action == "Heartbeat":
            return {"currentTime": self.time_text()}
        if action == "StartTransaction":
            transaction, self._transaction = self._transaction, self._transaction + 1
            return {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
        if action in ("Authorize", "StopTransaction"):
            return {"idTagInfo": {"status": "Accepted"}}
        if action in ("DataTransfer", "SignCertificate"):
            return {"status": "Accepted"}
        return {}

    def time_text(self) -> str:
        """The bench's time of day as the server writes it."""
        now = datetime.fromtimestamp(self.unix_s(), UTC)
        return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"

    def _flush(self, line: _Line) -> bool:
        moved = False
        for piece in line.protocol.data_to_send():
            if piece:
                line.out += piece
            else:  # websockets asks for a half close
                try:
                    line.sock.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                moved = True
        while line.out:
            try:
                count = line.sock.send(line.out)
            except BlockingIOError:
                break
            except OSError:
                self._forget(line)
                return True
            del line.out[:count]
            moved = self._stirred = True
        return moved

    def _break(self, line: _Line) -> None:
        _reset(line.sock)
        self._forget(line)

    def _forget(self, line: _Line) -> None:
        line.sock.close()
        self._etiquette.gone(line)
        if line in self.lines:
            self.lines.remove(line)


def _reset(sock: socket.socket) -> None:
    """Close with a TCP reset."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()
