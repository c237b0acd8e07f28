"""The commands: one line in, one JSON object out. From TCP clients and from the keyboard."""

import json
import selectors
import socket
import sys
from collections.abc import Callable
from typing import Any

_LONGEST_LINE = 4096
HELP = """\
  plug, unplug                    the gun
  tag 0A1B2C3D4E                  present a tag (ten hex digits, or what the chosen reader reads)
  button, button 6                the start/stop button; held for so many seconds
  estop on|off                    the red button
  bms off|on|soc=87 voltage=76.38 current_limit=90 voltage_limit=84 temperature=26.5 allowed=0
  module off|on|temperature=70 fault=1
  meter off|on, reader off|on     the plug of the energy meter, of the tag reader
  weld on|off, coil off|on        contactor stays closed; its coil is broken
  door open|closed, earth on|off  where hardware options fit them
  gun temperature=80 (auto, open, short) sense=ok (open, short) contact=ok (open)
      wires=ok (reversed, shorted)
  bms voltage_scale=1 current_sign=1 alarm=none (short, weld, insulation)   what it tells wrongly
  module extra_volts=0 extra_amps=0 bleeder=5.5 leak=0 stuck=0              what is wrong with it
  service                         what charger.clear_faults() does
  crash, brownout                 the chip crashes; its supply dips
  net off|on, net password=TEXT   the network; what the Wi-Fi router wants from now on
  power                           pull the mains plug: everything ends, status 137
  state                           what the firmware says and what the plant does
  quit                            end (keyboard only)"""

# Carries out a line; calls the function with the answer, now or later.
Carry = Callable[[str, Callable[[dict[str, Any]], None]], None]


class ControlPort:
    """A TCP port on 127.0.0.1; any number of clients."""

    def __init__(self, port: int, selector: selectors.BaseSelector, carry: Carry) -> None:
        self._selector = selector
        self._carry = carry
        self._socket = socket.create_server(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        selector.register(self._socket, selectors.EVENT_READ, self._ready)

    def _ready(self, _: int) -> None:
        try:
            sock, _address = self._socket.accept()
        except OSError:
            return
        _Client(sock, self._selector, self._carry)

    def close(self) -> None:
        """Take no more clients."""
        self._selector.unregister(self._socket)
        self._socket.close()


class _Client:
    """One connection: its lines are carried out one after the other."""

    def __init__(
        self, sock: socket.socket, selector: selectors.BaseSelector, carry: Carry
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(1)  # a client that does not read must not stop the plant
        self._socket = sock
        self._selector = selector
        self._carry = carry
        self._buffer = b""
        self._busy = False
        self._over = False
        selector.register(sock, selectors.EVENT_READ, self._ready)

    def _ready(self, _: int) -> None:
        try:
            data = self._socket.recv(_LONGEST_LINE)
        except OSError:
            data = b""
        self._buffer += data
        if not data:
            self._selector.unregister(self._socket)
            self._over = True
        self._next()

    def _next(self) -> None:
        while not self._busy:
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                if len(line) > _LONGEST_LINE:
                    self._buffer = b""
                    self._answer({"error": f"a line is at most {_LONGEST_LINE} bytes"})
                elif self._over:
                    self._socket.close()
                return
            self._buffer = rest
            self._busy = True
            self._carry(line.decode("utf-8", "replace").strip(), self._answer)

    def _answer(self, answer: dict[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            pass
        if self._busy:
            self._busy = False
            self._next()


class Keyboard:
    """The same commands typed in a terminal."""

    def __init__(
        self, selector: selectors.BaseSelector, carry: Carry, quit: Callable[[], None]
    ) -> None:
        self._carry = carry
        self._quit = quit
        selector.register(sys.stdin, selectors.EVENT_READ, self._ready)

    def _ready(self, _: int) -> None:
        text = sys.stdin.readline()
        line = text.strip()
        if not text or line in ("quit", "exit"):
            self._quit()
        elif line in ("help", "?"):
            print(HELP)
        elif line:
            self._carry(line, _show)


def _show(answer: dict[str, Any]) -> None:
    if "error" in answer:
        print(f"  {answer['error']}")
    elif answer != {"ok": True}:
        print(json.dumps(answer, indent=2))
