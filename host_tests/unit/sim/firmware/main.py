"""A small firmware for testing the bench itself: `PLAY` in /set.json names what it does."""

import asyncio
import json
import os
import sys
import time

import machine


class Charger:
    """Ticks every 50 ms and answers `status`."""

    def __init__(self, settings):
        self.settings = settings
        self.ticks = 0
        self.start = time.ticks_ms()

    def status(self):
        return {
            "connector": "Available",
            "uptime_ms": time.ticks_diff(time.ticks_ms(), self.start),
            "queued": self.ticks,
        }

    async def tick(self):
        pin = machine.Pin(33, machine.Pin.IN, machine.Pin.PULL_UP)
        out = machine.Pin(25, machine.Pin.OUT)
        while True:
            out(pin())
            self.ticks += 1
            await asyncio.sleep_ms(50)

    async def play(self):
        play = self.settings.get("play", "idle")
        if play != "idle":
            import plays

            await getattr(plays, play)(self)

    async def run(self):
        asyncio.create_task(self.tick())
        await self.play()
        while True:
            await asyncio.sleep_ms(1000)


def run(observer=None):
    try:
        with open("/set.json") as file:
            settings = json.load(file)
    except OSError:
        settings = {}
    print("hello from", sys.implementation.name, machine.reset_cause(), os.listdir("/"))
    charger = Charger(settings)
    if observer:
        observer(charger)
    asyncio.run(charger.run())
