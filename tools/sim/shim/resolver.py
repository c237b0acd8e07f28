"""Stands in for `socket`: names are resolved by the hardware process, so that Wi-Fi can fail."""

import socket as _socket
from link import ask


def getaddrinfo(host: str, port: int, *more) -> list:
    """Addresses to bind to are left alone; any other leads to the hardware's own port."""
    if host and host != "0.0.0.0":
        port = ask(0x0D, 0, 0, 0, ("%s %d" % (host, port)).encode())
        host = "127.0.0.1"
    return _socket.getaddrinfo(host or "0.0.0.0", port, *more)


def __getattr__(name: str) -> object:
    return getattr(_socket, name)
