"""The hardware options: which driver sits where, on which pins. One table; load, check.

Stored in hardware.json, read once at the start and forgotten with the board's code. What does not
fit is named as `hardware.json: key: why`.
"""

from firmware.board.chosen import Options, check_pins  # noqa: F401
from firmware.errors import SettingError
from firmware.settings import WISHES_FILE
from firmware.storage.files import write_json
from firmware.storage.json_files import read_json
from firmware.values import convert

HARDWARE_FILE = "hardware.json"

# Columns: key, type, default, lowest, highest; behind the # the meaning. Types: int, bool, or the
# words that are allowed, with / between them. A text, because names as such stay in RAM for ever;
# in pieces, because a full heap has no long piece left.
TABLE = (
    """
bms rivot/elcon/jbd_uart/daly_uart/daly_can/jk_uart/jk_can/pylontech_can/gbt27930/table_can rivot
bms_tx int 14 0 33 # GPIO of a BMS on a UART: our sending side
bms_rx int 35 0 39 # GPIO of a BMS on a UART: our receiving side
bms_bitrate int 0 0 1000000 # of a BMS on CAN; 0: what the driver is made for
bms_byte_order auto/big/little auto # of a BMS that comes in both; auto: whichever makes sense
bms_current_reversed bool false # its current counts the other way than its document says
bms_address int 1 1 15 # daly_can: the number that is set in the BMS
bms_356_scale 0.01/0.1 0.01 # pylontech_can: volts a count in 0x356, unverified where it is 0.1
bms_jk_status bool true # jk_uart: its status word, unverified, must say that charging is on
pack_max_mv int 84000 20000 85500 # charging voltage for a BMS that tells none
pack_max_ma int 50000 1000 100000 # charging current for a BMS that tells none
""",
    """
power rivot/huawei_r48/elcon/meanwell/infypower/maxwell/analog rivot # what delivers the current
module_amps_scale_x10 int 305 10 100000 # rivot: counts of the set point per 10 A
power_amps_scale_x10 int 200 10 10000 # huawei_r48: counts of the set point per 10 A, unverified
power_units int 1 1 4 # elcon: bricks in parallel, at E5, E7, E8 and E9
power_address int 0 0 63 # meanwell (0 to 7), infypower, maxwell: the module's address
power_max_ma int 100000 1000 100000 # not rivot: what one unit may be asked for
power_max_mv int 85500 20000 150000 # not rivot, huawei_r48: the highest voltage it can deliver
power_min_mv int 0 0 150000 # not rivot, huawei_r48: the lowest voltage it can deliver
power_bic bool false # meanwell: the ids of a BIC, not of an NPB
power_scales bool true # meanwell: read its scales, layout unverified; false: always 0.01
""",
    """
power_volts_full_mv int 100000 20000 200000 # analog: output at full duty and at full sense
power_amps_full_ma int 120000 1000 200000 # analog: current at full duty and at full sense
power_volts_zero_duty int 0 0 30000 # analog: duty (of 65535) where the voltage begins
power_amps_zero_duty int 0 0 30000 # analog: duty (of 65535) where the current begins
power_volts_in_zero_mv int 300 0 2000 # analog: at the pin without voltage; below 100: no check
power_volts_in_full_mv int 2700 2100 3000 # analog: at the pin at power_volts_full_mv
power_amps_in_zero_mv int 300 0 2000 # analog: at the pin without current; below 100: no check
power_amps_in_full_mv int 2700 2100 3000 # analog: at the pin at power_amps_full_ma
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
meter_address int 1 1 247 # its Modbus address
meter_table sdm230/djsf1352/file sdm230 # modbus: which registers; file: meter.tbl on flash
meter_baud int 9600 1200 115200 # modbus: baud rate
meter_parity none/even/odd none # modbus: parity, with one stop bit
""",
    """
reader rdm6300/rc522/pn532/wiegand/none rdm6300 # what reads the drivers' tags
reader_tx int 2 0 33 # GPIO of a reader on a UART: our sending side
reader_rx int 16 0 39 # GPIO of a reader on a UART: our receiving side
reader_cs int 15 0 33 # GPIO, chip select of a reader on the SPI bus
reader_d0 int 34 0 39 # GPIO, Wiegand D0, with a pull-up outside
reader_d1 int 39 0 39 # GPIO, Wiegand D1, with a pull-up outside
reader_wiegand_bits auto/26/34 auto # the frame's length; auto: both
""",
    """
network wifi/lan/ppp wifi # the way to the central system (docs/provisioning.md)
lan_phy_address int 1 0 31 # lan: address of the LAN8720 on its management bus
lan_mdc_pin int 23 0 33 # lan: GPIO of MDC
lan_mdio_pin int 18 0 33 # lan: GPIO of MDIO
lan_power_pin int -1 -1 33 # lan: GPIO that powers the oscillator; -1: none
lan_clock_pin 0/16/17 0 # lan: GPIO of the 50 MHz clock; 0: into the chip, 16 and 17: out of it
ppp_auth none/pap/chap none # ppp: how name and password are told
ppp_tx int 14 0 33 # ppp: GPIO to the modem, UART 1
ppp_rx int 35 0 39 # ppp: GPIO from the modem, UART 1
ppp_baud int 115200 9600 921600 # ppp: bits a second
""",
    """
door_pin int -1 -1 39 # GPIO of a contact to ground, closed while the door is; -1: none
earth_fault_pin int -1 -1 39 # GPIO of a monitoring relay that is closed while all is well
gun_temperature_pin int -1 -1 39 # GPIO (32 to 39) of the connector's thermistor
gun_ntc_ohm int 10000 1000 200000 # the thermistor at 25 degC
gun_ntc_beta int 3950 2000 6000 # the thermistor's B value
gun_ntc_pull_up_ohm int 10000 500 200000 # from the thermistor's pin to 3.3 V; itself to ground
gun_sense_pin int -1 -1 39 # GPIO (32 to 39) of a divider at the gun's side of the contactor
gun_sense_full_mv int 100000 20000 200000 # at the gun, when the pin has gun_sense_in_full_mv
gun_sense_in_zero_mv int 300 0 2000 # at the pin without voltage; below 250: no check
gun_sense_in_full_mv int 2700 1000 3000 # at the pin at gun_sense_full_mv
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
