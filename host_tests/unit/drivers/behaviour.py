"""Run by test_on_micropython on every interpreter: what they could see differently, as lines."""

from binascii import unhexlify

from firmware.charging.readings import BmsReading, ModuleReading
from firmware.drivers.bms.rivot import FILTERS as BMS_FILTERS
from firmware.drivers.bms.rivot import RivotBms
from firmware.drivers.can import Frame
from firmware.drivers.can.mcp2515 import Mcp2515
from firmware.drivers.can.mcp2515_setup import bit_timing
from firmware.drivers.can.twai import Twai
from firmware.drivers.power.rivot import FILTERS as MODULE_FILTERS
from firmware.drivers.power.rivot import RivotModule
from firmware.drivers.reader.rdm6300 import decode
from firmware.errors import ChargerError
from host_tests.unit.drivers.fakes import Can, Mcp2515Chip, Pin, TwaiChip


def hear(driver, id, *data):
    frame = Frame()
    frame.id = id
    frame.len = 8
    for i in range(len(data)):
        frame.data[i] = data[i]
    return driver.on_frame(frame)


def terminals():
    reading = ModuleReading()
    module = RivotModule(Can(), reading)
    for text in ("429A4CCD3FECCCCD", "42AB0000BE800000", "7FC0000000000000", "7F80000000000000"):
        print(hear(module, 0x00433F01, *unhexlify(text)), reading.terminal_mv, reading.terminal_ma)
    hear(module, 0x0681827E, 1, 0x84, 0, 0, 0, 1, 0x34, 0x85)
    hear(module, 0x0681827E, 1, 0x80, 0, 0, 0, 1, 0x11, 0x70)
    print(reading.output_mv, reading.temperature_c10)


def set_points():
    can = Can()
    module = RivotModule(can, ModuleReading(), current_scale_x10=100_000)
    module.set(1_000_000, 999_999)
    module.poll(10)
    print(module.online, can.take())


def state_of_charge():
    reading = BmsReading()
    bms = RivotBms(Can(), reading)
    hear(bms, 0x1806E5F4, 0x03, 0x48, 0x03, 0x84)
    hear(bms, 0x160B8001, 255, 255, 255, 255)
    hear(bms, 0x160D8001, 255, 255, 220, 215)
    print(reading.soc_c100, reading.complete, reading.voltage_limit_mv)


def tags():
    for frame in (b"\x020a1B2C3D4E4E\x03", b"\x020A1B2C3D4E4F\x03", b"\x02+A1B2C3D4E4E\x03",
                  b"\x02 A1B2C3D4E4E\x03", b"\x02\xff\xff1B2C3D4E4E\x03"):  # fmt: skip
        print(repr(decode(bytearray(frame))))


def controllers():
    chip = Mcp2515Chip()
    mcp = Mcp2515(chip, chip.cs, chip.interrupt)
    mcp.set_filters(BMS_FILTERS)
    print(list(chip.registers), mcp.state(), mcp.restart(), mcp.counters())
    twai_chip = TwaiChip()
    twai = Twai(twai_chip, Pin(), Pin(), 21, 22)
    for filters in (MODULE_FILTERS, MODULE_FILTERS[:1], ((0x325, 0x7FF, False),), ()):
        twai.set_filters(filters)
        print(list(twai_chip.code), list(twai_chip.mask))
    chip.alive = False
    for broken in (lambda: bit_timing(8_000_000, 10), lambda: Mcp2515(chip, chip.cs, Pin(1)),
                   lambda: Twai(TwaiChip(), Pin(), Pin(), 21, 22, 7)):  # fmt: skip
        try:
            broken()
        except ChargerError as error:
            print(error)


for part in (terminals, set_points, state_of_charge, tags, controllers):
    part()
