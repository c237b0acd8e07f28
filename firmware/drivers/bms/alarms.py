"""Bits of `BmsReading.alarms`, the same for every BMS driver.

A bit means that the BMS protects itself because of it, not that it warns. NAMES gives their names
in the order of the bits, for tests and tools.
"""

from micropython import const

CELL_OV = const(1)  # a cell's voltage too high
CELL_UV = const(1 << 1)
PACK_OV = const(1 << 2)
PACK_UV = const(1 << 3)
CHG_OT = const(1 << 4)  # too hot to be charged
CHG_UT = const(1 << 5)  # too cold to be charged
DSG_OT = const(1 << 6)
DSG_UT = const(1 << 7)
CHG_OC = const(1 << 8)  # charging current too high
DSG_OC = const(1 << 9)
SHORT = const(1 << 10)
MOS_OT = const(1 << 11)  # its switches are too hot
IMBALANCE = const(1 << 12)
AFE = const(1 << 13)  # its measuring chip, or a sensor, is broken
COMM = const(1 << 14)
WELD = const(1 << 15)  # a switch of its own does not open
PRECHARGE = const(1 << 16)
INSULATION = const(1 << 17)
OTHER = const(1 << 18)

# While one of these is set nobody may charge: CELL_OV, PACK_OV, CHG_OT, CHG_UT, CHG_OC, SHORT,
# MOS_OT, AFE, WELD, INSULATION (a number, so that the build can put it in place).
NO_CHARGE = const(0x2AD35)

NAMES = (
    "cell_ov", "cell_uv", "pack_ov", "pack_uv", "chg_ot", "chg_ut", "dsg_ot", "dsg_ut", "chg_oc",
    "dsg_oc", "short", "mos_ot", "imbalance", "afe", "comm", "weld", "precharge", "insulation",
    "other",
)  # fmt: skip
