"""The Rivot 100 A charger: ESP32 DevKit, module on TWAI, BMS on an MCP2515 (docs/wiring.md).

Outputs first, so that they are driven low before anything else is touched. Inputs are contacts to
ground with the internal pull-up: a broken wire reads as unplugged, pressed, or open. Which driver
sits on which bus is chosen by options.py; only the chosen ones are loaded.
"""

import machine
from machine import SPI, UART, Pin
from micropython import const

from firmware.charging.readings import BmsReading, MeterReading, ModuleReading
from firmware.drivers.button import Button
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from firmware.errors import ChargerError
from firmware.on_demand import load

_MAX_MV = const(85_500)
_MAX_MA = const(100_000)

_CONTACTOR = const(25)
_ENABLE = const(26)
_LAMP = const(17)
_FEEDBACK = const(27)
_E_STOP = const(32)
_GUN = const(33)
_BUTTON = const(13)
_FIRST_ADC = const(32)  # those of ADC 2 do not work together with Wi-Fi
_FIRST_WITHOUT_PULL = const(34)
_TWAI_TX = const(21)
_TWAI_RX = const(22)
_SPI_SCK = const(18)
_SPI_MISO = const(19)
_SPI_MOSI = const(23)
_MCP_CS = const(5)
_MCP_INT = const(4)
# Texts of some length, because short ones stay in RAM for ever, as names do.
_FIXED = "25 contactor,26 enable,17 lamp,27 feedback,32 E-stop,33 gun,13 button"
_SPI_PINS = "18 the SPI bus,19 the SPI bus,23 the SPI bus"
_MCP_PINS = "5 the MCP2515,4 the MCP2515"
_TWAI_PINS = "21 the TWAI bus,22 the TWAI bus"
_SPI_HZ = const(8_000_000)


class Board:
    """All that the loops drive. It has no methods: they would keep this module in memory.

    `max_mv` and `max_ma` are the rating, which settings can only lower.
    `door`, `earth_fault`, `thermistor`, `gun_sense`, `meter` and `tag_reader` are None where they
    are not fitted. `buses` is ((can, drivers), ...), `polled` what hangs on no CAN bus; `pins` is
    (GPIO, what it is for)..., once built the GPIOs only. `in_hand`: a loop is at the drivers, so
    an interrupt must leave them alone.
    """


def build(settings: "Settings", options: "Options", check_pins: "Callable") -> Board:
    """The board. ChargerError: a controller does not answer, or an option is wrong."""
    board = Board()
    board.in_hand = False
    board.max_mv = _MAX_MV
    board.max_ma = _MAX_MA
    coil = Pin(_CONTACTOR, Pin.OUT, value=0)
    enable = Pin(_ENABLE, Pin.OUT, value=0)
    feedback = DigitalInput(Pin(_FEEDBACK, Pin.IN, Pin.PULL_UP))
    board.contactor = Contactor(coil, feedback, enable)
    board.gun = DigitalInput(Pin(_GUN, Pin.IN, Pin.PULL_UP), True, 500, 20)
    board.e_stop = DigitalInput(Pin(_E_STOP, Pin.IN, Pin.PULL_UP), False, 0, 500)
    board.button = Button(Pin(_BUTTON, Pin.IN, Pin.PULL_UP))
    board.lamp = Lamp(Pin(_LAMP, Pin.OUT, value=0))
    board.bms_reading = BmsReading()
    board.module_reading = ModuleReading()
    wiring = Wiring(settings, options, check_pins)
    board.door = _contact(options["door_pin"])
    board.earth_fault = _contact(options["earth_fault_pin"])
    board.thermistor = board.gun_sense = None
    adc = _adc(options, "gun_temperature_pin")
    if adc:
        board.thermistor = load("firmware.drivers.thermistor").make(adc, options)
    adc = _adc(options, "gun_sense_pin")
    if adc:
        board.gun_sense = load("firmware.drivers.voltage_sense").make(adc, options)
    board.module = wiring.driver("power", board.module_reading)
    board.bms = wiring.driver("bms", board.bms_reading)
    board.meter = board.meter_reading = board.tag_reader = None
    if options.meter != "none":
        board.meter_reading = MeterReading()
        board.meter = wiring.driver("meter", board.meter_reading)
    if options.reader != "none":
        board.tag_reader = wiring.driver("reader", None)
    board.pins = wiring.pins
    board.buses = tuple(wiring.buses)
    board.polled = tuple(wiring.polled)
    return board


def reading_of(kind: str) -> object:
    """What a driver of `kind` fills; None for a reader."""
    made = {"bms": BmsReading, "power": ModuleReading, "meter": MeterReading}.get(kind)
    return made() if made else None


def _contact(pin: int) -> "DigitalInput | None":
    """A normally closed contact to ground: active when it opens, or its wire breaks."""
    if pin < 0:
        return None
    pull = Pin.PULL_UP if pin < _FIRST_WITHOUT_PULL else None
    return DigitalInput(Pin(pin, Pin.IN, pull), False, 0, 500)


def _adc(options: "Options", key: str) -> "machine.ADC | None":
    """The analog input at the pin of that option, None where it is not fitted."""
    pin = options[key]
    if pin < 0:
        return None
    if pin < _FIRST_ADC:
        raise ChargerError("hardware.json: %s: GPIO %d has no ADC, 32 to 39 have" % (key, pin))
    from machine import ADC

    return ADC(Pin(pin), atten=ADC.ATTN_11DB)


class Wiring:
    """Makes buses and drivers; needed only while the board is built.

    No pin is touched before `check_pins` has found it free.
    """

    def __init__(self, settings: "Settings", options: "Options", check_pins: "Callable") -> None:
        self._settings = settings
        self._options = options
        self._check_pins = check_pins
        self._spi = None
        self._uarts = {}
        self.pins = []
        self._use(_FIXED)
        self._makers = {
            "can": self._on_can,
            "uart": self._on_uart,
            "spi": self._on_spi,
            "wiegand": self._on_wiegand,
            "analog": self._on_analog,
        }
        self.buses = []
        self.polled = []
        for key in ("door_pin", "earth_fault_pin", "gun_temperature_pin", "gun_sense_pin"):
            if options[key] >= 0:
                self._claim(options[key], key)

    def _use(self, pins: str) -> None:
        for pin in pins.split(","):
            number, _, what = pin.partition(" ")
            self._claim(int(number), what)

    def _claim(self, pin: int, what: str) -> None:
        """Before it is touched. ChargerError: something else has it already."""
        self.pins.append((pin, what))
        self._check_pins(self.pins)

    def driver(self, kind: str, reading: object) -> object:
        """The driver that the options choose for `kind`, on its wire."""
        name = self._options[kind]
        module = load("firmware.drivers.%s.%s" % (kind, name))
        wants = module.WIRE
        wire = self.wire(kind, wants) if wants else None
        driver = module.make(wire, reading, self._options)
        if wants and wants[0] == "can":
            self.buses.append((wire, (driver,)))
        elif kind != "reader":
            self.polled.append(driver)
        return driver

    def wire(self, kind: str, wants: tuple) -> object:
        """What a driver of `kind` that wants `wants` (its WIRE) is handed."""
        return self._makers[wants[0]](kind, wants)

    def _on_can(self, kind: str, wants: tuple) -> "Can":
        if kind == "power":
            return self._module_can(wants[1])
        self._use(_MCP_PINS)
        chip_select = Pin(_MCP_CS, Pin.OUT, value=1)
        interrupt = Pin(_MCP_INT, Pin.IN, Pin.PULL_UP)
        chip = load("firmware.drivers.can.mcp2515").Mcp2515
        crystal_hz = self._settings.mcp2515_crystal_hz
        bitrate = self._options["bms_bitrate"] or wants[1]
        return chip(self._shared_spi(), chip_select, interrupt, crystal_hz, bitrate)

    def _module_can(self, bitrate: int) -> "Can":
        if hasattr(machine, "CAN"):  # a MicroPython that has it for this chip
            return load("firmware.drivers.can.native").Native(machine.CAN, 0, bitrate)
        self._use(_TWAI_PINS)
        tx = Pin(_TWAI_TX, Pin.OUT, value=1)
        twai = load("firmware.drivers.can.twai").Twai
        return twai(machine.mem32, tx, Pin(_TWAI_RX, Pin.IN), _TWAI_TX, _TWAI_RX, bitrate)

    def _shared_spi(self) -> SPI:
        if self._spi is None:
            self._use(_SPI_PINS)
            self._spi = SPI(
                2, _SPI_HZ, sck=Pin(_SPI_SCK), mosi=Pin(_SPI_MOSI), miso=Pin(_SPI_MISO)
            )
        return self._spi

    def _on_uart(self, kind: str, wants: tuple) -> UART:
        number = 2 if kind == "reader" else 1
        if number in self._uarts:
            raise ChargerError(
                "hardware.json: %s: UART %d is %s's already" % (kind, number, self._uarts[number])
            )
        self._uarts[number] = kind
        baud, bits, parity, stop = wants[1:5]
        if baud is None:  # the options say it
            baud = self._options[kind + "_baud"]
            parity = {"none": None, "even": 0, "odd": 1}[self._options[kind + "_parity"]]
        tx = self._options[kind + "_tx"]
        rx = self._options[kind + "_rx"]
        self._claim(rx, kind + "_rx")
        if len(wants) > 5:  # it only listens
            return UART(number, baud, rx=rx, timeout=0)
        self._claim(tx, kind + "_tx")
        return UART(
            number, baud, bits=bits, parity=parity, stop=stop,
            tx=tx, rx=rx, timeout=0, rxbuf=512,
        )  # fmt: skip

    def _on_spi(self, kind: str, wants: tuple) -> tuple:
        pin = self._options[kind + "_cs"]
        self._claim(pin, kind + "_cs")
        return self._shared_spi(), Pin(pin, Pin.OUT, value=1)

    def _on_wiegand(self, kind: str, wants: tuple) -> tuple:
        pins = self._options["reader_d0"], self._options["reader_d1"]
        self._claim(pins[0], "reader_d0")
        self._claim(pins[1], "reader_d1")
        return Pin(pins[0], Pin.IN), Pin(pins[1], Pin.IN)

    def _on_analog(self, kind: str, wants: tuple) -> tuple:
        from machine import ADC, PWM

        options = self._options
        for key in ("volts_out", "amps_out", "enable", "volts_in", "amps_in"):
            key = "power_%s_pin" % key
            self._claim(options[key], key)
        enable = Pin(options["power_enable_pin"], Pin.OUT, value=0)
        return (
            PWM(Pin(options["power_volts_out_pin"]), freq=1000, duty_u16=0),
            PWM(Pin(options["power_amps_out_pin"]), freq=1000, duty_u16=0),
            enable,
            ADC(Pin(options["power_volts_in_pin"]), atten=ADC.ATTN_11DB),
            ADC(Pin(options["power_amps_in_pin"]), atten=ADC.ATTN_11DB),
        )
