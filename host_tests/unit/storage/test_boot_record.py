"""The record of starts: crashes and dips in a row are trouble, ordered restarts are not."""

import pytest

from firmware.storage import boot_record
from firmware.storage.boot_record import BROWN_OUTS, CRASHES, HARD_RESET, PWRON_RESET, WDT_RESET

SOFT_RESET = 5


class Rtc:
    """The memory of an RTC, as MicroPython hands it out."""

    def __init__(self, kept=b""):
        self.kept = kept

    def memory(self, data=None):
        if data is None:
            return self.kept
        self.kept = bytes(data)
        return None


def starts(rtc, *causes):
    return [boot_record.look(rtc, cause) for cause in causes]


def test_a_first_start_is_none():
    assert starts(Rtc(), PWRON_RESET) == [0]


@pytest.mark.parametrize("cause", [HARD_RESET, WDT_RESET])
def test_the_third_crash_in_a_row_is_trouble_and_stays_it(cause):
    assert starts(Rtc(), PWRON_RESET, cause, cause, cause, cause) == [0, 0, 0, CRASHES, CRASHES]


def test_watchdog_and_crash_count_alike():
    assert starts(Rtc(), PWRON_RESET, WDT_RESET, HARD_RESET, WDT_RESET)[-1] == CRASHES


def test_power_that_comes_back_with_the_record_still_there_is_a_dip():
    assert starts(Rtc(), *[PWRON_RESET] * 4) == [0, 0, 0, BROWN_OUTS]


def test_a_real_power_cut_forgets_everything():
    rtc = Rtc()
    starts(rtc, PWRON_RESET, WDT_RESET, WDT_RESET)
    rtc.kept = bytes(8)
    assert starts(rtc, PWRON_RESET, WDT_RESET, WDT_RESET) == [0, 0, 0]


def test_a_wanted_restart_does_not_count_and_does_not_excuse():
    rtc = Rtc()
    starts(rtc, PWRON_RESET, WDT_RESET, WDT_RESET)
    for _ in range(5):
        boot_record.wanted(rtc)
        assert starts(rtc, HARD_RESET) == [0]
    assert starts(rtc, WDT_RESET) == [CRASHES]
    boot_record.wanted(rtc)
    assert starts(rtc, HARD_RESET) == [CRASHES]  # a Reset is no repair


def test_a_soft_reset_is_people_at_the_console():
    assert starts(Rtc(), PWRON_RESET, *[SOFT_RESET] * 5) == [0] * 6


def test_what_is_forgotten_begins_anew():
    rtc = Rtc()
    starts(rtc, PWRON_RESET, WDT_RESET, WDT_RESET)
    boot_record.forget(rtc)
    assert starts(rtc, WDT_RESET, WDT_RESET, WDT_RESET) == [0, 0, CRASHES]


def test_hundreds_of_crashes_still_fit():
    assert starts(Rtc(), PWRON_RESET, *[WDT_RESET] * 600)[-1] == CRASHES


@pytest.mark.parametrize("at", range(8))
def test_any_spoilt_byte_is_a_record_that_is_not_there(at):
    rtc = Rtc()
    starts(rtc, PWRON_RESET, WDT_RESET, WDT_RESET, WDT_RESET)
    spoilt = bytearray(rtc.kept)
    spoilt[at] ^= 0x40
    rtc.kept = bytes(spoilt)
    assert starts(rtc, WDT_RESET) == [0]


def test_the_memory_behind_it_is_others():
    rtc = Rtc(bytes(8) + b"last words")
    starts(rtc, PWRON_RESET, WDT_RESET)
    boot_record.wanted(rtc)
    boot_record.forget(rtc)
    assert rtc.kept[8:] == b"last words"
