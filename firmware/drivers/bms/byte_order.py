"""Which byte order a BMS speaks, where both are met under the same ids.

hardware-protocols.md section 0.4. Set by the option, or learned from the first frame that makes
sense one way only; what then contradicts it is refused, never read the other way.
"""

from micropython import const

BIG = const(1)
LITTLE = const(2)
OPTIONS = ("auto", "big", "little")  # the words of bms_byte_order, at 0, BIG and LITTLE

_MIN_DV = const(200)
_MAX_DV = const(1200)
_MAX_DA = const(5000)


def word(data: bytearray, at: int, order: int) -> int:
    """16 bits in that order."""
    if order == BIG:
        return data[at] << 8 | data[at + 1]
    return data[at + 1] << 8 | data[at]


def plausible(volts_dv: int, amps_da: int) -> bool:
    """Can that be a pack of ours: 20 to 120 V, at most 500 A either way; both in tenths."""
    return _MIN_DV <= volts_dv <= _MAX_DV and -_MAX_DA <= amps_da <= _MAX_DA


def order_of(data: bytearray, known: int, amps_at: int = 2, zero_da: int = 0) -> int:
    """The order of a frame with volts at 0 and amps at `amps_at`; 0 = it is to be refused.

    `known` is what is set or has been learned, 0 = nothing: then the frame must make sense in one
    of the two only.
    """
    fits = 0
    for order in (BIG, LITTLE):
        if plausible(word(data, 0, order), word(data, amps_at, order) - zero_da):
            fits |= order
    if known:
        return fits & known
    return 0 if fits == BIG | LITTLE else fits
