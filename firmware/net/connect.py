"""Opens a TCP or TLS connection: names, sockets. Loaded for a connect and dropped afterwards."""

import asyncio
import select
import socket
import sys
from errno import ECONNREFUSED, EINPROGRESS

from micropython import const

from firmware.errors import ChargerError

_RETRY_MS = const(5)
_TCP = const(6)  # the socket module does not name them on every port
_NO_DELAY = const(1)


class DialError(ChargerError):
    """No connection; the text says why."""


async def dial(where: tuple, known: list) -> tuple:
    """(reader, writer) of a new connection. Raises DialError.

    Asking for a name blocks, for seconds when the network is down: the answer is kept in `known`,
    which the caller empties when it was of no use.
    """
    host, port, tls = where
    failure = "no address"
    try:
        if known[:1] != [(host, port)]:
            found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
            known[:] = [(host, port)] + list(found)
        for address in known[1:]:
            try:
                return await _connect(address, host, tls)
            except (OSError, ValueError) as error:
                failure = error
    except (OSError, ValueError) as error:
        failure = error
    raise DialError("cannot reach %s:%d: %s" % (host, port, str(failure).strip()))


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
