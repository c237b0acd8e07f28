"""Run on every interpreter: the vectors both ways, and what is sent in a session, as lines."""

from host_tests.unit.drivers.power.cases import Alone
from host_tests.unit.drivers.power.vectors import HEARD, REFUSED, SENT

FIELDS = ("age_ms", "output_age_ms", "on", "output_mv", "output_ma", "temperature_c10", "fault")


def shown(rig):
    """The reading as a tuple."""
    return tuple([getattr(rig.reading, field) for field in FIELDS])


for name, wanted, on, id, data in SENT:
    rig = Alone(name)
    if wanted:
        rig.driver.set(*wanted)
    rig.driver.enable(on)
    sent = rig.poll(1_500)
    print(name, data, (id, data) in sent, len(sent))
for name, id, data, _ in HEARD:
    rig = Alone(name)
    print(name, data, rig.hear(id, data), shown(rig), rig.driver.online)
for name, id, data in REFUSED:
    rig = Alone(name)
    print(name, data, rig.hear(id, data), shown(rig), rig.driver.refused)
for name in ("elcon", "huawei_r48", "infypower", "maxwell", "meanwell"):
    rig = Alone(name)
    for mv in (0, 52_345, 57_999, 1_000_000, 41_000):
        rig.driver.set(mv, mv // 2)
        rig.driver.enable(mv > 0)
        print(name, mv, rig.poll(300), shown(rig))
