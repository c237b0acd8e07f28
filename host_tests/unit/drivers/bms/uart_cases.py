"""The three BMS drivers on a UART, each with a conversation that makes its reading complete."""

from firmware.charging.readings import BmsReading
from firmware.drivers.bms import daly_uart, jbd_uart, jk_uart
from host_tests.unit.drivers.bms.line import Line, run, shown
from host_tests.unit.drivers.bms.uart_vectors import (
    DALY_ANSWERS,
    JBD_BASIC,
    JBD_QUESTIONS,
    JK_ANSWERS,
    JK_QUESTION,
    raw,
)


class Options:
    """What the drivers want of the hardware options."""

    pack_max_mv = 84_000
    pack_max_ma = 50_000
    bms_current_reversed = False
    bms_jk_status = True


def daly_question(page):
    """A page asked for."""
    head = bytes((0xA5, 0x40, page, 8)) + bytes(8)
    return head + bytes((sum(head) & 0xFF,))


def daly_answers(texts):
    """{question: answer}; of two answers to one question the later counts."""
    return {daly_question(raw(text)[2]): raw(text) for text in texts}


JBD_REGISTER = {register: raw(text) for register, _, text in JBD_QUESTIONS}
JBD_CONVERSATION = {
    JBD_REGISTER[0x03]: raw(JBD_BASIC[1][0]),
    JBD_REGISTER[0x00]: raw("DD 00 00 00 00 00 77"),
    JBD_REGISTER[0x24]: raw("DD 24 00 02 10 9A FF 54 77"),  # 4250 mV
    JBD_REGISTER[0x20]: raw("DD 20 00 02 06 40 FF B8 77"),  # 16.00 V
    JBD_REGISTER[0x28]: raw("DD 28 00 02 03 E8 FF 13 77"),  # 10.00 A
    JBD_REGISTER[0x01]: raw("DD 01 00 00 00 00 77"),
}
# name -> (driver's module, conversation, what is read)
CASES = {
    "jbd": (
        jbd_uart,
        JBD_CONVERSATION,
        (True, 15_600, -2_870, 10_000, 224, 15_800, 8_000, 0),
    ),
    "daly": (
        daly_uart,
        # the last two: no alarm but an undefined bit, and cells of 3.2 V
        daly_answers(
            DALY_ANSWERS[:6] + DALY_ANSWERS[11:12] + ("A5 01 50 08 00 04 93 E0 00 00 0C 80 01",)
        ),
        (True, 51_500, -50_000, 8_240, 310, 58_400, 50_000, 0),
    ),
    "jk": (jk_uart, {raw(JK_QUESTION): raw(JK_ANSWERS[0][0])}, JK_ANSWERS[0][1]),
}


class Rig:
    """A driver at the end of a line."""

    def __init__(self, name, answers=None, options=Options, **line):
        self.module, conversation, self.expected = CASES[name]
        self.line = Line(dict(conversation) if answers is None else answers, **line)
        self.reading = BmsReading()
        self.driver = self.module.make(self.line, self.reading, options)

    def run(self, ms, dt_ms=10):
        """Poll for `ms`; what is shown then."""
        run(self.driver, self.reading, ms, dt_ms)
        return shown(self.reading)
