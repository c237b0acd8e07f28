"""Run by test_meters_on_micropython on every interpreter: what the meters read, as lines."""

from host_tests.unit.drivers.meter.meter_cases import CASES, PZEM_QUESTION, Rig, pzem

for name in sorted(CASES):
    for line in ({}, {"bits": 1}, {"noise": b"\x00\x01\x04\x10\x84"}, {"echo": True}):
        rig = Rig(name, **line)
        print(rig.run(3000), rig.reading.age_ms, rig.driver.refused)
rig = Rig("pzem017", {})
for wh in (100, 150, 0, 3, 0xFFFFFFFF, (1 << 30) - 1):
    rig.line.answers = {PZEM_QUESTION: pzem(7638, 9999, wh)}
    print(rig.run(1000), rig.driver.refused)
