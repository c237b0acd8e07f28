"""Frames of energy meters, and a meter at the end of a line; on CPython and on MicroPython."""

from binascii import unhexlify

from firmware.charging.readings import MeterReading
from firmware.drivers.meter.modbus import ModbusMeter
from firmware.drivers.meter.modbus_rtu import crc16
from firmware.drivers.meter.pzem017 import PLAN
from firmware.drivers.meter.tables import plan
from host_tests.unit.drivers.bms.line import Line, run


def raw(text):
    """Bytes of a vector."""
    return unhexlify(text.replace(" ", ""))


# hardware-protocols.md section 5: a read of everything, and what came back.
PZEM_QUESTION = raw("01 04 00 00 00 08 F1 CC")
PZEM_RESET = raw("01 42 80 11")
PZEM_ANSWER = raw("01 04 10 05 40 00 0A 00 0D 00 00 00 02 00 00 00 00 00 00 D6 29")
PZEM_READ = (13_440, 100, 2, 0)
# As a DJSF1352-RN sent them: volts and amps with decimal points, energy.
DJSF_QUESTIONS = (raw("01 03 00 00 00 06 C5 C8"), raw("01 03 00 0C 00 08 84 0F"))
DJSF_ANSWERS = (
    raw("01 03 0C 00 00 00 03 00 00 00 02 00 00 01 4D 3F E5"),
    raw("01 03 10 00 00 52 1A 00 00 00 00 00 01 00 FA 00 00 00 00 59 85"),
)


def framed(body):
    """With its checksum."""
    crc = crc16(body)
    return body + bytes((crc & 0xFF, crc >> 8))


def question(function, register, count):
    """A read, of the meter at address 1."""
    return framed(bytes((1, function, register >> 8, register & 0xFF, 0, count)))


def answer(function, data):
    """What comes back."""
    return framed(bytes((1, function, len(data))) + data)


def pzem(centivolts, centiamps, wh):
    """A whole answer."""
    words = (centivolts, centiamps, 0, 0, wh & 0xFFFF, wh >> 16, 0, 0)
    return answer(4, b"".join(bytes((word >> 8, word & 0xFF)) for word in words))


SDM_ANSWERS = {
    # 230.5 V at 0, 12.25 A at 6
    question(4, 0, 8): answer(4, raw("43668000 00000000 00000000 41440000")),
    # 1234.5 kWh
    question(4, 0x48, 2): answer(4, raw("449A5000")),
}
DJSF_TABLE_ANSWERS = {
    # 765 with 2: 76.5 V; -21 with 3: -21 A
    question(3, 0, 4): answer(3, raw("02FD 0002 FFEB 0003")),
}
# name -> (plan, conversation, what is read)
CASES = {
    "pzem017": (PLAN, {PZEM_QUESTION: PZEM_ANSWER}, PZEM_READ),
    "sdm230": (plan("sdm230"), SDM_ANSWERS, (230_500, 12_250, 1_234_500, 0)),
    "djsf1352": (plan("djsf1352"), DJSF_TABLE_ANSWERS, (76_500, -21_000, -1, 0)),
}


class Rig:
    """A driver at the end of a line."""

    def __init__(self, name, answers=None, **line):
        its_plan, conversation, self.expected = CASES[name]
        self.line = Line(dict(conversation) if answers is None else answers, **line)
        self.reading = MeterReading()
        self.driver = ModbusMeter(self.line, self.reading, 1, its_plan)

    def run(self, ms, dt_ms=10):
        """Poll for `ms`; what is shown then."""
        run(self.driver, self.reading, ms, dt_ms)
        reading = self.reading
        return reading.voltage_mv, reading.current_ma, reading.energy_wh, reading.fault
