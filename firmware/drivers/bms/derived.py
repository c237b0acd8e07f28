"""Charge limits for a BMS that sends none: from the options and from its own thresholds.

hardware-protocols.md section 0.5. Less than what the BMS trips at, never more than the options.
"""

from micropython import const

_MARGIN_MV = const(50)  # of a cell below its over-voltage threshold


def fill_limits(
    reading: "BmsReading",
    max_mv: int,
    max_ma: int,
    cells: int = 0,
    cell_ov_mv: int = 0,
    pack_ov_mv: int = 0,
    charge_oc_ma: int = 0,
) -> None:
    """Set the two limits of `reading`; `max_` are the options', a threshold of 0 is unknown."""
    if cells and cell_ov_mv:
        max_mv = min(max_mv, cells * (cell_ov_mv - _MARGIN_MV))
    if cells and pack_ov_mv:
        max_mv = min(max_mv, pack_ov_mv - cells * _MARGIN_MV)
    if charge_oc_ma:
        max_ma = min(max_ma, charge_oc_ma * 4 // 5)
    reading.voltage_limit_mv = max(max_mv, 0)
    reading.current_limit_ma = max_ma
