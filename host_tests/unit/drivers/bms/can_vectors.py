"""Frames of hardware-protocols.md sections 2.1 to 2.4: captured, documented, or computed there."""

ELCON_LIMITS, ELCON_STATUS = 0x1806E5F4, 0x18FF50E5
# data, mV, mA, control byte, heating
ELCON = (
    ("03 70 01 C5 00 00 00 00", 88_000, 45_300, 0, False),
    ("03 70 03 E8 00 00 00 00", 88_000, 100_000, 0, False),
    ("03 D4 00 A0 00 00 00 00", 98_000, 16_000, 0, False),
    ("03 E8 02 58 00 01 00 00", 100_000, 60_000, 0, True),
)
# Packs that are not ours: 352.8 V and 546 V.
ELCON_TOO_HIGH = ("0D C8 00 32 00 32 00 00", "15 54 00 32 00 32 00 00")
ELCON_LITTLE = ("40 02 F4 01 00 00 00 00", 57_600, 50_000)
# mV, mA, flags as sent, data
ELCON_STATUSES = (
    (84_000, 80_000, 0, "03 48 03 20 00 00 00 00"),
    (0, 0, 0x10, "00 00 00 00 10 00 00 00"),
)

# page, data
DALY_TOTALS_50_V = "01 F4 01 F4 75 30 03 20"
DALY_TOTALS_51_V = "02 03 00 00 77 24 03 38"
DALY_TEMPERATURES = "41 01 3C 02 00 00 00 00"
DALY_CELLS = "00 0C E4 0C EE 0C F8 00"

JK_STATE_72_V = "D7 02 A0 0F 50 00 64 00"
JK_STATE_27_V = "13 01 D7 11 33 00 64 00"
JK_CELLS = "0A 12 03 7C 11 0C"
JK_CAPACITY = "F4 01 80 02 00 00 40 00"
JK_ALARMS = "43 00 20 00"

# 0x351 data: V, A in, A out, lowest V
PYLON_LIMITS = (
    ("48 02 D0 07 D0 07 C0 01", 58.4, 200.0, 200.0, 44.8),
    ("14 02 B0 04 40 06 C2 01", 53.2, 120.0, 160.0, 45.0),
    ("14 02 74 0E 74 0E CC 01", 53.2, 370.0, 370.0, 46.0),
    ("48 03 E8 03 E8 03 58 02", 84.0, 100.0, 100.0, 60.0),
)
# 0x355 data: state of charge, of health
PYLON_CHARGE = (("1E 00 64 00", 30, 100), ("5A 00 64 00", 90, 100))
# 0x356 data: V, A, degrees
PYLON_STATE = (
    ("79 14 00 00 71 00", 52.41, 0.0, 11.3),
    ("84 13 F1 FF 37 00", 49.96, -1.5, 5.5),
    ("02 13 00 00 4A 01", 48.66, 0.0, 33.0),
)
PYLON_ALARMS = "00 00 00 00 02 50 4E 00"
PYLON_REQUEST = "C0 00"
