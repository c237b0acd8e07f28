"""A session that may take no more energy: SuspendedEVSE, without power, until it ends."""

import pytest

from host_tests.unit.charging.plant import Plant


def charging(plant):
    plant.plug().run(1_000)
    assert plant.core.authorize("TAG")
    plant.run(100)
    assert plant.core.start(1)
    return plant.run(10_000)


@pytest.fixture
def held():
    plant = charging(Plant())
    assert plant.power
    plant.core.session.allowed_mwh = plant.core.session.energy_mwh
    return plant.run(3_000)


def test_power_ends_without_load_switching(held):
    assert held.state == "SuspendedEVSE"
    assert not held.power and not held.core.sequence.contactor and not held.core.sequence.module_on
    assert all(abs(ma) < 5_000 for ma in held.opened_at_ma)


def test_it_stays_so(held):
    energy_mwh = held.core.session.energy_mwh
    held.run(120_000)
    assert held.state == "SuspendedEVSE" and held.core.session.open
    assert held.core.session.energy_mwh == energy_mwh


def test_whatever_the_vehicle_wants(held):
    held.bms_allowed = False
    held.run(60_000)  # a pause of the vehicle would have ended it
    assert held.state == "SuspendedEVSE" and held.core.session.open
    held.bms_allowed = True
    held.run(5_000)
    assert held.state == "SuspendedEVSE" and not held.power


def test_a_fault_and_the_gun_end_it(held):
    held.core.e_stop = True
    held.run(1_000)
    assert held.state == "Faulted" and not held.core.session.open


def test_unplugged_it_ends(held):
    held.unplug().run(1_000)
    assert held.core.session.reason == "EVDisconnected"


def test_the_next_session_is_free(held):
    held.core.stop("Local")
    held.run(1_000)
    held.unplug().run(1_000)
    assert charging(held).power


def test_some_energy_may_still_flow():
    plant = charging(Plant())
    session = plant.core.session
    session.allowed_mwh = session.energy_mwh + 20_000
    plant.run(3_000)
    assert plant.power and plant.state == "Charging"
    plant.run(20_000)
    assert plant.state == "SuspendedEVSE" and not plant.power
    assert session.allowed_mwh <= session.energy_mwh <= session.allowed_mwh + 1_000
