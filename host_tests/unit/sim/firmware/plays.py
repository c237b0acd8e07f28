"""What the test firmware can do; each play prints what the tests look for."""

import asyncio
import os
import socket
import time

import machine
import network


async def reset(charger):
    if machine.reset_cause() == machine.PWRON_RESET:
        machine.RTC().memory(b"kept")
        await asyncio.sleep_ms(500)
        machine.reset()
    print("after reset:", machine.reset_cause(), machine.RTC().memory())


async def crash(charger):
    raise ValueError("on purpose")


async def watchdog(charger):
    if machine.reset_cause() != machine.WDT_RESET:
        dog = machine.WDT(timeout=2000)
        for _ in range(5):
            dog.feed()
            await asyncio.sleep_ms(1000)
        while True:
            await asyncio.sleep_ms(100)
    print("after watchdog:", machine.reset_cause())


async def unknown(charger):
    try:
        machine.Pin(99).value()
    except RuntimeError as error:
        print("refused:", error)
    machine.Pin(98, machine.Pin.OUT)  # posted: complains with the next reply
    try:
        machine.Pin(33).value()
    except RuntimeError as error:
        print("refused late:", error)
    print("then fine:", machine.Pin(33).value())


async def blocked(charger):
    """Sleeps without letting the event loop run."""
    while True:
        time.sleep_ms(100)


async def clocks(charger):
    started = time.ticks_ms()
    order = []

    async def waiter(name, ms):
        await asyncio.sleep_ms(ms)
        order.append((name, time.ticks_diff(time.ticks_ms(), started)))

    names = [asyncio.create_task(waiter(n, n * 100)) for n in (3, 1, 2)]
    time.sleep_ms(40)
    for task in names:
        await task
    print("order:", order)
    start = time.ticks_us()
    await asyncio.sleep_ms(7)
    print("us:", time.ticks_diff(time.ticks_us(), start))


async def starve(charger):
    """Two tasks wake each other all the time; timers must still run."""
    event = asyncio.Event()
    seen = []

    async def other():
        while True:
            await event.wait()
            event.clear()
            await asyncio.sleep_ms(1)

    async def timer():
        for _ in range(3):
            await asyncio.sleep_ms(10)
            seen.append(charger.ticks)

    task = asyncio.create_task(other())
    done = asyncio.create_task(timer())
    while len(seen) < 3:
        event.set()
        await asyncio.sleep_ms(0) if len(seen) % 2 else await asyncio.sleep_ms(1)
    await done
    task.cancel()
    print("timers ran:", len(seen))


class Steady:
    """What a control tick does, many times."""

    def __init__(self):
        self.pin = machine.Pin(33, machine.Pin.IN)
        self.out = machine.Pin(25, machine.Pin.OUT)
        self.spi = machine.SPI(2, 4000000)
        self.uart = machine.UART(2, 9600, rx=16)
        self.dog = machine.WDT(timeout=30000)
        self.tx = bytearray(8)
        self.rx = bytearray(8)

    def work(self):
        mem = machine.mem32
        for _ in range(10):
            self.pin()
            self.pin.value()
            self.out(1)
            self.out.value(0)
            self.spi.write_readinto(self.tx, self.rx)
            self.spi.write(self.tx)
            self.spi.readinto(self.rx)
            self.uart.any()
            self.uart.readinto(self.rx)
            mem[0x3FF6B000] = 1
            mem[0x3FF6B000]
            self.dog.feed()
            time.ticks_ms()
            time.ticks_us()


async def no_garbage(charger):
    """Accesses in steady state allocate nothing on MicroPython."""
    import micropython

    steady = Steady()
    steady.work()
    micropython.heap_lock()
    try:
        steady.work()
    finally:
        micropython.heap_unlock()
    print("no garbage", bytes(steady.rx))


async def files(charger):
    import json

    with open("/data.json", "w") as file:
        json.dump({"a": 1}, file)
    os.rename("/data.json", "/kept.json")
    try:
        os.mkdir("/d")
    except OSError:
        pass
    n = 0
    while True:
        with open("/d/log", "a") as file:
            file.write("record %d\n" % n)
        print("wrote", n)
        n += 1
        await asyncio.sleep_ms(100)


async def echo(charger):
    """A WebSocket of sorts: handshake, then one masked CALL; prints the answer."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("ssid", "key")
    while not wlan.isconnected():
        await asyncio.sleep_ms(50)
    while True:
        try:
            info = socket.getaddrinfo("csms.test", 9000, 0, socket.SOCK_STREAM)[0]
        except OSError as error:
            print("dns", error.args[0])
            await asyncio.sleep_ms(1000)
            continue
        print("port", type(info).__name__)
        try:
            await talk(charger)
        except (OSError, EOFError) as error:
            print("line lost:", type(error).__name__, wlan.isconnected())
        await asyncio.sleep_ms(1000)


async def talk(charger):
    reader, writer = await asyncio.open_connection("csms.test", 9000)
    writer.write(
        b"GET /ocpp/X HTTP/1.1\r\nHost: csms.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    )
    await writer.drain()
    while (await reader.readline()).strip():
        pass
    n = 0
    while True:
        text = b'[2,"%s-%d","Heartbeat",{}]' % (str(time.ticks_ms()).encode(), n)
        writer.write(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text)
        await writer.drain()
        head = await reader.readexactly(2)
        if head[0] == 0x88:
            raise EOFError
        body = await reader.readexactly(head[1])
        print("got", body.decode())
        n += 1
        await asyncio.sleep_ms(1000)
