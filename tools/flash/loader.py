"""Talks to the chip's boot loader with esptool: which chip, how much flash, erase, write, verify.

What goes wrong there becomes a LoaderError that says what to do.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import serial
from esptool import FatalError
from esptool.cmds import (
    attach_flash,
    detect_chip,
    detect_flash_size,
    erase_flash,
    reset_chip,
    run_stub,
    write_flash,
)
from esptool.logger import EsptoolLogger, TemplateLogger, log

Progress = Callable[[int, int], None]

WANTED = "ESP32"
FAST = 460800
_FIRST = 115200
_ATTEMPTS = 4
_HELD = "hold the board's BOOT button while it connects"


class LoaderError(Exception):
    """The board could not be flashed; the text says why and what to do."""


class _Quiet(TemplateLogger):
    """esptool's own words stay unsaid; its progress goes to a callback."""

    def __init__(self) -> None:
        self.progress: Progress | None = None

    def print(self, *words: Any, **options: Any) -> None:
        pass

    def note(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        pass

    def error(self, message: str) -> None:
        pass

    def stage(self, finish: bool = False) -> None:
        pass

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "",
        bar_length: int = 30,
    ) -> None:  # fmt: skip
        if self.progress:
            self.progress(cur_iter, total_iters)

    def set_verbosity(self, verbosity: str) -> None:
        pass


class Loader:
    """A connection to the chip. `flash_size` is in bytes, `mac` as text."""

    def __init__(self, port: str, attempts: int = _ATTEMPTS) -> None:
        self._port = port
        self._quiet = _Quiet()
        # By its class: the logger that it puts in place cannot be replaced any more.
        EsptoolLogger.set_logger(log, self._quiet)
        with self._explained("connecting"):
            esp = detect_chip(port, _FIRST, connect_attempts=attempts)
        self._esp = esp
        try:
            if esp.CHIP_NAME != WANTED:
                raise LoaderError(
                    f"the board on {port} has an {esp.CHIP_NAME}; the charger runs on an {WANTED} "
                    "(WROOM-32). Is it the right board, the right port?"
                )
            with self._explained("talking to the flash chip"):
                self._esp = run_stub(esp)
                attach_flash(self._esp)
                self.flash_size = _bytes(detect_flash_size(self._esp))
                self.mac = ":".join(f"{byte:02x}" for byte in self._esp.read_mac())
        except BaseException:
            self.close()
            raise

    def faster(self, baud: int) -> None:
        """Talk at `baud` from now on."""
        with self._explained(f"changing to {baud} Bd"):
            self._esp.change_baud(baud)

    def erase(self) -> None:
        """Set the whole flash to ones; takes up to a minute."""
        with self._explained("erasing"):
            erase_flash(self._esp)

    def write(self, offset: int, data: bytes, progress: Progress) -> None:
        """Write `data` and have the chip compare its MD5."""
        self._quiet.progress = progress
        with self._explained("writing"):
            write_flash(self._esp, [(offset, data)])
        self._quiet.progress = None

    def start(self) -> None:
        """Reset the chip into what was written."""
        with self._explained("restarting"):
            reset_chip(self._esp, "hard-reset")

    def close(self) -> None:
        """Let go of the port."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._esp._port.close()

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (FatalError, serial.SerialException, OSError) as error:
            raise LoaderError(_what_to_do(self._port, doing, str(error))) from error


def _what_to_do(port: str, doing: str, said: str) -> str:
    for pattern, text in (
        (
            r"exclusively lock|busy|Resource temporarily",
            f"{port} is busy: another program (a console?) has it open. Close it and try again",
        ),
        (
            r"Permission denied",
            f"{port} may not be opened. Linux: sudo usermod -aG dialout $USER, then log in anew",
        ),
        (
            r"MD5|written flash region is empty",
            "what was read back is not what was written. Try again, with BAUD=115200 or another "
            "cable; if it stays so, the flash chip is broken",
        ),
        (
            r"device disconnected|returned no data|Input/output error|Errno 5|No such (file|dev)"
            r"|write failed|No more data|readiness to read",
            f"the board has gone while {doing}. Plug it in again and repeat: nothing is lost but "
            "time, the boot loader is in the chip",
        ),
        (
            r"boot mode|Failed to connect|No serial data|sync|Packet content|stub flasher",
            f"no answer from a boot loader on {port}. Is it the right port? If so, {_HELD}",
        ),
        (
            r"Security|Secure Boot|encryption",
            "this chip's flash is locked (secure boot or encryption): it cannot be used",
        ),
    ):
        if re.search(pattern, said, re.IGNORECASE):
            return text
    return f"{doing} failed: {said.splitlines()[0] if said else 'no reason given'}. Try again"


def _bytes(size: str | None) -> int:
    """esptool's "4MB"."""
    found = re.fullmatch(r"(\d+)(KB|MB)", size or "")
    if not found:
        raise FatalError("flash size not known: encryption?" if not size else f"size {size}")
    return int(found[1]) << (20 if found[2] == "MB" else 10)
