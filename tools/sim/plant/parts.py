"""Which virtual part stands behind each choice of the hardware options.

`PARTS[kind][name]` is "module:class" under tools.sim.plant; kinds and names are those of
firmware/board/options.py. The classes say by `WIRE` what they hang on.
"""

import importlib
from typing import Any

PARTS = {
    "bms": {
        "rivot": "bms_rivot:RivotVehicle",
    },
    "power": {
        "rivot": "power_module:PowerModule",
    },
    "meter": {},
    "reader": {
        "rdm6300": "reader:TagReader",
    },
}


def part(kind: str, name: str) -> Any:
    """The class. Raises KeyError with what there is."""
    table = PARTS[kind]
    if name not in table:
        raise KeyError(f"no virtual {kind} {name!r}; there are: {', '.join(table)}")
    module, _, cls = table[name].partition(":")
    return getattr(importlib.import_module(f"tools.sim.plant.{module}"), cls)
