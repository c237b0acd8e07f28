"""Run by test_readers_on_micropython on every interpreter: what the readers read, as lines; and
that waiting for a card allocates nothing."""

import gc
import sys

from firmware.drivers.reader.pn532 import Pn532
from firmware.drivers.reader.rc522 import Rc522
from firmware.drivers.reader.wiegand import Wiegand
from host_tests.unit.drivers.reader.reader_fakes import (
    CARD_4,
    CARD_7,
    CARD_10,
    LISTED,
    Rc522Chip,
    Wires,
    pn532_line,
    told,
)


def rc522():
    for card in (CARD_4, CARD_7, CARD_10):
        chip = Rc522Chip(card)
        print(told(Rc522(chip, chip), 100), len(chip.sent), chip.transfers)


def pn532():
    for line in ({}, {"bits": 1}, {"noise": b"\x00\x00\xff\x05\x00\xff"}):
        print(told(Pn532(pn532_line(LISTED, **line)), 100))


def wiegand():
    wires = Wires()
    reader = Wiegand(wires.pins[0], wires.pins[1])
    for frame in ("10000101000011011001011001", "0000010100001101100101100001111011",
                  "01111111111111111111111111111111111", "0" * 26):  # fmt: skip
        wires.send(frame)
        print(told(reader, 3), reader.refused)


class QuietSpi:
    """An RC522 without a card that allocates nothing itself."""

    def __call__(self, level):
        pass

    def write_readinto(self, out, into):
        register = out[0] >> 1 & 63
        into[1] = 0x83 if register == 0x14 else 0x92 if register == 0x37 else 0x01


class QuietLine:
    """Nothing comes."""

    def any(self):
        return 0

    def write(self, data):
        return len(data)


def allocations(reader):
    """Bytes for a second of waiting, where that can be told."""
    if not hasattr(gc, "mem_alloc"):
        return 0
    for _ in range(10):
        reader.poll(50)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    i = 0
    while i < 20:
        reader.poll(50)
        i += 1
    used = gc.mem_alloc() - before
    gc.enable()
    return used


rc522()
pn532()
wiegand()
spi = QuietSpi()
wires = Wires()
for reader in (Rc522(spi, spi), Pn532(QuietLine()), Wiegand(wires.pins[0], wires.pins[1])):
    print(allocations(reader))
sys.exit(0)
