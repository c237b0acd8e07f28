"""A BMS driver on a CAN bus that takes everything; on CPython and on MicroPython."""

from binascii import unhexlify

from firmware.charging.readings import BmsReading
from firmware.drivers.bms import daly_can, elcon, jk_can, pylontech_can
from firmware.drivers.can import Frame
from host_tests.unit.drivers.fakes import Can

MODULES = {
    "elcon": elcon,
    "daly_can": daly_can,
    "jk_can": jk_can,
    "pylontech_can": pylontech_can,
}


class Options:
    """What the drivers want of the hardware options."""

    def __init__(self):
        self.bms_byte_order = "auto"
        self.bms_current_reversed = False
        self.bms_address = 1
        self.bms_356_scale = "0.01"
        self.pack_max_mv = 84_000
        self.pack_max_ma = 90_000


class Bus(Can):
    """Knows what it is asked to let through."""

    def set_filters(self, filters):
        self.filters = filters

    def passes(self, id, ext):
        """Would a controller with these filters take it."""
        return any((id ^ want) & mask == 0 and ext == wide for want, mask, wide in self.filters)


class Rig:
    """The driver with options; the reading ages as in the core."""

    def __init__(self, name, **options):
        self.bus = Bus()
        self.reading = BmsReading()
        chosen = Options()
        for key in options:
            setattr(chosen, key, options[key])
        self.driver = MODULES[name].make(self.bus, self.reading, chosen)

    def hear(self, id, data, ext=None):
        """Give the driver a frame; `data` is hex text or bytes. What it says."""
        frame = Frame()
        frame.id = id
        frame.ext = id > 0x7FF if ext is None else ext
        data = unhexlify("".join(data.split())) if isinstance(data, str) else data
        frame.len = len(data)
        for i in range(8):  # a driver must not read behind the end
            frame.data[i] = data[i] if i < len(data) else 0xFF
        return self.driver.on_frame(frame)

    def run(self, ms, frames=(), every_ms=100, dt_ms=10):
        """Let time pass, with these frames now and every so often; the greatest age meanwhile."""
        oldest_ms = 0
        for at_ms in range(0, ms, dt_ms):
            if at_ms % every_ms == 0:
                for frame in frames:
                    self.hear(*frame)
            self.driver.poll(dt_ms)
            self.reading.age_ms += dt_ms
            oldest_ms = max(oldest_ms, self.reading.age_ms)
        return oldest_ms

    def shown(self):
        """What the BMS says, as a tuple."""
        reading = self.reading
        return (
            reading.allowed,
            reading.voltage_limit_mv,
            reading.current_limit_ma,
            reading.voltage_mv,
            reading.current_ma,
            reading.soc_c100,
            reading.temperature_c10,
            reading.alarms,
        )
