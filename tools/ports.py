"""TCP ports of the loopback that stay free until they are used.

A port that the system chose (`bind` to 0) is one of those it also gives to outgoing connections:
whoever gives it up for a while may find it taken.
"""

import random
import socket

_HOST = "127.0.0.1"
_RANGE = (20_000, 32_000)  # Linux gives 32768 and more to outgoing connections
_TRIES = 100


def free_port() -> int:
    """A port that nobody uses and that the system gives to nobody. OSError: none is found."""
    choose = random.SystemRandom()  # a seeded test must not give every process the same port
    for _ in range(_TRIES):
        port = choose.randrange(*_RANGE)
        try:
            with socket.create_server((_HOST, port)):
                return port
        except OSError:
            continue
    raise OSError(f"no free port between {_RANGE[0]} and {_RANGE[1]}")


class Door:
    """A port that is ours for good and at which we listen, or do not: connections are refused."""

    def __init__(self, port: int = 0) -> None:
        self._holder = _bound(port)  # never listens; keeps the number while we do not
        self.port: int = self._holder.getsockname()[1]

    def open(self) -> socket.socket:
        """A listening socket; close it to refuse connections."""
        listener = _bound(self.port)
        listener.listen(8)
        return listener

    def close(self) -> None:
        """Give the port back."""
        self._holder.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((_HOST, port))
    except OSError:
        bound.close()
        raise
    return bound
