"""Frames of hardware-protocols.md for the power modules, for any interpreter.

Sent: driver, set point (mV, mA) or None, on, and a frame that must then be among what it sends.
Heard: driver, id, data, and what the reading says after it.
"""

SENT = (
    # 3.2 Mean Well [X]
    ("meanwell", (84_000, 50_000), False, 0x000C0100, "2000D020"),
    ("meanwell", (84_000, 50_000), False, 0x000C0100, "30008813"),
    ("meanwell", (84_000, 50_000), True, 0x000C0100, "000001"),
    ("meanwell", None, False, 0x000C0100, "000000"),
    ("meanwell", None, False, 0x000C0100, "6000"),
    # 3.3 Infypower: [C] for all of a bus, here for address 0; [X]
    ("infypower", (750_000, 15_000), False, 0x029C00F0, "000B71B000003A98"),
    ("infypower", (84_000, 100_000), False, 0x029C00F0, "00014820000186A0"),
    ("infypower", (84_000, 100_000), True, 0x029A00F0, "0000000000000000"),
    ("infypower", None, False, 0x029A00F0, "0100000000000000"),
    ("infypower", None, False, 0x028300F0, "0000000000000000"),
    ("infypower", None, False, 0x028400F0, "0000000000000000"),
    ("infypower", None, False, 0x028A00F0, "0000000000000000"),
    # 3.4 Maxwell [X]
    ("maxwell", (72_000, 0), False, 0x06080780, "0300002142900000"),
    ("maxwell", (84_000, 0), False, 0x06080780, "0300002142A80000"),
    ("maxwell", (84_000, 0), True, 0x06080780, "0300003000000000"),
    ("maxwell", None, False, 0x06080780, "0300003000010000"),
    ("maxwell", None, False, 0x06080780, "1000000100000000"),
    ("maxwell", None, False, 0x06080780, "1000004000000000"),
    # 3.6 Huawei
    ("huawei_r48", None, False, 0x108040FE, "0000000000000000"),
    ("huawei_r48", (53_445, 50_000), False, 0x108180FE, "010000000000D5C7"),
    ("huawei_r48", (53_445, 50_000), False, 0x108180FE, "01030000000003E8"),
    ("huawei_r48", None, False, 0x108180FE, "0132000100000000"),
    ("huawei_r48", (53_445, 50_000), True, 0x108180FE, "0132000000000000"),
    # 2.1 and 3.1 Elcon: the BMS's frame, from us; the vectors that fit one unit
    ("elcon", (88_000, 45_300), True, 0x1806E5F4, "037001C500000000"),
    ("elcon", (88_000, 100_000), True, 0x1806E5F4, "037003E800000000"),
    ("elcon", (98_000, 16_000), True, 0x1806E5F4, "03D400A000000000"),
    ("elcon", (88_000, 45_300), False, 0x1806E5F4, "0370000001000000"),
)
HEARD = (
    ("meanwell", 0x000C0000, "6000D020", {"output_mv": 84_000}),
    ("meanwell", 0x000C0000, "61008813", {"output_ma": 50_000}),
    ("meanwell", 0x000C0000, "62000A01", {"temperature_c10": 266}),
    ("meanwell", 0x000C0000, "6200CEFF", {"temperature_c10": -50}),
    ("meanwell", 0x000C0000, "40000200", {"fault": 2}),
    ("meanwell", 0x000C0000, "40002000", {"fault": 1}),
    ("meanwell", 0x000C0000, "40004000", {"fault": 0}),
    ("meanwell", 0x000C0000, "000001", {"on": True}),
    ("meanwell", 0x000C0000, "000000", {"on": False}),
    ("infypower", 0x0283F000, "4339800040200000", {"output_mv": 185_500, "output_ma": 2_500}),
    ("infypower", 0x0284F000, "0000000020000100", {"temperature_c10": 320, "on": False}),
    ("infypower", 0x0284F000, "00000000F6000000", {"temperature_c10": -100, "on": True}),
    ("infypower", 0x0284F000, "0000000020001000", {"fault": 2, "on": True}),
    ("infypower", 0x0284F000, "0000000020000300", {"fault": 1}),
    ("infypower", 0x0284F000, "0000000020080000", {"fault": 1}),
    ("infypower", 0x0284F000, "0000000020000001", {"fault": 1}),
    ("infypower", 0x0284F000, "0000000020008000", {"fault": 0}),
    ("maxwell", 0x060F8000, "41F0000142900000", {"output_mv": 72_000}),
    ("maxwell", 0x060F8000, "41F0000142A80000", {"output_mv": 84_000}),
    ("maxwell", 0x060F8000, "41F0000242A80000", {"output_ma": 84_000}),
    ("maxwell", 0x060F8000, "41F0000441D40000", {"temperature_c10": 265}),
    ("maxwell", 0x060F8000, "42F0004000400000", {"on": False, "fault": 0}),
    ("maxwell", 0x060F8000, "42F0004000000000", {"on": True, "fault": 0}),
    ("maxwell", 0x060F8000, "42F0004080000000", {"fault": 1}),
    ("maxwell", 0x060F8000, "42F0004040000000", {"fault": 2}),
    ("maxwell", 0x060F8000, "42F0004000004000", {"fault": 1}),
    ("huawei_r48", 0x1081407F, "017500000000D5C8", {"output_mv": 53_445}),
    ("huawei_r48", 0x1081407F, "018100000000C800", {"output_ma": 50_000}),
    ("huawei_r48", 0x1081407F, "017F000000006A00", {"temperature_c10": 265}),
    ("huawei_r48", 0x1081407F, "017800000003C080", {"output_mv": 0}),  # 240.1 V of mains
    ("huawei_r48", 0x1081407F, "017000000001A684", {"output_ma": 0}),  # 105.6 W
    ("huawei_r48", 0x1081407F, "0182000000000732", {"output_ma": 0}),  # meaning unknown
    ("huawei_r48", 0x1081807E, "0132000000000000", {"on": True}),
    ("huawei_r48", 0x1081807E, "0132000100000000", {"on": False}),
    ("elcon", 0x18FF50E5, "0348032000000000", {"output_mv": 84_000, "output_ma": 80_000}),
    ("elcon", 0x18FF50E5, "0000000010000000", {"output_mv": 0, "output_ma": 0, "fault": 0}),
    ("elcon", 0x18FF50E5, "0348000001000000", {"fault": 1}),
    ("elcon", 0x18FF50E5, "0348000002000000", {"fault": 2}),
    ("elcon", 0x18FF50E5, "0348000004000000", {"fault": 1}),
    ("elcon", 0x18FF50E5, "0348000008000000", {"fault": 0}),
)
# What must not be believed: nothing of the reading changes.
REFUSED = (
    ("meanwell", 0x000C0000, "6000"),
    ("meanwell", 0x000C0000, "600084"),
    ("meanwell", 0x000C0000, "6001D020"),
    ("infypower", 0x0683F000, "4339800040200000"),  # with an error
    ("infypower", 0x0283F001, "4339800040200000"),  # of another module
    ("infypower", 0x0283F000, "7FC0000040200000"),  # not a number
    ("infypower", 0x0283F000, "433980007F800000"),
    ("infypower", 0x0283F000, "43398000"),
    ("infypower", 0x028AF000, "0032006404B003E8"),  # least above most
    ("maxwell", 0x060F8000, "4100000142900000"),
    ("maxwell", 0x060F8000, "41F1000142900000"),
    ("maxwell", 0x060F8000, "41F000017FC00000"),
    ("maxwell", 0x060F8000, "41F00001FF800000"),
    ("maxwell", 0x060F8008, "41F0000142900000"),
    ("huawei_r48", 0x1081407F, "027500000000D5C8"),
    ("huawei_r48", 0x1081407F, "2175000000000000"),
    ("huawei_r48", 0x1081807E, "2132000100000000"),
    ("huawei_r48", 0x1081807E, "0132000200000000"),
    ("huawei_r48", 0x1081407E, "017500000000D5C8"),
    ("elcon", 0x18FF50E5, "FFFF000000000000"),
    ("elcon", 0x18FF50E5, "03480FFF00000000"),
    ("elcon", 0x18FF50E5, "03480320"),
    ("elcon", 0x18FF50E6, "0348032000000000"),
)
