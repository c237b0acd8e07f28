"""A running board's files, over its console, by mpremote: list, read, write, rename, restart.

Connecting interrupts the program (Ctrl-C), which makes the charger safe before it leaves the
prompt. Nothing of this counts on the chip before the caller renames it into place.
"""

import base64
import contextlib
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.deploy.ports import PortError, explained

Progress = Callable[[int], None]

_PIECE = 768  # bytes at a time: 1 kB as base64, a small string for the chip
_AT_ONCE = 8  # files in one go
_ANSWER_S = 20
# The watchdog that the charger has set goes on at the prompt, and cannot be switched off.
_QUIET = """
try:
 import machine
 machine.WDT(timeout=900000)
except Exception:
 pass
import os,hashlib,binascii
def _names(p):
 for e in os.ilistdir(p or '/'):
  q=p+'/'+e[0]
  if e[1]==0x4000:
   yield from _names(q)
  else:
   yield q
def _facts(q):
 h=hashlib.sha256()
 n=0
 with open(q,'rb') as f:
  while 1:
   b=f.read(512)
   if not b:break
   h.update(b)
   n+=len(b)
 print(binascii.hexlify(h.digest()).decode(),n,q)
def _folders(q):
 p=''
 for w in q.split('/')[1:-1]:
  p+='/'+w
  try:
   os.mkdir(p)
  except OSError:
   pass
def _copy(p,q):
 _folders(q)
 with open(p,'rb') as f,open(q,'wb') as g:
  while 1:
   b=f.read(512)
   if not b:break
   g.write(b)
def _gone(q):
 try:
  os.remove(q)
 except OSError:
  pass
 while q.count('/')>1:
  q=q.rsplit('/',1)[0]
  try:
   os.rmdir(q)
  except OSError:
   break
"""
_FACTS = re.compile(rb"^([0-9a-f]{64}) (\d+) (/\S.*?)\r?$", re.M)


class BoardError(Exception):
    """The board did not do what it was asked; the text says what to do."""


class Fact(NamedTuple):
    """One file of the board."""

    sha256: str
    size: int


class Board:
    """`with Board(port) as board:` the charger is stopped meanwhile. Raises PortError."""

    def __init__(self, port: str) -> None:
        self.port = port
        try:
            self._transport = SerialTransport(port, timeout=_ANSWER_S)
        except TransportError:
            raise PortError(f"{port} is busy, or gone: close other consoles, look at the cable")
        except (OSError, serial.SerialException) as error:
            raise PortError(explained(port, error)) from error

    def __enter__(self) -> "Board":
        with self._explained("stopping the charger"):
            self._transport.enter_raw_repl(soft_reset=False)
            self._transport.exec(_QUIET)
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        with contextlib.suppress(OSError, serial.SerialException):
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
            self._transport.close()

    def files(self) -> dict[str, Fact]:
        """Every file on the flash."""
        with self._explained("listing its files"):
            shown = self._transport.exec("for _q in _names(''):_facts(_q)")
        found = _FACTS.findall(shown)
        return {name.decode(): Fact(digest.decode(), int(size)) for digest, size, name in found}

    def free(self) -> int:
        """Bytes that still fit on the flash."""
        with self._explained("asking for room"):
            block, _, _, free = self._transport.eval("os.statvfs('/')[:4]")
        return int(block) * int(free)

    def read(self, name: str, progress: Progress = lambda done: None) -> bytes:
        """A file's content; `progress` is told of each piece's bytes."""
        data = bytearray()
        with self._explained(f"reading {name}"):
            self._transport.exec(f"_f=open({name!r},'rb')")
            while piece := base64.b64decode(
                self._transport.exec(f"print(binascii.b2a_base64(_f.read({_PIECE})).decode())")
            ):
                data += piece
                progress(len(piece))
            self._transport.exec("_f.close()")
        return bytes(data)

    def write(self, name: str, data: bytes, progress: Progress = lambda done: None) -> None:
        """Write a file and the folders above it; it is on flash afterwards."""
        with self._explained(f"writing {name}"):
            self._transport.exec(f"_folders({name!r})\n_f=open({name!r},'wb')")
            for start in range(0, len(data), _PIECE):
                piece = data[start : start + _PIECE]
                text = base64.b64encode(piece).decode()
                self._transport.exec(f"_f.write(binascii.a2b_base64('{text}'))")
                progress(len(piece))
            self._transport.exec("_f.close()")

    def copy(self, pairs: list[tuple[str, str]]) -> None:
        """A second one of each file, on the board."""
        for start in range(0, len(pairs), _AT_ONCE):
            lines = [f"_copy({old!r},{new!r})" for old, new in pairs[start : start + _AT_ONCE]]
            with self._explained("copying files"):
                self._transport.exec("\n".join(lines))

    def check(self, name: str, fact: Fact) -> None:
        """Raise BoardError unless the file on the flash is as it should be."""
        self.check_all({name: fact})

    def check_all(self, wanted: dict[str, Fact]) -> None:
        """Raise BoardError unless each of the files on the flash is as it should be."""
        names = list(wanted)
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            with self._explained(f"checking {some[0]}"):
                shown = self._transport.exec(f"for _q in {tuple(some)!r}:_facts(_q)")
            found = {name.decode(): digest.decode() for digest, _, name in _FACTS.findall(shown)}
            for name in some:
                if found.get(name) != wanted[name].sha256:
                    raise BoardError(
                        f"{name} did not arrive as it was sent. Try again, or another cable"
                    )

    def move(self, pairs: list[tuple[str, str]]) -> None:
        """Rename files into place, over what is there, several in one go."""
        for start in range(0, len(pairs), _AT_ONCE):
            lines = [
                f"_folders({new!r});os.rename({old!r},{new!r})"
                for old, new in pairs[start : start + _AT_ONCE]
            ]
            with self._explained("putting the files in place"):
                self._transport.exec("\n".join(lines))

    def remove(self, names: list[str]) -> None:
        """Delete files, and folders that have become empty."""
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            with self._explained(f"deleting {some[0]}"):
                self._transport.exec(f"for _q in {tuple(some)!r}:_gone(_q)")

    def reset(self) -> None:
        """Start the chip anew."""
        with self._explained("restarting"):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
            self._transport.in_raw_repl = False

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:]
            raise BoardError(f"{doing}: the board says {last[0] if last else 'nothing'}") from None
        except (TransportError, struct.error, SyntaxError, ValueError):
            raise BoardError(
                f"{doing}: no answer on {self.port}. Is MicroPython on the board (make flash)? "
                "Press its EN button and try again"
            ) from None
        except (OSError, serial.SerialException):
            raise BoardError(f"{doing}: the board has gone. Plug it in again and repeat") from None
