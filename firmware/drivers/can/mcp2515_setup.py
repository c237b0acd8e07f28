"""Sets up an MCP2515: reset, bit timing, filters, normal mode. Loaded on demand by mcp2515.py."""

from micropython import const

from firmware.errors import ChargerError

_RESET = const(0xC0)
_WRITE = const(0x02)
_CANSTAT = const(0x0E)
_CANCTRL = const(0x0F)
_RXM0 = const(0x20)
_RXM1 = const(0x24)
_CNF3 = const(0x28)
_CANINTE = const(0x2B)
_RXB0CTRL = const(0x60)
_RXB1CTRL = const(0x70)
_FILTERS = bytes((0x00, 0x04, 0x08, 0x10, 0x14, 0x18))  # RXF0 to 5: two for RXB0, four for RXB1
_ID_BITS = const(0x1FFFFFFF)
_MODE_BITS = const(0xE0)
_NORMAL = const(0x00)
_CONFIGURATION = const(0x80)
_MODE_TRIES = const(100)
_ANY_FRAME = const(0x60)
_ROLL_OVER = const(0x04)


def bit_timing(crystal_hz: int, bitrate: int) -> bytes:
    """CNF3, CNF2, CNF1: 16 time quanta a bit sampled at 81 %, or 8 sampled at 75 %."""
    if crystal_hz not in (8_000_000, 16_000_000) or bitrate not in (125_000, 250_000, 500_000):
        raise ChargerError("MCP2515: no timing for %d bit/s at %d Hz" % (bitrate, crystal_hz))
    quanta = crystal_hz // (2 * bitrate)
    if quanta == 8:  # sync 1 + 2 + 3 + 2
        return b"\x01\x91\x00"
    return bytes((0x02, 0xAD, 0x40 | quanta // 16 - 1))  # sync 1 + 6 + 6 + 3, jump width 2


def _reaches(chip: "Mcp2515", mode: int) -> bool:
    return any(chip.register(_CANSTAT) & _MODE_BITS == mode for _ in range(_MODE_TRIES))


def start(chip: "Mcp2515", crystal_hz: int, bitrate: int, filters: tuple) -> str:
    """Reset the chip and bring it onto the bus; what is wrong, or ""."""
    timing = bit_timing(crystal_hz, bitrate)
    chip.command(_RESET, 1)
    if not _reaches(chip, _CONFIGURATION):
        return "does not answer; check SPI wiring and power"
    chip.set_register(_CNF3, timing)
    for i in range(3):
        if chip.register(_CNF3 + i) != timing[i]:
            return "does not keep what is written; check SPI wiring and power"
    _write_filters(chip, filters)
    chip.set_register(_CANINTE, b"\x03")  # INT low while RXB0 or RXB1 is full
    chip.set_register(_CANCTRL, b"\x00")  # normal mode, no one-shot, no clock output
    return "" if _reaches(chip, _NORMAL) else "does not get onto the bus; is it wired?"


def _write_filters(chip: "Mcp2515", filters: tuple) -> None:
    accept = 0 if filters else _ANY_FRAME
    chip.set_register(_RXB0CTRL, bytes((accept | _ROLL_OVER,)))
    chip.set_register(_RXB1CTRL, bytes((accept,)))
    masks = [_ID_BITS, _ID_BITS]
    for slot in range(6 if filters else 0):
        # Slots that are left over repeat a filter of their buffer, or the last one.
        id, mask, ext = filters[slot if slot < len(filters) else 0 if slot < 2 else -1]
        # A mask serves a whole buffer: it keeps the bits that all its filters want.
        masks[slot >= 2] &= mask if ext else mask << 18
        _write_id(chip, _FILTERS[slot], id, ext)
    _write_id(chip, _RXM0, masks[0], True)
    _write_id(chip, _RXM1, masks[1], True)


def _write_id(chip: "Mcp2515", register: int, id: int, ext: bool) -> None:
    chip.buffer[1] = register
    chip.put_id(2, id, ext)
    chip.command(_WRITE, 6)
