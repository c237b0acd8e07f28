"""The LAN link: switched on once, told when it comes and goes; its pins against the board's."""

import asyncio

import pytest

from firmware.board.options import Options, check_pins, fields
from firmware.errors import ChargerError
from firmware.net import lan
from firmware.net.links import make
from firmware.settings import defaults
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Log


def options(**chosen):
    return Options({**{row[0]: row[2] for row in fields()}, **chosen})


class Ethernet:
    """A network.LAN with a cable that can be pulled; DHCP takes two seconds."""

    def __init__(self):
        self.cable = True
        self.switched_on = 0
        self.since_s = 0
        self.silent = False  # the LAN8720 does not answer

    def active(self, on=None):
        if on:
            if self.silent:
                raise OSError("init failed")
            self.switched_on += 1
            self.since_s = asyncio.get_running_loop().time()
        return self.switched_on > 0

    def isconnected(self):
        now_s = asyncio.get_running_loop().time()
        return self.switched_on > 0 and self.cable and now_s - self.since_s >= 2


def play(ethernet, seconds, events=()):
    told, log = [], Log()
    link = lan.Lan(ethernet, told.append, log)

    async def run():
        task = asyncio.create_task(link.run())
        for at_s, event in events:
            asyncio.get_running_loop().call_later(at_s, event)
        await asyncio.sleep(seconds)
        task.cancel()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return link, told, log


def test_it_is_switched_on_once_and_comes_up():
    ethernet = Ethernet()
    link, told, log = play(ethernet, 300)
    assert link.up and told == [True]
    assert ethernet.switched_on == 1
    assert [line for _, line in log.lines] == ["joined LAN"]


def test_a_pulled_cable_is_told_and_comes_back_by_itself():
    ethernet = Ethernet()

    def pull():
        ethernet.cable = False

    def plug():
        ethernet.cable = True

    link, told, _ = play(ethernet, 300, [(60.5, pull), (200.5, plug)])
    assert told == [True, False, True] and link.up
    assert ethernet.switched_on == 1


def test_a_chip_that_does_not_answer_is_asked_again_with_growing_pauses():
    ethernet = Ethernet()
    ethernet.silent = True

    def answer():
        ethernet.silent = False

    link, told, log = play(ethernet, 120, [(50, answer)])
    assert told == [True]
    letters = [letter for letter, _ in log.lines]
    assert letters == ["W", "W", "W", "I"]  # at 0, 15 and 45 s


@pytest.mark.parametrize(
    ("used", "named"),
    [
        ([(25, "contactor")], "LAN RXD0: GPIO 25 is contactor's already"),
        ([(18, "the SPI bus")], "lan_mdio_pin: GPIO 18 is the SPI bus's already"),
        ([(22, "the TWAI bus"), (17, "lamp")], "LAN TXD1: GPIO 22 is the TWAI bus's already"),
    ],
)
def test_a_pin_that_the_board_uses_is_refused_with_its_line(used, named):
    log = Log()
    assert make(defaults(), options(network="lan"), used, check_pins, log) is None
    assert [line for letter, line in log.lines if letter == "E"] == [f"hardware.json: {named}"]


def test_a_clock_that_comes_out_of_the_chip_takes_another_pin():
    chosen = dict(lan.pins(options(lan_clock_pin="17", lan_power_pin=5)))
    assert chosen[17] == "lan_clock_pin" and chosen[5] == "lan_power_pin" and 0 not in chosen
    with pytest.raises(ChargerError, match="GPIO 17"):
        check_pins((*lan.pins(options(lan_clock_pin="17")), (17, "lamp")))
