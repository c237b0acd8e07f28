"""Everything that only the making of a WebSocket connection needs: sockets, handshake.

net/websocket_client.py loads this for a connect and drops it afterwards: some 6 kB on the chip.
"""

from firmware.ocpp import handshake

from .connect import DialError, dial

__all__ = ["DialError", "dial", "prepare"]


def prepare(
    url: str,
    protocols: tuple,
    auth: tuple | None,
    tls: "SSLContext",
    required: bool,
    random: bytes,
) -> tuple:
    """((host, port, tls or None), request, Response). Raises DialError or HandshakeError."""
    secure, host, port, path = handshake.split_url(url)
    if secure and tls is None:
        raise DialError("wss:// needs a CA certificate")
    key = handshake.new_key(random)
    hello = handshake.request(host, port, secure, path, key, protocols, auth)
    answer = handshake.Response(key, protocols, required)
    return (host, port, tls if secure else None), hello, answer
