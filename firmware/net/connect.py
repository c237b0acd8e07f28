"""Opens a TCP or TLS connection: names, sockets. Loaded for a connect and dropped afterwards."""

import asyncio
import select
import socket
import sys
from errno import ECONNREFUSED, EINPROGRESS

from micropython import const

from firmware.errors import ChargerError
from firmware.on_demand import load

_RETRY_MS = const(5)
_TCP = const(6)  # the socket module does not name them on every port
_NO_DELAY = const(1)


class DialError(ChargerError):
    """No connection; the text says why."""


async def dial(where: tuple, known: list, name_server: str = "") -> tuple:
    """(reader, writer) of a new connection. Raises DialError.

    The addresses are kept in `known`, which the caller empties when they were of no use. Without
    the network's `name_server` the socket module is asked, which blocks while it waits.
    """
    host, port, tls = where
    failure = "no address"
    try:
        if known[:1] != [(host, port)]:
            known[:] = [(host, port)] + await _find(host, port, name_server)
        for address in known[1:]:
            try:
                return await _connect(address, host, tls)
            except (OSError, ValueError) as error:
                failure = error
    except (OSError, ValueError) as error:
        failure = error
    raise DialError("cannot reach %s:%d: %s" % (host, port, str(failure).strip()))


async def _find(host: str, port: int, name_server: str) -> list:
    """Entries of getaddrinfo. Raises OSError."""
    hosts = [host]
    if name_server and name_server != "0.0.0.0" and not host.endswith(".local"):
        names = load("firmware.net.names")
        if not names.is_address(host):
            hosts = await names.ask(host, name_server)
    found = []
    for name in hosts:
        found.extend(socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM))
    return found


async def _connect(address: tuple, host: str, tls: "SSLContext | None") -> tuple:
    """To one entry of getaddrinfo. Raises OSError or ValueError."""
    if sys.implementation.name != "micropython":
        name = host if tls else None
        ip, port = address[-1][:2]
        return await asyncio.open_connection(ip, port, ssl=tls, server_hostname=name)
    # Not asyncio.open_connection: cancelled, it would leak the socket.
    sock = socket.socket(address[0], address[1], address[2])
    stream = None
    try:
        sock.setblocking(False)
        sock.setsockopt(_TCP, _NO_DELAY, 1)  # small frames must not wait for an acknowledgement
        try:
            sock.connect(address[-1])
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        poller = select.poll()
        poller.register(sock, select.POLLOUT)
        events = poller.poll(0)
        while not events:
            await asyncio.sleep_ms(_RETRY_MS)
            events = poller.poll(0)
        if events[0][1] & (select.POLLERR | select.POLLHUP):
            raise OSError(ECONNREFUSED)
        if tls:
            sock = tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            sock.setblocking(False)
        stream = asyncio.StreamReader(sock)
    finally:
        if stream is None:
            sock.close()
    return stream, stream
