"""Run by test_can_on_micropython on every interpreter: what the four drivers read, as lines.

What the control tick calls runs with the heap locked.
"""

import micropython

from host_tests.unit.drivers.bms import can_vectors as vectors
from host_tests.unit.drivers.bms.can_cases import Rig

JK = [(0x2F4, vectors.JK_STATE_72_V), (0x7F4, vectors.JK_ALARMS)]
JK_2 = JK + [(0x18F528F4, "02"), (0x1806E5F4, vectors.ELCON_LITTLE[0])]
PYLON = [
    (0x351, vectors.PYLON_LIMITS[3][0]),
    (0x355, vectors.PYLON_CHARGE[1][0]),
    (0x356, vectors.PYLON_STATE[1][0]),
    (0x359, "02 80 00 00 02 50 4E 00"),
    (0x35C, vectors.PYLON_REQUEST),
]
DALY = [
    (0x18904001, vectors.DALY_TOTALS_51_V),
    (0x18934001, "00 01 01 10 00 00 4E 20"),
    (0x18984001, "00 08 00 00 10 00 00 00"),
    (0x18924001, vectors.DALY_TEMPERATURES),
    (0x18944001, "10 02 00 00 00 00 00 00"),
    (0x18504001, "00 04 93 E0 00 00 0C 80"),
]
ELCON = [(vectors.ELCON_LIMITS, case[0]) for case in vectors.ELCON]
ELCON += [(vectors.ELCON_LIMITS, text) for text in vectors.ELCON_TOO_HIGH]
ELCON += [(vectors.ELCON_LIMITS, vectors.ELCON_LITTLE[0])]
CASES = (("elcon", ELCON), ("daly_can", DALY), ("jk_can", JK), ("jk_can", JK_2),
         ("pylontech_can", PYLON))  # fmt: skip


def told(driver):
    micropython.heap_lock()
    driver.report(84_000, 40_000, 0)
    driver.report(-1, 1 << 29, 1)
    driver.report(85_500, 100_000, 0)
    micropython.heap_unlock()


def frames_of(name, frames, order):
    print(name, order)
    rig = Rig(name, bms_byte_order=order)
    for frame in frames:
        print(rig.hear(*frame), rig.shown(), rig.driver.refused)
        told(rig.driver)
    for every_ms in (100, 1000):
        print(rig.run(3000, frames, every_ms), rig.shown(), rig.reading.complete)
        print(rig.bus.take()[-3:])
    print(rig.run(5000), rig.driver.refused)


for name, frames in CASES:
    for order in ("auto", "big", "little"):
        frames_of(name, frames, order)
