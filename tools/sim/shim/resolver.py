"""Stands in for `socket`: names are resolved by the hardware process, so that Wi-Fi can fail."""

from link import ask
from micropython import const
from socket import *  # noqa: F403
from socket import getaddrinfo as _getaddrinfo

_RESOLVE = const(0x0D)


def getaddrinfo(host: str, port: int, *more) -> list:
    """Addresses to bind to are left alone; any other leads to the hardware's own port."""
    if host and host != "0.0.0.0":
        port = ask(_RESOLVE, 0, 0, 0, ("%s %d" % (host, port)).encode())
        host = "127.0.0.1"
    return _getaddrinfo(host or "0.0.0.0", port, *more)
