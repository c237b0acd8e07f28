"""The virtual charger for tests: virtual clock, scripted central system, all in step.

    with Bench(on="micropython32", heap="112k") as bench:
        bench.command("plug")
        call = bench.expect("StatusNotification", within_s=10, status="Preparing")

Time passes only inside `run`, `expect`, `call` and their like, and only while the firmware has
nothing to do and no byte is under way.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tools.sim import process
from tools.sim.charger import KeepsDying, PowerLost, VirtualCharger
from tools.sim.chip import reply
from tools.sim.file_server import FileServer
from tools.sim.protocol import Op
from tools.sim.script import CallError, Delay, Drop, Entry, Refuse, Silence, same
from tools.sim.server import ScriptedServer
from tools.sim.visitors import Response, Visitors, request

__all__ = ["Bench", "BenchError", "CallError", "Delay", "Drop", "Entry", "Refuse", "Silence"]

EPOCH_UNIX_S = 1_768_989_000  # 2026-01-21T09:50:00Z: when virtual time begins
_LONGEST_STEP_MS = 100_000  # the firmware's clock takes no more at a time
_TAIL = 25
_ADVANCE = int(Op.ADVANCE)
_FOREVER = float("inf")
_NOBODY = 1  # a port that refuses
# A charger that is set up, on a network that nobody has to look after.
_SETTINGS = {"csms_url": "ws://csms.test:9000/ocpp", "setup_after_s": 0}


class BenchError(AssertionError):
    """What a test expected did not happen; the text shows the conversation's tail."""


class Bench:
    """One virtual charger with its central system.

    on: micropython, micropython32 or cpython; settings: like --set; flash: kept when given;
    firmware: another folder with boot.py and main.py; hardware: another virtual hardware.
    """

    def __init__(
        self, on: str = "cpython", settings: dict[str, Any] | None = None, heap: str | None = None,
        flash: Path | None = None, *, cut: int | None = None, firmware: Path | None = None,
        hardware: Any = None, options: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        if hardware is None:
            from tools.sim.hardware import Hardware

            hardware = Hardware(options, settings)
        self.hardware = hardware
        self.server = ScriptedServer(lambda: self.now_s * 1000, lambda: EPOCH_UNIX_S + self.now_s)
        self.files_server = FileServer()
        self.visitors = Visitors()
        self._folder = Path(tempfile.mkdtemp(prefix="rivot-bench-"))
        self._printed = self._folder / "output"
        self._output = self._printed.open("ab", buffering=0)
        self._cursor = 0
        self._waiting: int | None = None  # the firmware idles and wants so many ms
        self.powered = False
        self._stall_ms = 0.0
        self.charger = VirtualCharger(
            on, hardware, flash or self._folder / "flash", self._resolve,
            virtual=True, heap=heap, settings={**_SETTINGS, **(settings or {})}, cut=cut,
            firmware=firmware, output=self._output, say=self._note,
        )  # fmt: skip
        self.charger.chip.listening = self.visitors.listening

    def __enter__(self) -> "Bench":
        self.power_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything."""
        if self.powered:
            self.charger.power_off()
        self.powered = False
        self.server.shut_down()
        self.files_server.shut_down()
        self.visitors.shut_down()
        self._output.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- time ---

    @property
    def now_s(self) -> float:
        """Virtual seconds since the bench began."""
        return float(self.hardware.now_ms) / 1000

    def run(self, seconds: float) -> None:
        """Let virtual time pass. Raises PowerLost at a cut."""
        self._run_until(self.hardware.now_ms + seconds * 1000, None)

    def run_until(self, condition: Callable[[], Any], within_s: float, what: str = "") -> None:
        """Let time pass until the condition holds. Raises BenchError when it never does."""
        if not self._run_until(self.hardware.now_ms + within_s * 1000, condition):
            raise self._failed(f"not within {within_s} s: {what or condition}")

    def _run_until(self, deadline_ms: float, done: Callable[[], Any] | None) -> bool:
        while True:
            if self._waiting is None and self.powered:
                self._listen()
            if self._served() and self.powered:
                self._grant(0)  # look at your sockets
                continue
            if done and done():
                return True
            if self.hardware.now_ms >= deadline_ms:
                return False
            self._let_pass(deadline_ms)

    def _served(self) -> bool:
        busy = self.server.service() | self.visitors.service()
        return self.files_server.service() or busy

    def _resolve(self, host: str, port: int) -> int:
        """The central system has any other name; a literal address has nobody behind it."""
        if host == FileServer.HOST:
            return self.files_server.port_of(port)
        if host == "127.0.0.1":  # CPython asks again for what it has been told
            return _NOBODY if port < 1024 else port
        return self.server.port

    def _listen(self) -> None:
        """Handle requests until the firmware wants time to pass."""
        charger = self.charger
        try:
            while self._waiting is None:
                request = charger.next_request()
                if request is None:
                    self._receive()
                elif request[0] == _ADVANCE:
                    self._waiting = request[2]
                else:
                    charger.handle(request)
        except PowerLost:
            self._lost_power()
            raise
        except KeepsDying as error:
            raise self._failed(str(error)) from None

    def _receive(self) -> None:
        child = self.charger.child
        if child is None:
            raise self._failed("the firmware is not running")
        try:
            data = child.wire.recv(65536)
        except BlockingIOError:
            raise self._failed(f"the firmware was silent for {process.SILENT_S} s") from None
        except OSError:
            data = b""
        self.charger.feed(data)

    def _grant(self, moved_ms: int) -> None:
        self._waiting = None
        chip = self.charger.chip
        self.charger.send(reply(moved_ms, chip.seen(), chip.flags()))

    def _let_pass(self, deadline_ms: float) -> None:
        now_ms = self.hardware.now_ms
        wanted = self._waiting if self.powered else None
        target = min(
            deadline_ms,
            now_ms + (_LONGEST_STEP_MS if wanted is None or wanted < 0 else wanted),
            self.server.next_due_ms() or _FOREVER,
            (self.charger.chip.watchdog_due_ms() or _FOREVER) if self.powered else _FOREVER,
        )
        if self._stall_ms:
            target, self._stall_ms = now_ms + self._stall_ms, 0.0
        moved_ms = max(1, min(_LONGEST_STEP_MS, -int(-(target - now_ms) // 1)))
        self.hardware.advance(now_ms + moved_ms)
        if not self.powered:
            return
        try:
            bitten = self.charger.watchdog_bites()
        except KeepsDying as error:
            raise self._failed(str(error)) from None
        if bitten:
            self._waiting = None
        else:
            self._grant(moved_ms)

    def stall(self, seconds: float) -> None:
        """The firmware stands still for so long, as in a call that does not yield."""
        self._stall_ms = seconds * 1000
        self.run(seconds)

    # --- the charger ---

    def power_on(self) -> None:
        """Mains on, on the flash as it is."""
        if not self.powered:
            self.powered = True
            self._waiting = None
            self.charger.power_on()

    def cut_at(self, write: int | None, part: float = 0.5) -> None:
        """Power dies at the N-th flash program or erase from now; None: at none.

        That one is torn: a `part` of it gets done (on CPython always half).
        """
        counter = self.charger.flash.counter
        counter.cut = None if write is None else counter.writes + write
        counter.part = part

    def _lost_power(self) -> None:
        self.powered = False
        self._waiting = None
        self.server.drop()

    def command(self, line: str) -> dict[str, Any]:
        """A command of the control port; BenchError when it is refused."""
        words = line.split()
        if words == ["state"]:
            return self.state()
        if words == ["power"]:
            self.charger.power_off()
            self._lost_power()
            return {"ok": True}
        answer = self.charger.command(words)
        if "error" in answer:
            raise BenchError(f"{line}: {answer['error']}")
        if words[0] == "net" and words[1] in ("on", "off"):
            self.server.set_air(words[1] == "on")
        if words[0] in ("brownout", "crash"):
            self._waiting = None
        elif self._waiting is not None and words == ["service"]:
            self._grant(0)  # it looks at once
        return answer

    def state(self) -> dict[str, Any]:
        """The control port's `state`: the firmware's half and the plant's own truth."""
        status: dict[str, Any] | None = None

        def answered() -> bool:
            nonlocal status
            status = self.charger.take_status()
            return status is not None

        if self.powered:
            if self._waiting is None:
                self._listen()
            self.charger.ask_status()
            self._grant(0)
            self._run_until(self.hardware.now_ms + 2000, answered)
        return self.charger.state(status)

    @property
    def files(self) -> Any:
        """The flash: `read(path)`, `names()`."""
        return self.charger.flash

    @property
    def output(self) -> str:
        """All that the firmware has printed."""
        return self._printed.read_text(encoding="utf-8", errors="replace")

    # --- the conversation ---

    @property
    def log(self) -> list[Entry]:
        """Every frame of both ways."""
        return self.server.log

    def seen(self) -> None:
        """What has been said so far counts as seen."""
        self._cursor = len(self.log)

    def expect(self, action: str, within_s: float = 10, **fields: Any) -> Entry:
        """The next CALL of that action with these fields; the ones before it count as seen.

        A field's value may be a function or a compiled pattern. Raises BenchError.
        """
        found: list[Entry] = []
        place = self._cursor

        def arrived() -> bool:
            nonlocal place
            while place < len(self.log) and not found:
                if _matches(self.log[place], action, fields):
                    found.append(self.log[place])
                place += 1
            return bool(found)

        if not arrived():
            self._run_until(self.hardware.now_ms + within_s * 1000, arrived)
        if not found:
            raise self._failed(f"no {action} {fields or ''} within {within_s} s")
        self._cursor = place
        return found[0]

    def expect_order(
        self, wanted: Iterable[Any], within_s: float = 30, ignore: Iterable[str] = ("Heartbeat",)
    ) -> list[Entry]:
        """The next CALLs are exactly these, in this order, but for the actions to ignore.

        Each is an action or (action, fields).
        """
        ignored = set(ignore)
        entries: list[Entry] = []
        end_ms = self.hardware.now_ms + within_s * 1000
        for item in wanted:
            action, fields = (item, {}) if isinstance(item, str) else item
            entry = self._next_call(ignored - {action}, end_ms)
            if entry is None or not _matches(entry, action, fields):
                came = entry.line() if entry else f"nothing within {within_s} s"
                raise self._failed(f"expected {action} {fields or ''}, but came: {came}")
            entries.append(entry)
        return entries

    def expect_all(
        self, wanted: Iterable[Any], within_s: float = 30, ignore: Iterable[str] = ("Heartbeat",)
    ) -> list[Entry]:
        """Like `expect_order`, but they may come in any order; the entries in that of `wanted`."""
        items = [(item, {}) if isinstance(item, str) else item for item in wanted]
        ignored = set(ignore) - {action for action, _ in items}
        found: dict[int, Entry] = {}
        end_ms = self.hardware.now_ms + within_s * 1000
        while len(found) < len(items):
            entry = self._next_call(ignored, end_ms)
            missing = [i for i in range(len(items)) if i not in found]
            place = next((i for i in missing if entry and _matches(entry, *items[i])), None)
            if entry is None or place is None:
                came = entry.line() if entry else f"nothing within {within_s} s"
                raise self._failed(f"expected {[items[i] for i in missing]}, but came: {came}")
            found[place] = entry
        return [found[i] for i in range(len(items))]

    def _next_call(self, ignored: set[str], end_ms: float) -> Entry | None:
        found: list[Entry] = []

        def arrived() -> bool:
            while self._cursor < len(self.log) and not found:
                entry = self.log[self._cursor]
                self._cursor += 1
                if _is_call(entry) and entry.kind not in ignored:
                    found.append(entry)
            return bool(found)

        if not arrived():
            self._run_until(end_ms, arrived)
        return found[0] if found else None

    def expect_none(self, action: str, seconds: float, **fields: Any) -> None:
        """No such CALL among those not yet seen and those of the next seconds."""
        place = self._cursor
        self.run(seconds)
        for entry in self.log[place:]:
            if _matches(entry, action, fields):
                raise self._failed(f"unexpected: {entry.line()}")

    def call(self, action: str, payload: Any = None, within_s: float = 30) -> Any:
        """A CALL of the central system; the answer's payload. Raises CallError, BenchError."""
        if not self.server.connected:
            raise self._failed(f"{action}: the charge point is not connected")
        id = self.server.call(action, {} if payload is None else payload)
        self.run_until(lambda: id in self.server.replies, within_s, f"an answer to {action}")
        entry = self.server.replies[id]
        if entry.kind == "CallError":
            raise CallError(entry.payload["code"], entry.payload["description"])
        return entry.payload

    def http(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None,
        within_s: float = 20, port: int = 80,
    ) -> Response:  # fmt: skip
        """A request to the firmware's own server; OSError: nobody listens."""
        visitor = self.visitors.visit(port, request(method, path, body, headers))
        self.run_until(lambda: visitor.over, within_s, f"an answer to {method} {path}")
        return visitor.response()

    def _note(self, line: str) -> None:
        self._output.write(f"[bench {self.now_s:.3f}] {line}\n".encode())

    def _failed(self, what: str) -> BenchError:
        talk = "\n".join(entry.line() for entry in self.log[-_TAIL:]) or "(no frame yet)"
        said = "\n".join(self.output.splitlines()[-_TAIL:]) or "(nothing)"
        return BenchError(
            f"{what}\nat {self.now_s:.3f} s; conversation:\n{talk}\nthe firmware printed:\n{said}"
        )


def _is_call(entry: Entry) -> bool:
    return entry.way == ">" and entry.kind != "CallError" and not entry.kind.endswith("Response")


def _matches(entry: Entry, action: str, fields: dict[str, Any]) -> bool:
    if not _is_call(entry) or entry.kind != action:
        return False
    payload = entry.payload if isinstance(entry.payload, dict) else {}
    return all(k in payload and same(payload[k], wanted) for k, wanted in fields.items())
