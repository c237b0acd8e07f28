"""MicroPython's extras on CPython: same results as the real thing, on every interpreter here."""

import asyncio
import subprocess
import threading
import time

import compat
import micropython as shim
import pytest

from tools import micropython

TOP = compat.TICKS_PERIOD - 1


@pytest.fixture
def clock():
    """A clock that the test moves; the real one is put back afterwards."""
    now = [0]
    compat.install(ticks_ms=lambda: now[0])
    yield now
    compat.install()


@pytest.mark.parametrize(
    ("end", "start", "difference"),
    [(5, 3, 2), (3, 5, -2), (1, TOP, 2), (TOP, 1, -2), (7, 7, 0)],
)
def test_ticks_diff_is_right_across_the_wrap(end, start, difference):
    assert time.ticks_diff(end, start) == difference
    assert time.ticks_add(start, difference) == end


def test_ticks_add_refuses_what_ticks_diff_could_not_tell():
    with pytest.raises(OverflowError):
        time.ticks_add(0, compat.TICKS_PERIOD // 2)


def test_ticks_wrap_like_those_of_a_32_bit_micropython(clock):
    clock[0] = compat.TICKS_PERIOD + 7
    assert time.ticks_ms() == 7
    assert time.ticks_us() == 7000
    command = micropython.command("micropython32")
    if command:
        script = (
            "import time; print(time.ticks_add(0, -1), time.ticks_diff(1, time.ticks_add(0, -1)))"
        )
        done = subprocess.run([*command, "-c", script], capture_output=True, text=True)
        assert done.stdout.split() == [str(TOP), "2"]


def test_a_flag_set_before_the_wait_is_cleared_by_it():
    async def scenario():
        flag = asyncio.ThreadSafeFlag()
        flag.set()
        await flag.wait()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for_ms(flag.wait(), 1)
        flag.set()
        flag.clear()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for_ms(flag.wait(), 1)
        # the cancelled waits have left it usable
        flag.set()
        await flag.wait()

    asyncio.run(scenario())


def test_a_flag_wakes_its_waiter_from_another_thread():
    async def scenario():
        flag = asyncio.ThreadSafeFlag()
        waiter = asyncio.create_task(flag.wait())
        await asyncio.sleep_ms(0)
        threading.Thread(target=flag.set).start()
        await asyncio.wait_for(waiter, 5)

    asyncio.run(scenario())


def test_a_flag_has_one_waiter():
    async def scenario():
        flag = asyncio.ThreadSafeFlag()
        waiter = asyncio.create_task(flag.wait())
        await asyncio.sleep_ms(0)
        with pytest.raises(RuntimeError):
            await flag.wait()
        waiter.cancel()

    asyncio.run(scenario())


def test_the_micropython_module():
    assert shim.const(5) == 5
    assert shim.native(len) is len and shim.viper(len) is len
    assert shim.heap_lock() == shim.heap_unlock() == 0
    called = []
    shim.schedule(called.append, 1)
    assert called == [1]

    async def scenario():
        shim.schedule(called.append, 2)
        assert called == [1]
        await asyncio.sleep_ms(0)

    asyncio.run(scenario())
    assert called == [1, 2]
