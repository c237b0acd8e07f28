"""The Rivot 100 A charger: ESP32 DevKit, module on TWAI, BMS on an MCP2515 (docs/wiring.md).

Outputs first, so that they are driven low before anything else is touched. Inputs are contacts to
ground with the internal pull-up: a broken wire reads as unplugged, pressed, or open.
"""

import machine
from machine import SPI, UART, Pin
from micropython import const

from firmware.charging.readings import BmsReading, ModuleReading
from firmware.drivers.bms.rivot_bms import FILTERS as BMS_FILTERS
from firmware.drivers.bms.rivot_bms import RivotBms
from firmware.drivers.button import Button
from firmware.drivers.can.mcp2515 import Mcp2515
from firmware.drivers.can.twai import Twai
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from firmware.drivers.power.rivot_module import FILTERS as MODULE_FILTERS
from firmware.drivers.power.rivot_module import RivotModule
from firmware.drivers.rdm6300 import Rdm6300
from firmware.on_demand import load

MAX_MV = const(85_500)
MAX_MA = const(100_000)

_CONTACTOR = const(25)
_ENABLE = const(26)
_LAMP = const(17)
_FEEDBACK = const(27)
_E_STOP = const(32)
_GUN = const(33)
_BUTTON = const(13)
_TAG_RX = const(16)
_TWAI_TX = const(21)
_TWAI_RX = const(22)
_SPI_SCK = const(18)
_SPI_MISO = const(19)
_SPI_MOSI = const(23)
_MCP_CS = const(5)
_MCP_INT = const(4)
_CAN_BITRATE = const(250_000)


class Board:
    """All that the loops drive. ChargerError: a controller does not answer."""

    def __init__(self, settings: "Settings") -> None:
        coil = Pin(_CONTACTOR, Pin.OUT, value=0)
        enable = Pin(_ENABLE, Pin.OUT, value=0)
        feedback = DigitalInput(Pin(_FEEDBACK, Pin.IN, Pin.PULL_UP))
        self.contactor = Contactor(coil, feedback, enable)
        self.gun = DigitalInput(Pin(_GUN, Pin.IN, Pin.PULL_UP), True, 500, 20)
        self.e_stop = DigitalInput(Pin(_E_STOP, Pin.IN, Pin.PULL_UP), False, 0, 500)
        self.button = Button(Pin(_BUTTON, Pin.IN, Pin.PULL_UP))
        self.lamp = Lamp(Pin(_LAMP, Pin.OUT, value=0))
        self.tag_reader = Rdm6300(UART(2, 9600, rx=_TAG_RX, timeout=0))
        self.bms_reading = BmsReading()
        self.module_reading = ModuleReading()
        module_can = self._module_can()
        bms_can = self._bms_can(settings)
        self.module = RivotModule(
            module_can, self.module_reading, current_scale_x10=settings.module_amps_scale_x10
        )
        self.bms = RivotBms(bms_can, self.bms_reading)
        module_can.set_filters(MODULE_FILTERS)
        bms_can.set_filters(BMS_FILTERS)
        self.buses = ((module_can, (self.module,)), (bms_can, (self.bms,)))

    def _module_can(self) -> "Can":
        if hasattr(machine, "CAN"):  # a MicroPython that has it for this chip
            return load("firmware.drivers.can.native").Native(machine.CAN, 0, _CAN_BITRATE)
        tx = Pin(_TWAI_TX, Pin.OUT, value=1)
        return Twai(machine.mem32, tx, Pin(_TWAI_RX, Pin.IN), _TWAI_TX, _TWAI_RX, _CAN_BITRATE)

    def _bms_can(self, settings: "Settings") -> "Can":
        spi = SPI(2, 8_000_000, sck=Pin(_SPI_SCK), mosi=Pin(_SPI_MOSI), miso=Pin(_SPI_MISO))
        chip_select = Pin(_MCP_CS, Pin.OUT, value=1)
        interrupt = Pin(_MCP_INT, Pin.IN, Pin.PULL_UP)
        return Mcp2515(spi, chip_select, interrupt, settings.mcp2515_crystal_hz, _CAN_BITRATE)
