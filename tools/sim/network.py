"""The network between the virtual charger and the world, on the wall clock: a TCP proxy.

Each host and port that the firmware asks for gets a port on 127.0.0.1. `off` is what a lost Wi-Fi
looks like: towards the firmware connections turn into black holes, at the far end they break, and
new ones are refused.
"""

import selectors
import socket
import struct
from collections.abc import Callable

from tools.ports import Door, free_port

_MOST = 65536  # bytes under way in one direction
_LOCAL = ("127.0.0.1", "localhost")


class Proxy:
    """Lives in the runner's selector; the data of each key is a function to call."""

    def __init__(self, selector: selectors.BaseSelector, say: Callable[[str], None]) -> None:
        self._selector = selector
        self._say = say
        self._places: dict[tuple[str, int], _Place] = {}
        self._pairs: set[_Pair] = set()
        self._black: list[socket.socket] = []
        self.up = True
        self._web: _Place | None = None

    def forward(self, port: int) -> int:
        """Let 127.0.0.1:`port` lead to the firmware's own server; where that is to listen.

        It is as good as the network: a connection is refused while nobody listens there.
        """
        inner = free_port()
        self._web = _Place(("127.0.0.1", inner), self._selector, self._accepted, port)
        return inner

    def set_web(self, on: bool) -> None:
        """Can a browser reach the charger."""
        if self._web:
            self._web.listen(on)

    @property
    def web_port(self) -> int:
        """Where a browser finds the charger, 0: nowhere."""
        return self._web.port if self._web else 0

    def resolve(self, host: str, port: int) -> int:
        """The local port that leads to host:port. Raises OSError like a DNS that knows no such."""
        for place in self._places.values():
            if host in _LOCAL and port == place.port:
                return port  # it is already the way to somewhere
        key = (host, port)
        if key not in self._places:
            try:
                found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
            except OSError as error:
                self._say(f"cannot resolve {host}: {error}")
                raise OSError(-2, f"no such host: {host}") from None
            self._places[key] = _Place(found[0][4], self._selector, self._accepted)
        return self._places[key].port

    def set_up(self, up: bool) -> None:
        """Wi-Fi is there, or gone."""
        if up == self.up:
            return
        self.up = up
        for place in self._places.values():
            place.listen(up)
        if up:
            for near in self._black:
                _reset(near)
            self._black = []
            return
        for pair in list(self._pairs):
            self._black.append(pair.cut())
        self._pairs.clear()

    def close(self) -> None:
        """Close every socket."""
        places = [*self._places.values(), *([self._web] if self._web else [])]
        for place in places:
            place.close()
        for pair in list(self._pairs):
            pair.end()
        for near in self._black:
            near.close()

    def _accepted(self, near: socket.socket, address: tuple) -> None:
        self._pairs.add(_Pair(near, address, self._selector, self._pairs.discard))


class _Place:
    """One listening port and where it leads."""

    def __init__(
        self, address: tuple, selector: selectors.BaseSelector, accepted: Callable, port: int = 0
    ) -> None:
        self._door = Door(port)
        self.port = self._door.port
        self._address = address
        self._selector = selector
        self._accepted = accepted
        self._socket: socket.socket | None = None
        self.listen(True)

    def listen(self, on: bool) -> None:
        """Take connections, or refuse them."""
        if on and not self._socket:
            self._socket = self._door.open()
            self._socket.setblocking(False)
            self._selector.register(self._socket, selectors.EVENT_READ, self._ready)
        elif not on and self._socket:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Refuse connections for good."""
        self.listen(False)
        self._door.close()

    def _ready(self, _: int) -> None:
        if self._socket:
            try:
                near, _address = self._socket.accept()
            except OSError:
                return
            self._accepted(near, self._address)


class _Pair:
    """A connection of the firmware and the one to the server, with what is under way."""

    def __init__(
        self, near: socket.socket, address: tuple, selector: selectors.BaseSelector,
        over: Callable[["_Pair"], None],
    ) -> None:  # fmt: skip
        self._selector = selector
        self._over = over
        self._near = near
        self._far = socket.socket()
        self._connected = False
        self._buffers = {self._near: bytearray(), self._far: bytearray()}  # to be sent on it
        self._ended: set[socket.socket] = set()  # they send no more
        self._closed: set[socket.socket] = set()  # nothing more is sent on it
        for sock in (self._near, self._far):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._far.connect_ex(address)
        selector.register(near, selectors.EVENT_READ, lambda events: self._ready(near, events))
        far = self._far
        selector.register(far, selectors.EVENT_WRITE, lambda events: self._ready(far, events))

    def cut(self) -> socket.socket:
        """Wi-Fi is lost: break the far end, answer the near one, which nobody serves now."""
        for sock in (self._near, self._far):
            if sock in self._selector.get_map():
                self._selector.unregister(sock)
        _reset(self._far)
        return self._near

    def end(self) -> None:
        """Break both ends."""
        self.cut()
        _reset(self._near)
        self._over(self)

    def _ready(self, sock: socket.socket, events: int) -> None:
        other = self._far if sock is self._near else self._near
        try:
            if events & selectors.EVENT_WRITE:
                if sock is self._far and not self._connected:
                    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if error:
                        raise OSError(error, "connect")
                    self._connected = True
                self._send(sock)
            if events & selectors.EVENT_READ:
                data = sock.recv(_MOST)
                if data:
                    self._buffers[other] += data
                else:
                    self._ended.add(sock)
                if other is not self._far or self._connected:
                    self._send(other)
        except BlockingIOError:
            pass
        except OSError:
            self.end()
            return
        if len(self._closed) == 2:
            self.end()
            return
        self._watch(self._near)
        self._watch(self._far)

    def _send(self, sock: socket.socket) -> None:
        buffer = self._buffers[sock]
        if buffer:
            del buffer[: sock.send(buffer)]
        other = self._far if sock is self._near else self._near
        if not buffer and other in self._ended and sock not in self._closed:
            self._closed.add(sock)
            sock.shutdown(socket.SHUT_WR)

    def _watch(self, sock: socket.socket) -> None:
        other = self._far if sock is self._near else self._near
        events = 0
        if sock not in self._ended and len(self._buffers[other]) < _MOST:
            events |= selectors.EVENT_READ
        if self._buffers[sock] or sock is self._far and not self._connected:
            events |= selectors.EVENT_WRITE
        known = self._selector.get_map().get(sock)
        if known and not events:
            self._selector.unregister(sock)
        elif known and known.events != events:
            self._selector.modify(sock, events, known.data)
        elif not known and events:
            self._selector.register(sock, events, lambda ready: self._ready(sock, ready))


def _reset(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()
