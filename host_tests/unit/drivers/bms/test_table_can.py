"""The table-driven BMS: the same as cantools, whole groups, time-outs, a new vehicle, sending."""

import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cantools
import pytest

from firmware.charging.readings import UNKNOWN_TEMPERATURE, BmsReading
from firmware.drivers.bms.table_can import TableCan, make, raw, read_table
from firmware.drivers.bms.table_sender import put
from firmware.drivers.can import Frame
from firmware.errors import ChargerError
from host_tests.unit.drivers.fakes import Can
from tools.dbc import compiler, mapping
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[4]
EXAMPLES = ROOT / "tools" / "dbc" / "examples"
LIMITS, PACK = 0x18FF0500, 600

# Field of the reading -> message, signal, into its unit, and the range of scooter.dbc and .toml.
NUMBERS = {
    "voltage_limit_mv": ("BmsLimits", "MaxVoltage", 1000, 0, 100),
    "current_limit_ma": ("BmsLimits", "MaxCurrent", 1000, 0, 300),
    "voltage_mv": ("BmsPack", "PackVoltage", 1000, 0, 100),
    "current_ma": ("BmsPack", "PackCurrent", 1000, -500, 500),
    "soc_c100": ("BmsPack", "StateOfCharge", 100, 0, 100),
    "temperature_c10": ("BmsLimits", "TemperatureMax", 10, -40, 80),
}
SHOWN = ("voltage_limit_mv", "current_limit_ma", "voltage_mv", "current_ma", "soc_c100",
         "temperature_c10", "allowed", "heating", "alarms", "complete")  # fmt: skip


class Bus(Can):
    def set_filters(self, filters):
        self.filters = filters


class Rig:
    """The driver with a table, and what it fills."""

    def __init__(self, tmp_path, name="scooter", data=None):
        self.database = compiler.load(EXAMPLES / f"{name}.dbc")
        wanted = mapping.read(EXAMPLES / f"{name}.toml")
        table = compiler.compile_table(self.database, wanted)
        (tmp_path / "bms.tbl").write_bytes(data or table.data)
        self.can = Bus()
        self.reading = BmsReading()
        words = read_table(str(tmp_path / "bms.tbl"))
        self.driver = TableCan(self.can, self.reading, words, 84_000, 50_000)

    def hear(self, id, data, ext=None):
        frame = Frame()
        frame.id, frame.ext, frame.len = id, id > 0x7FF if ext is None else ext, len(data)
        frame.data[: len(data)] = data
        return self.driver.on_frame(frame)

    def limits(self, volts=84.0, amps=50.0, permit=1, heating=0):
        values = {"Page": 0, "Alive": 0, "MaxVoltage": volts, "MaxCurrent": amps,
                  "ChargePermit": permit, "Heating": heating}  # fmt: skip
        message = self.database.get_message_by_name("BmsLimits")
        return self.hear(LIMITS, message.encode(values, strict=False))

    def pack(self, soc=55.5, volts=76.5, **flags):
        values = {"PackVoltage": volts, "PackCurrent": -12.5, "StateOfCharge": soc,
                  "CellOverVoltage": 0, "ShortCircuit": 0, "Insulation": 0, **flags}  # fmt: skip
        return self.hear(PACK, self.database.get_message_by_name("BmsPack").encode(values))

    def run(self, ms):
        for _ in range(ms // 10):
            self.reading.age_ms += 10
            self.driver.poll(10)


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path)


# ---- the bits ----


def test_bits_are_those_of_cantools():
    rng = random.Random(25)
    for _ in range(2_000):
        order, length = rng.choice("01"), rng.randint(1, 32)
        if order == "1":
            start = rng.randint(0, 64 - length)
        else:
            top = rng.randint(0, 64 - length)
            start = top // 8 * 8 + 7 - top % 8
        sign = rng.choice("+-")
        text = f'BO_ 1 M: 8 X\n SG_ S : {start}|{length}@{order}{sign} (1,0) [0|0] "" X\n'
        message = cantools.database.load_string(text, "dbc").messages[0]
        where = compiler.place(message.signals[0], "S")
        data = rng.randbytes(8)
        value = raw(data, where)
        assert value == message.decode(data)["S"], text
        written = bytearray(8)
        put(written, where, value)
        assert bytes(written) == message.encode({"S": value}), text
        kept = bytearray(b"\xff" * 8)
        put(kept, where, 0)
        ones = bytearray(8)
        put(ones, where, -1)
        assert bytes(a ^ 255 for a in kept) == bytes(ones)


# ---- the same as cantools ----


def random_frames(count):
    """(id, ext, data): of both messages, of others, short ones, some with likely values."""
    rng = random.Random(4)
    frames = []
    for _ in range(count):
        data = bytearray(rng.randbytes(8))
        id = rng.choice((LIMITS, LIMITS, PACK, PACK, LIMITS + 1, PACK + 1))
        if id == LIMITS and rng.random() < 0.9:
            data[0] = rng.choice((0x00, 0x10, 0x20)) | data[0] & 15
            data[1] &= 0xFE
            data[2] = data[2] & 0xF0 | rng.choice((3, 4, 5, 10, 15))
        elif id == PACK and rng.random() < 0.9:
            data[2] &= 0x1F
            data[5] = data[5] & 1
            data[6], data[7] = rng.randrange(256), data[7] & 0xFC | rng.randrange(3)
        if rng.random() < 0.05:
            data = data[: rng.randrange(8)]
        ext = (id > 0x7FF) if rng.random() < 0.98 else id <= 0x7FF
        frames.append((id, ext, bytes(data)))
    return frames


class Oracle:
    """What the reading must be, by cantools' decoder and the fields' definition."""

    def __init__(self):
        self.database = compiler.load(EXAMPLES / "scooter.dbc")
        self.values = {name: getattr(BmsReading(), name) for name in SHOWN}
        self.refused = 0
        self.parts = set()
        self.denied = True

    def hear(self, id, ext, data):
        if (id, ext) not in ((LIMITS, True), (PACK, False)) or len(data) == 0:
            return False
        message = self.database.get_message_by_frame_id(id)
        page = data[0] >> 4
        least = 8 if id == PACK else {0: 5, 1: 6}.get(page, 9)
        if len(data) < least:
            return False
        raws = message.decode(data + bytes(8 - len(data)), decode_choices=False, scaling=False)
        found = {}
        plausible = True
        for name, (of, signal, times, low, high) in NUMBERS.items():
            if of != message.name or signal not in raws:
                continue
            definition = message.get_signal_by_name(signal)
            physical = raws[signal] * Fraction(str(definition.scale)) + Fraction(
                str(definition.offset)
            )
            plausible = plausible and low <= physical <= high
            found[name] = (physical * times).__floor__()
        if id == LIMITS and page == 0 and raws["ChargePermit"] != 1:
            self.denied, self.values["allowed"] = True, False
        if not plausible:
            self.refused += 1
            return False
        self.values.update(found)
        if id == PACK:
            alarms = (raws["CellOverVoltage"], raws["ShortCircuit"], raws["Insulation"] == 2)
            bits = zip(alarms, (1, 1 << 10, 1 << 17), strict=True)
            self.values["alarms"] = sum(bit for on, bit in bits if on)
        self.parts.add((id, page if id == LIMITS else 0))
        if id == LIMITS and page == 0:
            self.values["heating"] = raws["Heating"] == 1
            self.denied = raws["ChargePermit"] != 1
            self.values["allowed"] = not self.denied
            self.values["complete"] = self.values["complete"] or (PACK, 0) in self.parts
        return True


@pytest.mark.parametrize("interpreter", ["cpython", "micropython32", "micropython"])
def test_random_frames_as_cantools(tmp_path, interpreter):
    launch = [sys.executable] if interpreter == "cpython" else command(interpreter)
    if launch is None:
        pytest.skip(f"no {interpreter} on this machine")
    Rig(tmp_path)
    frames = random_frames(5_000)
    lines = [f"{id:x} {int(ext)} {data.hex() or '00'}\n" for id, ext, data in frames]
    (tmp_path / "frames.txt").write_text("".join(lines))
    path = [str(ROOT)]
    if interpreter == "cpython":
        path.append(str(ROOT / "tools" / "sim" / "shim" / "cpython"))
    code = (
        f"import sys; sys.path[:0] = {path!r}\n"
        "from host_tests.unit.drivers.bms.table_frames import feed\n"
        f"feed({str(tmp_path)!r})"
    )
    done = subprocess.run([*launch, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    said = done.stdout.splitlines()[1:]
    assert len(said) == len(frames)
    oracle = Oracle()
    heard = 0
    for (id, ext, data), line in zip(frames, said, strict=True):
        took = oracle.hear(id, ext, data or b"\0")
        heard += took
        shown = [took, oracle.refused, *(oracle.values[name] for name in SHOWN)]
        assert line == " ".join(map(str, shown)), (hex(id), data.hex())
    assert heard > 1_000 and oracle.refused > 100


# ---- Orion 2, frames of a vehicle ----


def test_orion_frames(tmp_path):
    rig = Rig(tmp_path, "orion2")
    assert {f[0] for f in rig.can.filters} == {0x6B0, 0x6B1, 0x6B3, 0x6B4}
    for id, data in (
        (0x6B0, "00A100486E50005F"),
        (0x6B1, "0015FF929BF300ED"),
        (0x6B3, "0013000000100000"),
        (0x6B4, "05E6000B0A000000"),
    ):
        assert rig.hear(id, bytes.fromhex(data))
    reading = rig.reading
    assert (reading.soc_c100, reading.voltage_mv, reading.current_ma) == (8050, 282_400, 11_000)
    assert (reading.temperature_c10, reading.allowed, reading.complete) == (190, True, True)
    assert (reading.current_limit_ma, reading.voltage_limit_mv) == (1_100, 84_000)
    assert rig.hear(0x6B4, bytes.fromhex("05E2000B0A000000"))  # charger safety relay open
    assert not reading.allowed
    assert not rig.hear(0x6B2, bytes.fromhex("004600859BAA0010"))


# ---- whole or not at all ----


def test_an_implausible_frame_changes_nothing(rig):
    rig.limits()
    rig.pack()
    rig.run(100)
    assert not rig.limits(volts=100.025, amps=10)
    assert (rig.driver.refused, rig.reading.current_limit_ma) == (1, 50_000)
    assert rig.reading.allowed and rig.reading.age_ms == 100


def test_a_ban_is_obeyed_whatever_comes_with_it(rig):
    rig.limits()
    assert rig.reading.allowed
    assert not rig.limits(volts=100.025, permit=0)
    assert not rig.reading.allowed


@pytest.mark.parametrize("permit", [0, 2, 3])
def test_only_the_value_asked_for_permits(rig, permit):
    rig.limits(permit=permit)
    assert (rig.reading.allowed, rig.reading.age_ms) == (False, 0)


def test_alarms_come_and_go(rig):
    rig.pack(ShortCircuit=1, Insulation=2)
    assert rig.reading.alarms == 1 << 10 | 1 << 17
    rig.pack(CellOverVoltage=1, Insulation=1)
    assert rig.reading.alarms == 1


def test_noise_of_others_is_not_heard(rig):
    rig.limits()
    rig.run(100)
    assert not rig.hear(LIMITS, bytes(8), ext=False)
    assert not rig.hear(PACK, bytes(8), ext=True)
    assert not rig.hear(LIMITS, b"")
    assert rig.reading.age_ms == 100


# ---- time ----


def test_what_is_measured_is_forgotten_when_it_stays_away(rig):
    rig.limits()
    rig.pack()
    for _ in range(6):
        rig.limits()
        rig.run(100)
    assert rig.reading.voltage_mv == 76_500
    rig.limits()
    rig.run(100)
    assert (rig.reading.voltage_mv, rig.reading.current_ma, rig.reading.soc_c100) == (-1, 0, -1)
    assert rig.reading.age_ms == 100 and rig.reading.voltage_limit_mv == 84_000


def test_other_messages_do_not_keep_a_permission_alive(rig):
    rig.limits()
    for _ in range(40):
        rig.pack()
        rig.hear(LIMITS, bytes((0x10, 0, 0, 0, 0, 0, 0, 0)))  # another page of the same message
        rig.run(100)
    assert rig.reading.age_ms == 4_000


def test_every_vital_message_must_be_fresh(tmp_path):
    text = """BO_ 1 A: 8 X
 SG_ Permit : 0|1@1+ (1,0) [0|0] "" X
BO_ 2 B: 8 X
 SG_ Amps : 0|8@1+ (1,0) [0|0] "A" X
"""
    database = cantools.database.load_string(text, "dbc")
    wanted = mapping.parse(
        {"read": {"allowed": "A.Permit", "current_limit_ma": "B.Amps"}, "timeouts_ms": {"A": 500}}
    )
    rig = Rig(tmp_path, data=compiler.compile_table(database, wanted).data)
    rig.hear(1, b"\1")
    assert rig.reading.age_ms > 10_000 and not rig.reading.allowed
    rig.hear(2, b"\x20")
    assert (rig.reading.age_ms, rig.reading.allowed) == (0, True)
    for _ in range(10):
        rig.run(100)
        rig.hear(2, b"\x20")
    assert rig.reading.age_ms in range(450, 551)
    rig.hear(1, b"\1")
    assert rig.reading.age_ms == 0
    assert not rig.reading.complete  # it tells no state of charge


def test_another_vehicle_begins_with_nothing(rig):
    rig.limits()
    rig.pack()
    assert rig.reading.allowed and not rig.reading.complete
    rig.limits()
    assert rig.reading.complete
    rig.reading.reset()
    rig.pack()
    assert not rig.reading.allowed and not rig.reading.complete and rig.reading.age_ms > 10_000
    rig.limits()
    assert rig.reading.allowed and rig.reading.complete and rig.reading.age_ms == 0


# ---- what is sent ----


def test_status_is_sent(rig):
    rig.limits()
    rig.driver.report(76_540, 49_960, 0)
    rig.run(1_020)
    sent = rig.can.take()
    assert [id for id, _ in sent] == [601, 601]
    message = rig.database.get_message_by_name("ChargerStatus")
    decoded = message.decode(bytes.fromhex(sent[0][1]))
    assert decoded == pytest.approx(
        {"OutputVoltage": 76.54, "OutputCurrent": 49.9, "Fault": 0, "NothingHeard": 0,
         "Protocol": 2}
    )  # fmt: skip
    rig.driver.report(-1, 900_000_000, 3)
    rig.run(6_000)
    decoded = message.decode(bytes.fromhex(rig.can.take()[-1][1]))
    assert decoded["OutputVoltage"] == 0 and decoded["OutputCurrent"] == 6453.5
    assert decoded["Fault"] == decoded["NothingHeard"] == 1


def test_a_busy_bus_is_tried_again(rig):
    rig.can.free = False
    rig.run(1_000)
    rig.can.free = True
    rig.run(50)
    assert len(rig.can.take()) == 1


# ---- the file ----


@pytest.mark.parametrize("spoil", [
    lambda data: data[:-4], lambda data: b"BMS2" + data[4:], lambda data: b"",
    lambda data: data[:40] + bytes((data[40] ^ 1,)) + data[41:], lambda data: data + bytes(2_000),
])  # fmt: skip
def test_a_spoilt_table_is_refused(tmp_path, spoil):
    rig = Rig(tmp_path)
    del rig
    path = tmp_path / "bms.tbl"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ChargerError, match="bms.tbl is broken"):
        read_table(str(path))


def test_without_a_table_the_charger_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ChargerError, match="bms.tbl is missing"):
        make(Bus(), BmsReading(), None)


def test_unknown_until_heard(rig):
    assert rig.reading.temperature_c10 == UNKNOWN_TEMPERATURE and not rig.driver.refused
