"""Drives the firmware's WebSocket client on any interpreter: JSON cases on stdin.

A case: {"name", "url", "mode", "client": {...}, "connect": {...}, "tls": {...}}. The result of
each is one object: what was received, how it ended, how long it took.
"""

import asyncio
import json
import sys
import time
from binascii import a2b_base64, hexlify

if sys.implementation.name != "micropython":
    import compat

    compat.install()

from firmware.errors import ChargerError
from firmware.net.websocket_client import ConnectionClosed, WebSocketClient, WebSocketError

BIG = 6_000_000  # more than the buffers between two sockets take


async def listen(client: WebSocketClient, got: list) -> None:
    """Fetch messages until the end."""
    while True:
        is_text, data = await client.receive()
        if len(data) > 1000:
            data = data[:10] + data[-10:]
        got.append(data if is_text else hexlify(data).decode())


async def echo(client: WebSocketClient, got: list) -> None:
    """Send back what comes."""
    while True:
        is_text, data = await client.receive()
        got.append([is_text, len(data)])
        await client.send(data)


async def flood(client: WebSocketClient, got: list) -> None:
    """Send more than the peer takes."""
    await client.send("x" * BIG)
    got.append("sent")
    await client.send("x" * BIG)


async def senders(client: WebSocketClient, got: list) -> None:
    """Three tasks send at once, more than the buffers hold, while messages come in."""

    async def one(letter: str) -> None:
        for _ in range(2):
            await client.send(letter * 5_000_000)

    tasks = [asyncio.create_task(one(letter)) for letter in "abc"]
    for task in tasks:
        await task
    await client.send("end")
    await listen(client, got)


async def close(client: WebSocketClient, got: list) -> None:
    """The closing handshake from our side, with somebody waiting in receive."""
    waiter = asyncio.create_task(_end_of(client))
    await asyncio.sleep_ms(50)
    await client.close(3000, "enough")
    got.append(await waiter)
    await client.receive()


async def _end_of(client: WebSocketClient) -> int:
    try:
        while True:
            await client.receive()
    except ConnectionClosed as closed:
        return closed.code


async def abort(client: WebSocketClient, got: list) -> None:
    """Abort while one task waits in receive and one in a blocked send."""
    waiter = asyncio.create_task(_end_of(client))
    sender = asyncio.create_task(_flood_end(client))
    await asyncio.sleep_ms(200)
    client.abort()
    client.abort()
    got.append(await waiter)
    got.append(await sender)
    await client.send("x")


async def _flood_end(client: WebSocketClient) -> int:
    try:
        await flood(client, [])
    except ConnectionClosed as closed:
        return closed.code
    return 0


async def cancel_receive(client: WebSocketClient, got: list) -> None:
    """A receive that is cancelled loses nothing."""
    for _ in range(2):
        task = asyncio.create_task(client.receive())
        await asyncio.sleep_ms(60)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            got.append("cancelled")
        await client.send("go on")
        got.append((await client.receive())[1])
    await listen(client, got)


async def cancel_send(client: WebSocketClient, got: list) -> None:
    """A send cut in the middle of its frame must not be followed by another frame."""
    task = asyncio.create_task(client.send("x" * BIG))
    await asyncio.sleep_ms(200)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        got.append("cancelled")
    await client.send("next")
    await listen(client, got)


async def ping(client: WebSocketClient, got: list) -> None:
    """Own pings, switched on while open."""
    client.ping_interval_s = 1
    try:
        await listen(client, got)
    finally:
        got.append(client.rtt_ms >= 0)


async def again(client: WebSocketClient, got: list, url: str) -> None:
    """Connect a second time without closing; the first connection ends."""
    got.append((await client.receive())[1])
    await client.connect(url)
    await listen(client, got)


async def run(case: dict) -> dict:
    """One case to its end."""
    got = []
    logged = []

    class Log:
        def warn(self, component: str, text: str, *args: object) -> None:
            logged.append(text % args)

    client = WebSocketClient(log=Log(), **case.get("client", {}))
    begin = time.ticks_ms()
    end = None
    mode = case.get("mode", "listen")
    try:
        arguments = case.get("connect", {})
        if "tls" in case:
            arguments["tls"] = make_tls(**case["tls"])
        if mode == "cancel_connect":
            task = asyncio.create_task(client.connect(case["url"], **arguments))
            await asyncio.sleep_ms(500)
            task.cancel()
            await task
        await client.connect(case["url"], **arguments)
        if mode == "again":
            await again(client, got, case["url"])
        else:
            await globals()[mode](client, got)
    except asyncio.CancelledError:
        end = "cancelled"
    except ConnectionClosed as closed:
        end = [closed.code, closed.reason]
    except WebSocketError as error:
        end = str(error)
    except ChargerError as error:
        end = "%s: %s" % (type(error).__name__, error)
    took_ms = time.ticks_diff(time.ticks_ms(), begin)
    assert client.closed
    await client.close()
    if "tell" in case:
        # The script may go on; this process stays until it has.
        try:
            await client.connect(case["url"] + "?told")
        except WebSocketError:
            pass
    return {"got": got, "end": end, "ms": took_ms, "log": logged}


def make_tls(**files: str) -> object:
    """A context of base64 texts."""
    from firmware.net import tls

    arguments = {k: a2b_base64(v) if isinstance(v, str) else v for k, v in files.items()}
    return tls.context(**arguments)


async def main() -> None:
    """All cases at once, but for those that need the processor for themselves."""
    cases = json.loads(sys.stdin.read())
    tasks = [None if "alone" in case else asyncio.create_task(run(case)) for case in cases]
    results = []
    for task in tasks:
        results.append(await task if task else None)
    for i, case in enumerate(cases):
        if "alone" in case:
            results[i] = await run(case)
    print(json.dumps(results))


asyncio.run(main())
