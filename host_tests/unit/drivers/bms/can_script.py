"""Run by test_can_bms_on_micropython: a conversation with each driver, as lines.

`report` and `session` are called by the control tick: here with the heap locked.
"""

import micropython

from firmware.charging.readings import BmsReading
from firmware.drivers.bms.gbt27930 import make
from firmware.drivers.bms.table_can import TableCan, read_table
from firmware.drivers.can import Frame
from host_tests.unit.drivers.fakes import Can


class Bus(Can):
    def set_filters(self, filters):
        print(filters)


def told(driver):
    micropython.heap_lock()
    driver.report(84_000, 40_000, 0)
    driver.report(-1, 1 << 29, 1)
    driver.report(85_500, 100_000, 0)
    if hasattr(driver, "session"):
        driver.session(True)
    micropython.heap_unlock()


def hear(driver, id, *data):
    frame = Frame()
    frame.id = id
    frame.ext = id > 0x7FF
    frame.len = len(data)
    for i in range(len(data)):
        frame.data[i] = data[i]
    return driver.on_frame(frame)


def show(reading, can):
    print(
        reading.age_ms, reading.allowed, reading.complete, reading.voltage_limit_mv,
        reading.current_limit_ma, reading.voltage_mv, reading.current_ma, reading.soc_c100,
        reading.temperature_c10, reading.alarms,
    )  # fmt: skip
    print(can.take())


def gbt():
    can = Bus()
    reading = BmsReading()
    driver = make(can, reading, None)
    said = [(0x182756F4, 0x48, 3), (0x1CEC56F4, 0x10, 41, 0, 6, 255, 0, 2, 0)]
    said += [(0x1CEB56F4, n, 0, 0, 0, 0, 0, 0, 0) for n in range(1, 7)]
    said += [
        (0x1CEC56F4, 0x10, 13, 0, 2, 255, 0, 6, 0),
        (0x1CEB56F4, 1, 0xA4, 1, 0xB8, 0x0B, 0x16, 0, 0x48),
        (0x1CEB56F4, 2, 3, 0x73, 0x2C, 1, 0xF8, 2, 255),
        (0x100956F4, 0xAA),
        (0x181056F4, 0x48, 3, 0x10, 0x0E, 2),
        (0x181356F4, 0, 0x4C, 1, 0x4B, 2, 0, 0xD0),
        (0x181056F4, 0x48, 3, 0x10, 0x0E, 2),
        (0x181356F4, 0, 0x4C, 1, 0x4B, 2, 0, 0xD1),
    ]
    for frame in said:
        print(hear(driver, frame[0], *frame[1:]))
        driver.poll(10)
        show(reading, can)
        told(driver)
    for _ in range(400):
        driver.poll(100)
    show(reading, can)


def table(path):
    can = Bus()
    reading = BmsReading()
    driver = TableCan(can, reading, read_table(path), 84_000, 50_000)
    for data in (bytes(8), b"\x0f\xd2\x0f\xa0\x01\0\0\0", b"\xff" * 8):
        print(hear(driver, 0x18FF0500, *data), driver.refused)
        told(driver)
        driver.poll(500)
        show(reading, can)
