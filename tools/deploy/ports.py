"""Finds the board's serial port, and says what to do when there is none or it cannot be had."""

import errno
import fcntl
import os
import sys
from typing import Any

from serial.tools import list_ports


class PortError(Exception):
    """No port to work on; the text says what to do."""


NO_BOARD = (
    "no board found. Plug its USB cable in (one that carries data), or name the port: "
    "PORT=/dev/ttyUSB0"
)


def choose(wanted: str | None) -> str:
    """The port to use: the wanted one, else the only USB one there is. Raises PortError."""
    if wanted:
        if sys.platform != "win32" and not os.path.exists(wanted):
            raise PortError(f"{wanted} is not there. Is the board plugged in? {_others()}")
        return wanted
    found = _usb_ports()
    if not found:
        raise PortError(NO_BOARD)
    if len(found) > 1:
        names = ", ".join(port.device for port in found)
        raise PortError(f"several boards: {names}. Choose one: PORT={found[0].device}")
    return str(found[0].device)


def _usb_ports() -> list[Any]:
    return [port for port in sorted(list_ports.comports()) if port.vid is not None]


def _others() -> str:
    names = ", ".join(port.device for port in _usb_ports())
    return f"There is {names}." if names else "There is no other."


def check_free(port: str) -> None:
    """Raise PortError when another program holds the port, or the user may not open it."""
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise PortError(explained(port, error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise PortError(explained(port, error)) from error
    finally:
        os.close(descriptor)


def explained(port: str, error: OSError) -> str:
    """What an operating system's error about the port means for who sits before it."""
    if error.errno in (errno.EBUSY, errno.EAGAIN):
        return f"{port} is busy: another program (a console?) has it open. Close it and try again"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{port} may not be opened. Linux: sudo usermod -aG dialout $USER, then log in anew"
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO):
        return f"{port} has gone. Is the board plugged in?"
    if error.errno == errno.ENOTTY or "Inappropriate ioctl" in str(error):
        return f"{port} is no serial port"
    return f"{port}: {error}"
