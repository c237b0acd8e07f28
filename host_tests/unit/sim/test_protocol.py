"""The wire: numbers of both ends, cutting the stream into requests."""

import re
from pathlib import Path

import pytest

from tools.sim import chip, protocol
from tools.sim.chip import Chip, Requests, ResetRequested
from tools.sim.protocol import REPLY, REQUEST, Op

from .stand_in import StandIn

SHIM = Path(protocol.__file__).parent / "shim"


def test_shim_uses_known_operations_only():
    known = {int(op) for op in Op}
    found = set()
    for path in SHIM.glob("*.py"):
        found |= {int(n, 16) for n in re.findall(r"ask\((0x[0-9A-Fa-f]+)", path.read_text())}
    assert found and found <= known
    assert int(Op.PIN_READ) in found and int(Op.RTC_WRITE) in found


def test_every_operation_is_carried_out_by_the_chip_or_the_clock():
    virtual_only = {"ADVANCE"}
    missing = {op.name for op in Op if not hasattr(Chip, f"_{op.name.lower()}")}
    assert missing == virtual_only


@pytest.mark.parametrize("size", [1, 5, 12, 13, 1000])
def test_requests_are_cut_whatever_the_pieces(size):
    stream = REQUEST.pack(Op.PIN_READ, 33, 0, 0, 0)
    stream += REQUEST.pack(Op.UART_WRITE, 2, 5, -1, 0xFFFFFFFF) + b"hello"
    stream += REQUEST.pack(Op.WDT_FEED, 0, 0, 0, 0)
    requests, got = Requests(), []
    for start in range(0, len(stream), size):
        requests.feed(stream[start : start + size])
        while request := requests.next():
            got.append(request)
    assert got == [
        (Op.PIN_READ, 33, 0, 0, b""),
        (Op.UART_WRITE, 2, -1, 0xFFFFFFFF, b"hello"),
        (Op.WDT_FEED, 0, 0, 0, b""),
    ]


def make_chip(resolve=lambda host, port: 1234):
    hardware = StandIn()
    return Chip(hardware, None, resolve), hardware


def value(reply: bytes) -> tuple[int, int, bytes]:
    status, _, length, number = REPLY.unpack_from(reply)
    assert len(reply) == REPLY.size + length
    return status, number, reply[REPLY.size :]


def test_an_error_of_a_posted_access_comes_with_the_next_reply_once():
    chip, _ = make_chip()
    assert chip.handle(Op.PIN_WRITE, 77, 1, 0, b"") is None
    assert chip.handle(Op.PIN_WRITE, 25, 1, 0, b"") is None
    status, _, text = value(chip.handle(Op.PIN_READ, 25, 0, 0, b""))
    assert status == protocol.FAULT and b"no pin 77" in text
    assert value(chip.handle(Op.PIN_READ, 25, 0, 0, b"")) == (protocol.OK, 1, b"")


def test_unknown_operations_fail():
    chip, _ = make_chip()
    assert value(chip.handle(0x7F, 0, 0, 0, b""))[0] == protocol.FAULT


def test_the_rtc_survives_a_reset_and_not_a_power_cut():
    chip, hardware = make_chip()
    start = 946_684_800
    assert value(chip.handle(Op.RTC_READ, 0, 0, 0, b""))[1] == start
    chip.handle(Op.RTC_WRITE, 0, 0, 1_768_989_000, b"")
    chip.handle(Op.RTC_MEMORY_WRITE, 0, 0, 0, b"last words")
    hardware.now_ms = 5000
    chip.reset(protocol_cause := 2)
    assert value(chip.handle(Op.RESET_CAUSE, 0, 0, 0, b""))[1] == protocol_cause
    assert value(chip.handle(Op.RTC_READ, 0, 0, 0, b""))[1] == 1_768_989_005
    assert value(chip.handle(Op.RTC_MEMORY_READ, 0, 0, 0, b""))[2] == b"last words"
    chip.power_on()
    assert value(chip.handle(Op.RTC_READ, 0, 0, 0, b""))[1] == start
    assert value(chip.handle(Op.RTC_MEMORY_READ, 0, 0, 0, b""))[2] == b""


def test_the_watchdog_is_due_after_its_last_feed_and_gone_after_a_reset():
    chip_, hardware = make_chip()
    assert chip_.watchdog_due_ms() is None
    chip_.handle(Op.WDT_START, 0, 3000, 0, b"")
    hardware.now_ms = 1000
    chip_.handle(Op.WDT_FEED, 0, 0, 0, b"")
    assert chip_.watchdog_due_ms() == 4000
    chip_.reset(chip.WDT_RESET)
    assert chip_.watchdog_due_ms() is None and hardware.released == 1


def test_wifi_joins_after_a_while_and_follows_the_air():
    chip, hardware = make_chip()
    status = lambda: value(chip.handle(Op.WLAN, 1, 0, 0, b""))[1]  # noqa: E731
    assert status() == 1000
    chip.handle(Op.WLAN_SET, 0, 1, 0, b"")
    chip.handle(Op.WLAN_SET, 1, 0, 0, b"")
    assert status() == 1001
    hardware.now_ms = 400
    assert status() == 1010
    chip.wifi.set_air(False, hardware.now_ms)
    assert status() == 201
    failed = value(chip.handle(Op.RESOLVE, 0, 0, 0, b"host 9000"))
    assert failed[:2] == (protocol.OS_ERROR, 2)
    chip.wifi.set_air(True, hardware.now_ms)
    assert value(chip.handle(Op.RESOLVE, 0, 0, 0, b"host 9000"))[1] == 1234


def test_reset_is_for_the_runner():
    chip, _ = make_chip()
    with pytest.raises(ResetRequested):
        chip.handle(Op.RESET, 0, 0, 0, b"")
