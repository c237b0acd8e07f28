"""Run by test_uart_on_micropython on every interpreter: what the three drivers read, as lines."""

from host_tests.unit.drivers.bms.line import shown
from host_tests.unit.drivers.bms.uart_cases import CASES, JBD_REGISTER, Rig, daly_question
from host_tests.unit.drivers.bms.uart_vectors import DALY_ANSWERS, JBD_BASIC, JK_ANSWERS, raw


def tell(rig):
    print(shown(rig.reading), rig.reading.complete, rig.driver.refused, len(rig.line.asked))


def conversations():
    for name in sorted(CASES):
        for line in ({}, {"bits": 1}, {"noise": b"\xdd\xdd\xa5\x4eNW\x00"}, {"echo": True}):
            rig = Rig(name, **line)
            rig.run(4000)
            tell(rig)


def vectors():
    for text, _ in JBD_BASIC:
        rig = Rig("jbd", answers={JBD_REGISTER[0x03]: raw(text)})
        rig.run(8000)
        tell(rig)
    for text, _ in JK_ANSWERS:
        rig = Rig("jk", answers={rig_question: raw(text) for rig_question in CASES["jk"][1]})
        rig.run(1000)
        tell(rig)
    for text in DALY_ANSWERS:
        rig = Rig("daly")
        rig.line.answers[daly_question(raw(text)[2])] = raw(text)
        rig.run(2000)
        tell(rig)


def broken():
    for name in sorted(CASES):
        rig = Rig(name)
        for question in rig.line.answers:
            spoilt = bytearray(rig.line.answers[question])
            spoilt[-1] ^= 1
            rig.line.answers[question] = bytes(spoilt)
        rig.run(3000)
        tell(rig)


for part in (conversations, vectors, broken):
    part()
