"""TC_004_2_CS: a tag without a gun is forgotten after ConnectionTimeOut."""

from host_tests.scenarios.conformance.states import (
    authorized,
    change,
    expect_status,
    nothing,
)

TIME_OUT_S = 15


def test_no_gun_comes(bench) -> None:
    change(bench, ConnectionTimeOut=TIME_OUT_S)
    place = len(bench.log)
    authorized(bench)
    preparing = next(e for e in bench.log[place:] if e.kind == "StatusNotification")
    free = expect_status(bench, "Available", within_s=TIME_OUT_S + 5)
    assert TIME_OUT_S * 1000 - 1000 <= free.ms - preparing.ms <= TIME_OUT_S * 1000 + 2000
    bench.command("plug")  # too late: it gives no session
    expect_status(bench, "Preparing")
    nothing(bench, 10, ["StartTransaction"])
