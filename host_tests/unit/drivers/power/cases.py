"""Drivers on a bus that takes everything; runs on CPython and on MicroPython."""

from binascii import unhexlify

from firmware.charging.readings import ModuleReading
from firmware.drivers.can import Frame
from firmware.drivers.power import elcon, huawei_r48, infypower, maxwell, meanwell
from host_tests.unit.drivers.fakes import Can

DRIVERS = {"elcon": elcon, "huawei_r48": huawei_r48, "infypower": infypower, "maxwell": maxwell,
           "meanwell": meanwell}  # fmt: skip
# What each wants to hear before it does anything.
GREETINGS = {
    "elcon": ((0x18FF50E5, "0000000000000000"),),
    "meanwell": (
        (0x000C0000, "B4000400"),
        (0x000C0000, "C2000104"),
        (0x000C0000, "C0005506"),
    ),
}


class Options:
    """One unit of everything, with no limits of its own."""

    power_address = 0
    power_units = 1
    power_max_ma = 200_000
    power_max_mv = 1_000_000
    power_min_mv = 0
    power_amps_scale_x10 = 200
    power_bic = False
    power_scales = True


class Bus(Can):
    """Keeps the filters too."""

    def set_filters(self, filters):
        self.filters = filters


class Alone:
    """A driver and what it sends; with `greet` it has heard what it wants to hear first."""

    def __init__(self, name, options=Options, greet=True):
        self.can = Bus()
        self.reading = ModuleReading()
        self.driver = DRIVERS[name].make(self.can, self.reading, options)
        self.frame = Frame()
        for id, text in GREETINGS.get(name, ()) if greet else ():
            self.hear(id, text)

    def hear(self, id, text, ext=True):
        """Deliver a frame."""
        data = unhexlify(text)
        frame = self.frame
        frame.id = id
        frame.ext = ext
        frame.len = min(len(data), 8)
        for i in range(8):
            frame.data[i] = data[i] if i < len(data) else 0
        return self.driver.on_frame(frame)

    def poll(self, ms):
        """What it sends meanwhile, as (id, data)."""
        self.can.take()
        for _ in range(ms // 10):
            self.driver.poll(10)
        return self.can.take()
