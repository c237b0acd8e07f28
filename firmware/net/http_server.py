"""A small HTTP/1.1 server for one purpose at a time; http_request.py says what `answer` gives."""

import asyncio

from micropython import const

from firmware.net.http_request import talk

_MOST = const(3)  # connections at a time; a browser opens more than it needs
_SECONDS = const(10)  # for a whole request and its answer


class HttpServer:
    """Listens from `start` to `close`."""

    def __init__(self, answer: "Callable", log: "Log") -> None:
        self._answer = answer
        self._log = log
        self._server = None
        self._open = 0

    async def start(self, host: str, port: int) -> None:
        """Take connections. OSError: the port is somebody else's."""
        self._server = await asyncio.start_server(self._serve, host, port)

    def close(self) -> None:
        """Take no more; what is under way ends by itself."""
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        self._open += 1
        try:
            if self._open <= _MOST:
                await asyncio.wait_for(talk(reader, writer, self._answer), _SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self._log.debug("web", "%r", error)
        except MemoryError:
            self._log.warn("web", "no memory for a page")
        finally:
            self._open -= 1
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass
