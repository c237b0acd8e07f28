"""The Rivot power module as a driver of the board: its bus, its filters, its scale."""

from .rivot_module import FILTERS, RivotModule

WIRE = ("can", 250_000)


def make(can: "Can", reading: "ModuleReading", options: "Settings") -> RivotModule:
    """The driver on its bus."""
    can.set_filters(FILTERS)
    return RivotModule(can, reading, current_scale_x10=options.module_amps_scale_x10)
