"""A module that knows its own output only: what the core works out for the gun's side."""

import pytest

from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import NAME
from host_tests.unit.charging.plant import Plant


class BlindPlant(Plant):
    """Its module measures inside; `bms_mv` is what the BMS says, `sense_mv` the board's own."""

    bms_mv = -1
    sense_mv = -1

    def _sense(self) -> None:
        super()._sense()
        self.module.senses_gun = False
        self.module.terminal_mv = self.module.terminal_ma = 12_345  # nobody may look at it
        if self.core.gun and self.bms_on:
            self.bms.voltage_mv = self.bms_mv
        self.core.gun_mv = self.sense_mv


def blind(bms_mv: int = -1, sense_mv: int = -1) -> BlindPlant:
    plant = BlindPlant()
    plant.bms_mv, plant.sense_mv = bms_mv, sense_mv
    return plant


@pytest.mark.parametrize(("bms_mv", "sense_mv"), [(76_380, -1), (-1, 76_380), (76_000, 76_380)])
def test_it_charges_with_either_voltage(bms_mv: int, sense_mv: int) -> None:
    plant = blind(bms_mv, sense_mv)
    plant.start().run(10_000)
    assert plant.module.terminal_ma == 90_000 and plant.module.terminal_mv == 76_380
    assert plant.core.session.energy_mwh > 0
    plant.core.stop("Remote")
    plant.run(8_000)
    assert plant.core.sequence.state == "Off" and plant.core.fault() < 0
    assert plant.module.terminal_ma == 0


def test_the_boards_own_sense_comes_first() -> None:
    plant = blind(70_000, 76_380).plug().run(500)
    assert plant.module.terminal_mv == 76_380


def test_without_any_voltage_the_battery_is_not_recognised() -> None:
    plant = blind()
    plant.start().run(6_000)
    assert FAULTS[plant.core.fault()][NAME] == "PrechargeFailed" and plant.closed_at_mv == []


def test_a_silent_bms_says_nothing_of_the_voltage() -> None:
    plant = blind(76_380).plug().run(500)
    plant.bms_on = False
    plant.run(3_500)
    assert plant.module.terminal_mv == 0


def test_a_bms_with_a_wrong_voltage_is_found_out_once_it_is_closed() -> None:
    plant = blind(76_380)
    plant.start().run(10_000)
    plant.bms_mv = 70_000
    plant.run(5_200)
    assert FAULTS[plant.core.fault()][NAME] == "BmsVoltage"
    plant.run(60_000)
    assert plant.core.fault() >= 0, "refused until the gun is pulled"
    plant.unplug().run(2_000)
    assert plant.core.fault() < 0
