"""The virtual vehicle, heard through the frames on CAN2."""

import pytest

from tools.sim.chips.can_bus import Device
from tools.sim.hardware import Hardware

LIMITS, STATUS = 0x1806E5F4, 0x18FF50E5
ASK_CHARGED, CHARGED = 0x160B0180, 0x160B8001
ASK_DISCHARGED, DISCHARGED = 0x160D0180, 0x160D8001


class Charger:
    """The other end of CAN2."""

    def __init__(self, **options):
        self.hardware = Hardware(options)
        self.frames = []
        self.can = Device(self.hardware.can2, lambda: True, self._hear)

    def _hear(self, frame):
        self.frames.append((self.hardware.now_ms, frame.id, frame.data))

    def run(self, ms):
        self.frames.clear()
        self.hardware.advance(self.hardware.now_ms + ms)
        return self.frames

    def command(self, text):
        assert self.hardware.command(text.split()) == {"ok": True}

    def limits(self, ms=600):
        return [data for _, id, data in self.run(ms) if id == LIMITS][-1]

    def ask(self, id):
        self.can.send(id, bytes(8), self.hardware.now_ms)
        self.hardware.can_changed()
        answers = [(i, data) for _, i, data in self.run(5) if i != LIMITS]
        return answers[0] if answers else None

    def counter(self, question):
        return int.from_bytes(self.ask(question)[1][:4], "big")

    def soc_c100(self, capacity_ah):
        mah = self.counter(ASK_CHARGED) - self.counter(ASK_DISCHARGED)
        return mah * 10 // capacity_ah


@pytest.fixture
def charger():
    charger = Charger()
    charger.command("plug")
    charger.run(10)
    return charger


def test_silent_until_plugged():
    charger = Charger()
    assert charger.run(2000) == [] and charger.ask(ASK_CHARGED) is None
    charger.command("plug")
    assert len(charger.run(1000)) == 2


def test_limits_every_500_ms(charger):
    times = [at_ms for at_ms, id, _ in charger.run(5000) if id == LIMITS]
    gaps = {round(b - a) for a, b in zip(times, times[1:], strict=False)}
    assert len(times) == 10 and gaps == {500}


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("bms soc=87", "03 48 03 84 00 00 00 00"),  # 84.0 V, 90.0 A
        ("bms voltage_limit=88 current_limit=45.3", "03 70 01 C5 00 00 00 00"),
        ("bms voltage_limit=98 current_limit=16", "03 D4 00 A0 00 00 00 00"),
        ("bms current_limit=1.85", "03 48 00 13 00 00 00 00"),
        ("bms allowed=0", "03 48 03 84 01 00 00 00"),
        ("bms heating=1", "03 48 03 84 00 01 00 00"),
    ],
)
def test_limits_to_the_byte(charger, command, data):
    charger.command(command)
    assert charger.limits() == bytes.fromhex(data)


def test_a_change_is_told_at_once(charger):
    charger.run(200)
    charger.command("bms allowed=0")
    assert [data[4] for _, _, data in charger.run(1)] == [1]


@pytest.mark.parametrize("soc", [0, 0.01, 12.34, 56.78, 87, 87.07, 87.18, 99.99, 100])
@pytest.mark.parametrize(("limit", "capacity_ah"), [(90, 90), (60, 60), (30, 30), (1.85, 30)])
def test_counters_give_the_set_soc(soc, limit, capacity_ah):
    charger = Charger(current_limit=limit)
    charger.command(f"bms soc={soc}")
    charger.command("plug")
    assert charger.soc_c100(capacity_ah) == round(soc * 100)


def test_capacity_follows_the_largest_limit_since_plug_in(charger):
    charger.command("bms soc=87.18 current_limit=1.85")
    assert charger.soc_c100(90) == 8718
    charger.command("unplug")
    charger.command("plug")
    assert charger.soc_c100(30) == 8718
    charger.command("bms current_limit=45")
    assert charger.soc_c100(60) == 8718


def test_answers_carry_their_own_ids(charger):
    assert charger.ask(ASK_CHARGED)[0] == CHARGED
    assert charger.ask(ASK_DISCHARGED)[0] == DISCHARGED
    assert charger.ask(0x160E0180) is None


def test_off_it_neither_speaks_nor_answers(charger):
    charger.command("bms off")
    assert charger.run(2000) == [] and charger.ask(ASK_CHARGED) is None
    charger.command("bms on")
    assert len(charger.run(1000)) == 2


def test_it_listens_to_the_charger(charger):
    data = bytes.fromhex("03 48 03 20 00 00 00 00")
    charger.can.send(STATUS, data, charger.hardware.now_ms)
    charger.hardware.can_changed()
    charger.run(5)
    assert charger.hardware.vehicle.charger_status == data
    charger.command("unplug")
    assert charger.hardware.vehicle.charger_status is None
