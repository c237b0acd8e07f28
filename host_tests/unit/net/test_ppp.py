"""The PPP link against a modem and a network.PPP that behave: dialling, refusals, coming back."""

import asyncio

import pytest

from firmware.net.ppp import Modem
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Log
from tools.sim import links


class Uart:
    """Of MicroPython, on the bench's modem; `air` is the mobile network."""

    def __init__(self):
        self.modem = links.Modem()
        self.air = True
        self.broken = False  # no modem at all

    def any(self):
        return self.modem.waiting()

    def readinto(self, buffer):
        data = self.modem.read(len(buffer))
        buffer[: len(data)] = data
        return len(data) or None

    def write(self, data):
        if not self.broken:
            self.modem.write(data, self.air)


class Ppp:
    """network.PPP of MicroPython 1.25 and later; the network knows one password."""

    SEC_NONE, SEC_PAP, SEC_CHAP = 0, 1, 2
    made: list = []

    def __init__(self, uart):
        self.uart = uart
        self.login = None
        self.over = False
        Ppp.made.append(self)

    def connect(self, security=0, user="", key=""):
        self.login = (security, user, key)

    def isconnected(self):
        known = self.login in ((2, "me", "right"), (0, "", ""))
        return known and self.uart.modem.online and self.uart.air and not self.over

    def disconnect(self):
        self.over = True


class OldPpp(Ppp):
    """That of 1.24: other names, and it is switched on first."""

    AUTH_NONE, AUTH_PAP, AUTH_CHAP = 0, 1, 2
    was_on = False

    def __getattribute__(self, name):
        if name.startswith("SEC_"):
            raise AttributeError(name)
        return super().__getattribute__(name)

    def active(self, on):
        self.was_on = on

    def connect(self, authmode=0, username="", password=""):
        assert self.was_on
        self.login = (authmode, username, password)


@pytest.fixture(autouse=True)
def forgotten():
    Ppp.made = []


def play(seconds, uart=None, login=("chap", "me", "right"), events=(), make=Ppp):
    uart = uart or Uart()
    told, log = [], Log()
    link = Modem(uart, make, "internet.example", login, log)
    link.on_change = told.append

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
    assert "right" not in str(log.lines) and "wrong" not in str(log.lines).replace("wrong?", "")
    return link, uart, told, log


@pytest.mark.parametrize("make", [Ppp, OldPpp])
def test_it_dials_and_logs_in(make):
    link, uart, told, _ = play(30, make=make)
    assert link.up and told == [True]
    assert uart.modem.commands == ["ATE0", 'AT+CGDCONT=1,"IP","internet.example"', "ATD*99#"]
    assert len(Ppp.made) == 1


def test_without_a_login():
    link, _, told, _ = play(30, login=("none", "", ""))
    assert link.up and told == [True]


def test_a_line_that_drops_is_dialled_again_out_of_data_mode():
    uart = Uart()

    def lose():
        uart.air = False

    def back():
        uart.air = True

    link, _, told, log = play(400, uart, events=[(60, lose), (120, back)])
    assert told == [True, False, True] and link.up
    assert uart.modem.commands.count("ATD*99#") >= 3  # once without a carrier
    assert any("NO CARRIER" in line for _, line in log.lines)


def test_a_wrong_password_is_tried_with_growing_pauses_and_said():
    link, uart, told, log = play(900, login=("chap", "me", "wrong"))
    assert told == [] and not link.up
    assert 5 <= uart.modem.commands.count("ATD*99#") <= 10
    assert all("no address" in line for _, line in log.lines)


def test_a_modem_that_is_not_there_is_named():
    uart = Uart()
    uart.broken = True
    link, _, told, log = play(60, uart)
    assert not link.up and told == []
    assert [line for _, line in log.lines][0] == ("mobile network: the modem does not answer ATE0")
