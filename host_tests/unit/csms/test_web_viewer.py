"""tools.csms.web_viewer: orders and answers, and what happens to a browser that is slow."""

import asyncio
import functools
import json

import pytest

from tools.csms import web_viewer
from tools.csms.central_system import CentralSystem
from tools.csms.charger import Charger
from tools.csms.commands import Commands
from tools.csms.web_board import Board
from tools.csms.web_viewer import Viewer

ID = "RIVOT_100A_01"
MESSAGE = {
    "direction": "in", "type": 2, "unique_id": "1", "action": "Heartbeat", "payload": {},
    "raw": '[2,"1","Heartbeat",{}]', "problem": "",
}  # fmt: skip


class Browser:
    """A WebSocket from the server's side; reads only while it is `awake`."""

    def __init__(self):
        self.said, self.heard = asyncio.Queue(), []
        self.awake = asyncio.Event()
        self.awake.set()
        self.closed = None
        self.transport = self

    async def send(self, text):
        await self.awake.wait()
        self.heard.append(json.loads(text))

    def __aiter__(self):
        return self

    async def __anext__(self):
        text = await self.said.get()
        if text is None:
            raise StopAsyncIteration
        return text

    async def close(self, code, reason):
        self.closed = (code, reason)

    def abort(self):
        self.closed = "aborted"


class Bench:
    """A central system with one charger, a board, and one browser that looks."""

    def __init__(self):
        self.central = CentralSystem()
        self.central.chargers[ID] = Charger(ID, connected=True)
        self.board = Board(self.central)
        self.calls = []
        self.hold = asyncio.Event()  # what chargers wait for before they answer
        self.hold.set()
        self.central.call = self._call
        self.browser = Browser()
        viewer = Viewer(self.board, Commands(self.central), self.browser)
        self.board.viewers.add(viewer)
        self.serving = asyncio.ensure_future(viewer.serve())

    async def _call(self, charge_box_id, action, payload):
        self.calls.append((charge_box_id, action, payload))
        await self.hold.wait()
        return {"configurationKey": [{"key": "AuthorizationKey", "value": "0123456789abcdef"}]}

    async def ask(self, number, order, *words, charger=ID):
        order = {"id": number, "order": order, "charger": charger, "words": list(words)}
        self.browser.said.put_nowait(json.dumps(order))
        return await self.answer(number)

    async def answer(self, number):
        while not (found := self.of_kind("answer", id=number)):
            await asyncio.sleep(0)
        return found[0]

    def of_kind(self, kind, **fields):
        wanted = {"kind": kind, **fields}.items()
        return [item for item in self.browser.heard if item.items() >= wanted]

    async def close(self):
        self.browser.said.put_nowait(None)
        await self.serving
        self.central.store.close()


def on_the_bench(test):
    """Run an async test with a bench to its end, or fail it."""

    @functools.wraps(test)
    def run(**named):
        async def whole():
            bench = Bench()
            await test(bench, **named)
            await bench.close()

        asyncio.run(asyncio.wait_for(whole(), 10))

    del run.__wrapped__  # pytest must not ask for a fixture `bench`
    return run


async def turns(count=20):
    for _ in range(count):
        await asyncio.sleep(0)


@on_the_bench
async def test_an_order_becomes_a_call_and_secrets_stay_here(bench):
    answer = await bench.ask(7, "get")
    assert bench.calls == [(ID, "GetConfiguration", {})]
    assert answer["answer"]["configurationKey"] == [{"key": "AuthorizationKey", "value": "***"}]
    await bench.ask(8, "set", "Name", "two  words ")
    assert bench.calls[-1][2] == {"key": "Name", "value": "two  words "}
    assert "error" in await bench.ask(9, "stop")  # there is no transaction
    assert "error" in await bench.ask(10, "stop", charger="NOBODY")


@on_the_bench
async def test_orders_that_do_not_exist(bench):
    for number, order in enumerate(("call", "list", "", "__init__")):
        assert "unknown order" in (await bench.ask(number, order))["error"]
    for number, words in enumerate(([], ["x"], ["-1"], ["9" * 30], ["1", "2"]), 10):
        assert "unknown order" in (await bench.ask(number, "points", *words))["error"]
    assert bench.calls == []


@on_the_bench
async def test_only_the_watched_charger_talks(bench):
    bench.central.publish("message", ID, MESSAGE)
    await turns()
    assert not bench.of_kind("message")
    answer = await bench.ask(1, "watch")
    assert [message["raw"] for message in answer["messages"]] == [MESSAGE["raw"]]
    bench.central.publish("message", ID, MESSAGE)
    bench.central.publish("message", "OTHER", MESSAGE)
    await turns()
    assert [item["charger"] for item in bench.of_kind("message")] == [ID]


@on_the_bench
async def test_a_slow_browser_loses_messages_never_the_state(bench):
    await bench.ask(1, "watch")
    bench.browser.heard.clear()
    bench.browser.awake.clear()
    for _ in range(2000):
        bench.central.publish("message", ID, MESSAGE)
    await turns()
    for _ in range(2000):
        bench.central.publish("message", ID, MESSAGE)
    bench.central.chargers[ID].last_seen = "now"
    bench.browser.awake.set()
    await turns(4000)
    passed, missed = bench.of_kind("message"), bench.of_kind("missed")
    assert len(passed) + sum(item["count"] for item in missed) == 4000
    assert len(passed) <= 1000
    states = bench.of_kind("charger")
    assert len(states) <= 3 and states[-1]["charger"]["last_seen"] == "now"


@on_the_bench
async def test_only_so_many_orders_at_once(bench):
    bench.hold.clear()
    for number in range(20):
        order = {"id": number, "order": "unlock", "charger": ID}
        bench.browser.said.put_nowait(json.dumps(order))
    await turns()
    assert len(bench.calls) == web_viewer._MAX_ORDERS
    bench.hold.set()
    await bench.answer(19)
    assert len(bench.calls) == 20


@on_the_bench
async def test_a_browser_that_leaves_takes_its_orders_with_it(bench):
    bench.hold.clear()
    bench.browser.said.put_nowait(json.dumps({"id": 1, "order": "unlock", "charger": ID}))
    await turns()
    bench.browser.said.put_nowait(None)
    await bench.serving  # the charger has not answered


def test_a_browser_that_reads_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(web_viewer, "_SEND_S", 0.02)

    async def whole():
        bench = Bench()
        bench.browser.awake.clear()
        await bench.serving
        assert bench.browser.closed == "aborted"
        bench.central.store.close()

    asyncio.run(asyncio.wait_for(whole(), 10))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "1", "null", b"\xff", "[" * 10_000, '{"id":1}', '{"order":"get"}',
        '{"id":"1","order":"get"}', '{"id":true,"order":"get"}', '{"id":1,"order":["get"]}',
        '{"id":1,"order":"get","charger":5}', '{"id":1,"order":"get","words":"AB"}',
        '{"id":1,"order":"get","words":[1]}',
    ],
)  # fmt: skip
def test_what_is_no_order_closes_the_line(text):
    async def whole():
        bench = Bench()
        bench.browser.said.put_nowait(text)
        await bench.serving
        assert bench.browser.closed[0] == 1003
        bench.central.store.close()

    asyncio.run(asyncio.wait_for(whole(), 10))
