"""The frames of hardware-protocols.md, both ways, driver and virtual module."""

import struct

import pytest

from host_tests.unit.drivers.power.cases import Alone
from host_tests.unit.drivers.power.vectors import HEARD, REFUSED, SENT
from tools.sim.plant import power_elcon, power_huawei, power_infy, power_maxwell, power_meanwell


@pytest.mark.parametrize(("name", "wanted", "on", "id", "data"), SENT)
def test_it_sends(name, wanted, on, id, data):
    rig = Alone(name)
    if wanted:
        rig.driver.set(*wanted)
    rig.driver.enable(on)
    assert (id, data) in rig.poll(1_500)


@pytest.mark.parametrize(("name", "id", "data", "expected"), HEARD)
def test_it_understands(name, id, data, expected):
    rig = Alone(name)
    rig.reading.output_mv = rig.reading.output_ma = 0
    assert rig.hear(id, data)
    assert {key: getattr(rig.reading, key) for key in expected} == expected
    assert rig.driver.refused == 0


@pytest.mark.parametrize(("name", "id", "data"), REFUSED)
def test_it_believes_nothing(name, id, data):
    rig = Alone(name)
    limits = rig.driver._min_mv, rig.driver._max_mv, rig.driver._max_ma
    rig.hear(*_sane(name))
    before = dict(vars(rig.reading))
    assert not rig.hear(id, data)
    assert vars(rig.reading) == before
    assert (rig.driver._min_mv, rig.driver._max_mv, rig.driver._max_ma) == limits


def _sane(name):
    return next((id, data) for other, id, data, _ in HEARD if other == name)


@pytest.mark.parametrize(("name", "id", "data", "expected"), HEARD)
def test_standard_frames_are_not_its(name, id, data, expected):
    rig = Alone(name)
    before = dict(vars(rig.reading))
    assert not rig.hear(id, data, ext=False)
    assert vars(rig.reading) == before


@pytest.mark.parametrize(("name", "id", "data", "expected"), HEARD)
def test_filters_let_them_through(name, id, data, expected):
    filters = Alone(name).can.filters
    assert any((id ^ wanted) & mask == 0 and ext for wanted, mask, ext in filters)


def test_the_virtual_modules_make_the_same_frames():
    assert power_huawei.value(0x75, 53.445).hex().upper() == "017500000000D5C8"
    assert power_maxwell.number(1, 72.0).hex().upper() == "41F0000142900000"
    assert power_maxwell.whole(0x40, 1 << 22).hex().upper() == "42F0004000400000"
    assert power_meanwell.word(0x60, 8400).hex().upper() == "6000D020"
    assert power_meanwell.read(0x60).hex().upper() == "6000"
    assert power_elcon.status(84.0, 80.0).hex().upper() == "0348032000000000"
    assert power_elcon.status(0, 0, power_elcon.NO_COMMAND).hex().upper() == "0000000010000000"
    assert power_elcon.command(88.0, 45.3, False).hex().upper() == "037001C500000000"
    assert power_infy.frame_id(3, 0, 0xF0) == 0x028300F0
    assert power_infy.frame_id(3, 0xF0, 0) == 0x0283F000
    assert struct.unpack(">HHHH", power_infy.capability(100, 50, 120, 10_000))[:3] == (
        100,
        50,
        1200,
    )
