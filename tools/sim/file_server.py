"""A file server for tests, HTTP and FTP, served by hand so that virtual time waits for its bytes.

The firmware reaches it as `depot.test`, at the usual ports. It is no more than a stand-in: one
folder in memory, anonymous or with `user`, and the failures that a test asks for.
"""

import socket
from collections.abc import Iterator


class _Line:
    """A connection and the generator that talks on it: it yields how many bytes it wants."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.data = bytearray()
        self.out = bytearray()
        self.eof = False
        self.over = False
        self.talk: Iterator[None] = iter(())


class FileServer:
    """`files` is path -> content; uploads land there too."""

    HOST = "depot.test"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.folders = {"/"}  # where FTP may store
        self.user: tuple[str, str] | None = None
        self.refused_methods: set[str] = set()
        self.hang = False  # take connections and say nothing
        self.cut_after: int | None = None  # bytes of a download, then the line breaks
        self.commands: list[str] = []  # HTTP request lines and FTP commands
        self._listeners: dict[int, socket.socket] = {}  # by the firmware's port
        self._lines: list[_Line] = []
        self._data: socket.socket | None = None  # FTP's listener for a data connection

    def port_of(self, port: int) -> int:
        """The real port behind one that the firmware asks for."""
        if port in (21, 80) and port not in self._listeners:
            self._listeners[port] = _listener()
        found = self._listeners.get(port)
        return found.getsockname()[1] if found else port

    def shut_down(self) -> None:
        """Close every socket."""
        for line in self._lines:
            line.sock.close()
        for listener in [*self._listeners.values(), *filter(None, [self._data])]:
            listener.close()
        self._lines, self._listeners, self._data = [], {}, None

    def service(self) -> bool:
        """Take what has come and answer; True when the firmware has something to look at."""
        busy = False
        while self._turn():
            busy = True
        return busy

    def _turn(self) -> bool:
        busy = False
        for port, listener in list(self._listeners.items()):
            sock = _accepted(listener)
            if sock:
                line = _Line(sock)
                line.talk = self._http(line) if port == 80 else self._ftp(line)
                self._lines.append(line)
                busy = True
        for line in list(self._lines):
            busy |= self._serve(line)
        return busy

    def _serve(self, line: _Line) -> bool:
        busy = _take(line)
        if self.hang:
            return False
        for _ in line.talk:
            break
        else:
            line.over = True
        if line.out:
            try:
                del line.out[: line.sock.send(line.out)]
                busy = True
            except BlockingIOError:
                pass
            except OSError:
                line.out.clear()
                line.over = True
        if line.over and not line.out:
            line.sock.close()
            self._lines.remove(line)
            return True
        return busy

    # --- HTTP ---

    def _http(self, line: _Line) -> Iterator[None]:
        while b"\r\n\r\n" not in line.data:
            if line.eof:
                return
            yield
        head, _, rest = bytes(line.data).partition(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        self.commands.append(first)
        method, path, _ = first.split(" ")
        fields = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in headers)}
        length = int(fields.get("content-length", "0"))
        while len(rest) < length:
            if line.eof:
                return
            yield
            rest = bytes(line.data).partition(b"\r\n\r\n")[2]
        if method in self.refused_methods:
            line.out += b"HTTP/1.1 405 No\r\n\r\n"
        elif method in ("PUT", "POST"):
            self.files[path] = rest
            line.out += b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
        elif path not in self.files:
            line.out += b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        else:
            content = self.files[path]
            line.out += b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
            line.out += content[: self.cut_after]

    # --- FTP ---

    def _ftp(self, line: _Line) -> Iterator[None]:
        line.out += b"220-Welcome\r\n220 ready\r\n"
        user = ""
        while True:
            while b"\r\n" not in line.data:
                if line.eof:
                    return
                yield
            text, _, rest = bytes(line.data).partition(b"\r\n")
            line.data[:] = rest
            command, _, argument = text.decode().partition(" ")
            self.commands.append(text.decode())
            if command == "USER":
                user = argument
                line.out += b"331 password?\r\n"
            elif command == "PASS":
                good = self.user in (None, (user, argument))
                line.out += b"230 in\r\n" if good else b"530 no\r\n"
            elif command == "TYPE":
                line.out += b"200 fine\r\n"
            elif command == "PASV" and "PASV" not in self.refused_methods:
                port = self._open_data()
                line.out += b"227 ok (10,9,8,7,%d,%d)\r\n" % (port >> 8, port & 255)
            elif command == "EPSV" and "EPSV" not in self.refused_methods:
                line.out += b"229 ok (|||%d|)\r\n" % self._open_data()
            elif command in ("RETR", "STOR"):
                yield from self._move(line, command, argument)
            elif command == "QUIT":
                line.out += b"221 bye\r\n"
                return
            else:
                line.out += b"502 what?\r\n"

    def _open_data(self) -> int:
        if self._data:
            self._data.close()
        self._data = _listener()
        return int(self._data.getsockname()[1])

    def _move(self, line: _Line, command: str, path: str) -> Iterator[None]:
        sock = None
        while self._data and not sock:
            sock = _accepted(self._data)
            if line.eof:
                return
            if not sock:
                yield
        folder = path.rpartition("/")[0] + "/"
        if not sock or (
            path not in self.files if command == "RETR" else folder not in self.folders
        ):
            line.out += b"550 no such place\r\n"
            if sock:
                sock.close()
            return
        line.out += b"150 here it comes\r\n"
        yield
        data = _Line(sock)
        if command == "RETR":
            sock.setblocking(True)
            sock.sendall(self.files[path][: self.cut_after])
        else:
            while not data.eof:
                if not _take(data):
                    yield
            self.files[path] = bytes(data.data)
        sock.close()
        line.out += b"226 done\r\n" if self.cut_after is None else b"426 cut\r\n"
        yield


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4)
    listener.setblocking(False)
    return listener


def _accepted(listener: socket.socket) -> socket.socket | None:
    try:
        sock, _ = listener.accept()
    except BlockingIOError:
        return None
    sock.setblocking(False)
    return sock


def _take(line: _Line) -> bool:
    """What has come; True when there was something."""
    if line.eof:
        return False
    try:
        data = line.sock.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        data = b""
    line.data += data
    line.eof = not data
    return True
