"""Which virtual part stands behind each choice of the hardware options.

`PARTS[kind][name]` is "module:class" under tools.sim.plant; kinds and names are those of
firmware/board/options.py. The classes say by `WIRE` what they hang on.
"""

import importlib
from typing import Any

PARTS = {
    "bms": {
        "rivot": "bms_rivot:RivotVehicle",
        "gbt27930": "bms_gbt:GbtVehicle",
        "elcon": "bms_elcon:ElconVehicle",
        "daly_can": "bms_daly_can:DalyCanVehicle",
        "jk_can": "bms_jk_can:JkCanVehicle",
        "pylontech_can": "bms_pylontech:PylontechVehicle",
        "table_can": "bms_table:TableVehicle",
        "jbd_uart": "bms_jbd:JbdVehicle",
        "daly_uart": "bms_daly:DalyVehicle",
        "jk_uart": "bms_jk:JkVehicle",
    },
    "power": {
        "rivot": "power_module:PowerModule",
        "huawei_r48": "power_huawei:HuaweiModule",
        "elcon": "power_elcon:ElconBricks",
        "meanwell": "power_meanwell:MeanWellModule",
        "infypower": "power_infy:InfyModule",
        "maxwell": "power_maxwell:MaxwellModule",
        "analog": "power_analog:AnalogStage",
    },
    "meter": {
        "pzem017": "meter_modbus:Pzem017",
        "modbus": "meter_modbus:TableMeter",
    },
    "reader": {
        "rdm6300": "reader:TagReader",
        "rc522": "reader_rc522:Rc522Reader",
        "pn532": "reader_pn532:Pn532Reader",
        "wiegand": "reader_wiegand:WiegandReader",
    },
}


def part(kind: str, name: str) -> Any:
    """The class. Raises KeyError with what there is."""
    table = PARTS[kind]
    if name not in table:
        raise KeyError(f"no virtual {kind} {name!r}; there are: {', '.join(table)}")
    module, _, cls = table[name].partition(":")
    return getattr(importlib.import_module(f"tools.sim.plant.{module}"), cls)
