"""Runs on the interpreter under test: `echo.py URL MAX_BYTES`. Started by __main__.py."""

import asyncio
import sys

if sys.implementation.name != "micropython":
    import compat  # MicroPython's names for CPython; __main__ puts it on the path

    compat.install()

from firmware.net.websocket_client import ConnectionClosed, WebSocketClient, WebSocketError


async def echo(url: str, max_message: int) -> None:
    """Send every message back until the other side closes. Raises WebSocketError."""
    client = WebSocketClient(max_message, timeout_s=60)
    # Conformance servers speak no OCPP and choose no sub-protocol.
    await client.connect(url, require_protocol=False)
    try:
        while True:
            _, data = await client.receive()
            await client.send(data)
            data = None
    except ConnectionClosed as closed:
        if closed.code == 1006:
            raise
    await client.close()


def main() -> int:
    """Exit status: 0 closed by the other side, 1 anything else."""
    try:
        asyncio.run(echo(sys.argv[1], int(sys.argv[2])))
    except WebSocketError as error:
        print("wsecho: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
