"""The virtual meters, byte by byte over the virtual UART: questions of the document, answers."""

import pytest

from host_tests.unit.drivers.meter.meter_cases import PZEM_RESET, framed, raw
from tools.sim.chips.uart import Uart
from tools.sim.plant.meter_modbus import Pzem017, TableMeter

RX = 36


class Circuit:
    """76.38 V, 20.5 A and what has flowed."""

    wh = 100.0

    def terminals(self):
        return 76.38, 20.5


class Rig:
    """A meter on a UART."""

    def __init__(self, kind):
        self.now_ms = 0.0
        self.uart = Uart(9600, RX)
        self.uart.init(9600, RX)
        self.circuit = Circuit()
        self.meter = kind(self.uart, lambda: self.now_ms, self.circuit)

    def ask(self, question):
        """What it answers within 200 ms."""
        self.uart.write(question, self.now_ms)
        self.now_ms += 200
        self.uart.deliver(self.now_ms)
        self.uart.advance(self.now_ms)
        return self.uart.read(300)


def test_pzem_page():
    rig = Rig(Pzem017)
    assert rig.ask(raw("01 04 00 00 00 08 F1 CC")) == framed(
        raw("01 04 10 1DD6 0802 3D2A 0000 3039 0000 0000 0000")
    )
    rig.circuit.wh += 65_536
    assert rig.ask(framed(raw("01 04 0004 0002")))[3:-2] == raw("3039 0001")


def test_pzem_energy_is_reset():
    rig = Rig(Pzem017)
    assert rig.ask(PZEM_RESET) == PZEM_RESET
    rig.circuit.wh += 2.5
    assert rig.ask(framed(raw("01 04 0004 0002")))[3:-2] == raw("0002 0000")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("01 03 0000 0004", "01 03 08 7530 02BC 0001 0000"),
        ("01 04 0007 0002", "01 84 02"),  # there is no register 8
        ("01 10 0000 0001", "01 90 01"),  # nor such a function
        ("02 04 0000 0001", ""),  # another meter is meant
    ],
)
def test_other_questions(question, answer):
    assert Rig(Pzem017).ask(framed(raw(question))) == (framed(raw(answer)) if answer else b"")


def test_deaf_to_broken_questions_and_when_switched_off():
    rig = Rig(Pzem017)
    assert rig.ask(raw("01 04 00 00 00 08 F1 CD")) == b""
    assert rig.ask(raw("01 04 00 00 00 08 F1 CC"))
    rig.meter.switch(False)
    assert rig.ask(raw("01 04 00 00 00 08 F1 CC")) == b""


@pytest.mark.parametrize(
    ("question", "data"),
    [
        ("01 04 0000 0002", "4298C28F"),
        ("01 04 0006 0002", "41A40000"),
        ("01 04 000C 0002", "44C3B948"),
        ("01 04 0048 0002", "4145851F"),
        ("01 03 0000 0004", "1DD6 0001 0802 0001"),
    ],
)
def test_table_meter(question, data):
    assert Rig(TableMeter).ask(framed(raw(question)))[3:-2] == raw(data)
