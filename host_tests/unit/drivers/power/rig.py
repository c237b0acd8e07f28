"""A power module's driver and the virtual module on one bus, with something to charge."""

import random

from firmware.charging.readings import ModuleReading
from firmware.drivers.can import Frame
from tools.sim.chips.can_bus import CanBus, Device
from tools.sim.plant.battery import Battery


class Link:
    """The driver's controller: one frame at a time, as on the chip."""

    def __init__(self, bus, now_ms, heard):
        self._now_ms = now_ms
        self._bus = bus
        self._device = Device(bus, lambda: self.on, heard)
        self._busy_until_ms = 0.0
        self.on = True
        self.filters = ()
        self.sent = []

    def set_filters(self, filters):
        self.filters = filters

    def send(self, id, data, ext=True):
        if self._now_ms() < self._busy_until_ms or not self.on:
            return False
        self._busy_until_ms = self._now_ms() + 135 * 1000 / self._bus.bitrate
        self.sent.append((self._now_ms(), id, bytes(data)))
        self._device.send(id, bytes(data), self._now_ms())
        return True

    def lets_through(self, frame):
        return any(
            (frame.id ^ id) & mask == 0 and frame.ext == ext for id, mask, ext in self.filters
        )


class Options:
    """The hardware options that the drivers look at."""

    def __init__(self, **others):
        self.power_address = 0
        self.power_units = 2
        self.power_max_ma = 100_000
        self.power_max_mv = 90_000
        self.power_min_mv = 0
        self.power_amps_scale_x10 = 200
        self.power_bic = False
        self.power_scales = True
        for key, value in others.items():
            setattr(self, key, value)


class Rig:
    """`driver` is the driver's Python module, `virtual` the class of the virtual device."""

    def __init__(self, driver, virtual, volts=76.0, **options):
        self.now_ms = 0.0
        self.bus = CanBus(virtual.WIRE[1])
        self.module = virtual(self.bus, lambda: self.now_ms, lambda: (0.0, 0.0))
        self.reading = ModuleReading()
        self.link = Link(self.bus, lambda: self.now_ms, self._hear)
        self.frame = Frame()
        self.driver = driver.make(self.link, self.reading, Options(**options))
        self.battery = Battery(50.0, 90.0)
        self.battery.pinned_volts = volts
        self.battery.accepts_amps = 200.0
        self.connected = False
        self.oldest_ms = 0
        self.random = random.Random(1)

    def _hear(self, frame):
        if not self.link.lets_through(frame):
            return
        self.frame.id, self.frame.ext = frame.id, frame.ext
        self.frame.len = len(frame.data)
        self.frame.data[: len(frame.data)] = frame.data
        self.driver.on_frame(self.frame)

    def run(self, ms):
        """Time passes; a poll every 10 ms, frames in between."""
        self.oldest_ms = 0
        for _ in range(ms):
            self.now_ms += 1
            self.module.step(0.001, self.battery if self.connected else None)
            self.bus.advance(self.now_ms)
            self.module.advance(self.now_ms)
            if self.now_ms % 10 == 0:
                self.reading.age_ms += 10
                self.reading.output_age_ms += 10
                self.oldest_ms = max(self.oldest_ms, self.reading.age_ms)
                self.driver.poll(10)
        return self

    def settle(self):
        """It has been found, and is off."""
        return self.run(3_000)

    def precharge(self):
        """On, at the battery's voltage, the contactor still open."""
        self.driver.set(round(self.battery.pinned_volts * 1000), 1_000)
        self.driver.enable(True)
        return self.run(1_500)

    def deliver(self, amps=30.0, volts=None):
        """On, into the battery."""
        self.settle().precharge()
        self.connected = True
        volts = volts or self.battery.pinned_volts + 4
        self.driver.set(round(volts * 1000), round(amps * 1000))
        return self.run(2_000)
