"""Sessions of the page: who gets one, when it ends, when nobody may try any more."""

import asyncio

import pytest

from firmware.storage.password import stored
from firmware.web import access
from firmware.web.visit import refuse

PASSWORD = "open sesame"
TOKEN = "for-prometheus"
HALF_AN_HOUR_S = 1800
FIVE_MINUTES_S = 300


class Clock:
    now_s = 100

    def uptime_s(self) -> int:
        return self.now_s


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, tag: str, text: str, *more: object) -> None:
        self.lines.append(f"{tag} {text % more}")

    warn = info


class Settings:
    web_password = stored(PASSWORD)
    web_token = TOKEN


class Charger:
    def __init__(self) -> None:
        self.clock, self.log, self.settings = Clock(), Log(), Settings()


class Code:
    refuse = staticmethod(refuse)


class Door:
    refused = 0


class Listener:
    """What access.py sees of it."""

    checking = False

    def __init__(self) -> None:
        self.charger = Charger()
        self.door = Door()
        self.code = Code()
        self.kept: list = [[], 0, 0]


@pytest.fixture
def web(monkeypatch) -> Listener:
    async def at_once(_ms: int) -> None:
        pass

    monkeypatch.setattr(access.asyncio, "sleep_ms", at_once, raising=False)
    return Listener()


def fields(**given: str):
    return lambda name: given.get(name.decode().replace("-", "_"), "").encode()


def log_in(web: Listener, password: str = PASSWORD) -> tuple:
    body = b'{"password": "%s"}' % password.encode()
    told = access.answer(web, "l", fields(), body)
    return told if isinstance(told, tuple) else asyncio.run(told)


def cookie(web: Listener) -> str:
    status, head, _ = log_in(web)
    assert status == 200 and "HttpOnly; SameSite=Strict" in head
    return head.split("Set-Cookie: ")[1].split(";")[0]


def seen(web: Listener, with_cookie: str) -> bool:
    return access.allowed(web, fields(cookie=with_cookie), False)


def test_a_session_ends_half_an_hour_after_the_last_request(web) -> None:
    mine = cookie(web)
    web.charger.clock.now_s += HALF_AN_HOUR_S - 1
    assert seen(web, mine)
    web.charger.clock.now_s += HALF_AN_HOUR_S - 1
    assert seen(web, mine)
    web.charger.clock.now_s += HALF_AN_HOUR_S
    assert not seen(web, mine) and not seen(web, mine)


def test_a_cookie_that_was_logged_out_or_made_up_is_worth_nothing(web) -> None:
    mine, other = cookie(web), cookie(web)
    access.answer(web, "o", fields(cookie=mine), b"")
    assert not seen(web, mine) and seen(web, other)
    for made_up in ("", "rivot=", "rivot=" + "0" * 32, other[:-1], other + "0"):
        assert not seen(web, made_up)


def test_only_three_sessions_the_oldest_goes(web) -> None:
    cookies = [cookie(web) for _ in range(4)]
    assert [seen(web, one) for one in cookies] == [False, True, True, True]


def test_five_wrong_passwords_lock_for_five_minutes(web) -> None:
    for number in range(5):
        assert log_in(web, f"guess {number}")[0] == 401
    assert log_in(web)[0] == 429
    web.charger.clock.now_s += FIVE_MINUTES_S
    assert log_in(web)[0] == 200
    assert web.door.refused == 6
    assert not [line for line in web.charger.log.lines if "guess" in line or PASSWORD in line]


def test_a_right_password_forgets_the_wrong_ones(web) -> None:
    for _ in range(2):
        for number in range(4):
            assert log_in(web, f"guess {number}")[0] == 401
        assert log_in(web)[0] == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"password": 1}', b"\xff"])
def test_what_is_no_password_is_a_wrong_one(web, body) -> None:
    assert asyncio.run(access.answer(web, "l", fields(), body))[0] == 401


def test_a_second_password_is_not_checked_beside_the_first(web) -> None:
    web.checking = True
    assert log_in(web)[0] == 429


def test_the_token_is_for_figures_only(web) -> None:
    bearer = fields(authorization="Bearer " + TOKEN)
    assert access.allowed(web, bearer, True) and not access.allowed(web, bearer, False)
    assert not access.allowed(web, fields(authorization="Bearer "), True)
    web.charger.settings.web_token = ""
    assert not access.allowed(web, fields(authorization="Bearer "), True)


def test_without_a_password_nobody_logs_in(web) -> None:
    web.charger.settings.web_password = ""
    assert log_in(web, "")[0] == 403
