"""The hardware options: which driver sits where, on which pins. One table; load, check.

Stored in hardware.json, read once at the start and forgotten with the board's code. What does not
fit is named as `hardware.json: key: why`.
"""

from firmware.errors import ChargerError, SettingError
from firmware.settings import WISHES_FILE, convert
from firmware.storage.files import read_json, write_json

HARDWARE_FILE = "hardware.json"

# Columns: key, type, default, lowest, highest; behind the # the meaning. Types: int, bool, or the
# words that are allowed, with / between them. A text, because names as such stay in RAM for ever;
# in pieces, because a full heap has no long piece left.
TABLE = (
    """
bms rivot/elcon/jbd_uart/daly_uart/daly_can/jk_uart/jk_can/pylontech_can/gbt27930/table_can rivot
bms_tx int 14 0 33 # GPIO of a BMS on a UART: our sending side
bms_rx int 35 0 39 # GPIO of a BMS on a UART: our receiving side
bms_byte_order auto/big/little auto # of a BMS that comes in both; auto: whichever makes sense
bms_current_reversed bool false # it counts discharge as positive
pack_max_mv int 84000 20000 85500 # charging voltage for a BMS that tells none
pack_max_ma int 50000 1000 100000 # charging current for a BMS that tells none
""",
    """
power rivot/huawei_r48/elcon/meanwell/infypower/maxwell/analog rivot # what delivers the current
module_amps_scale_x10 int 305 10 100000 # rivot: counts of the set point per 10 A
power_volts_out_pin int 21 0 33 # analog: GPIO, PWM of the voltage set point
power_amps_out_pin int 22 0 33 # analog: GPIO, PWM of the current set point
power_enable_pin int 15 0 33 # analog: GPIO, high switches it on
power_volts_in_pin int 36 32 39 # analog: GPIO, its output voltage
power_amps_in_pin int 39 32 39 # analog: GPIO, its output current
""",
    """
meter none/pzem017/modbus none # none: voltage times current at the terminals
meter_tx int 15 0 33 # GPIO to the meter's RS485 transceiver
meter_rx int 36 0 39 # GPIO from the meter's RS485 transceiver
""",
    """
reader rdm6300/rc522/pn532/wiegand/none rdm6300 # what reads the drivers' tags
reader_tx int 2 0 33 # GPIO of a reader on a UART: our sending side
reader_rx int 16 0 39 # GPIO of a reader on a UART: our receiving side
reader_cs int 15 0 33 # GPIO, chip select of a reader on the SPI bus
reader_d0 int 34 0 39 # GPIO, Wiegand D0, with a pull-up outside
reader_d1 int 39 0 39 # GPIO, Wiegand D1, with a pull-up outside
""",
    """
door_pin int -1 -1 39 # GPIO of a contact to ground, closed while the door is; -1: none
earth_fault_pin int -1 -1 39 # GPIO of a monitoring relay that is closed while all is well
gun_temperature_pin int -1 -1 39 # GPIO (32 to 39) of the connector's thermistor
gun_sense_pin int -1 -1 39 # GPIO (32 to 39) of a divider at the gun's side of the contactor
""",
)
_TYPES = {"int": int, "bool": bool}


def fields() -> "Iterator[tuple]":
    """The rows as settings.py has them: key, type, default, lowest, highest."""
    for piece in TABLE:
        for line in piece.strip().split("\n"):
            key, kind, default, *bounds = line.split("#")[0].split()
            kind = _TYPES.get(kind) or tuple(kind.split("/"))
            low, high = [int(bound) for bound in bounds] or (0, 1)
            row = (key, kind, None, low, high)
            yield (key, kind, convert(row, default), low, high)


class Options:
    """The options as attributes. AttributeError: there is none of that name."""

    def __init__(self, values: dict) -> None:
        self._values = values

    def __getattr__(self, key: str) -> object:
        values = self._values
        if key not in values:
            raise AttributeError(key)
        return values[key]


def names() -> list:
    """All keys."""
    return [field[0] for field in fields()]


def read(log: "Log") -> Options:
    """The options as stored, then what set.json wishes (once; settings.py removes that file).

    A value that does not fit is reported and left at its default.
    """
    stored = read_json(HARDWARE_FILE)
    wishes = read_json(WISHES_FILE)
    values = {}
    changed = False
    for field in fields():
        key = field[0]
        values[key] = field[2]
        for source in (stored, wishes):
            if key not in source:
                continue
            try:
                values[key] = convert(field, source[key])
            except SettingError as error:
                log.error("hardware", "%s: %s; ignored", HARDWARE_FILE, error)
                continue
            if source is wishes and stored.get(key) != values[key]:
                stored[key] = values[key]
                changed = True
    if changed:
        try:
            write_json(HARDWARE_FILE, stored)
        except OSError as error:  # they count for now and are wished again at the next start
            log.error("hardware", "not stored: %s", error)
    return Options(values)


def check_pins(used: tuple) -> None:
    """`used` is (GPIO, what it is for)...; ChargerError names two that want the same."""
    taken = {}
    for pin, what in used:
        if pin in taken:
            raise ChargerError(
                "%s: %s: GPIO %d is %s's already" % (HARDWARE_FILE, what, pin, taken[pin])
            )
        taken[pin] = what
