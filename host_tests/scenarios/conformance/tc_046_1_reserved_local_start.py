"""TC_046_1_CS: a reserved connector starts for the reserved tag only."""

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    TAG,
    authorized,
    nothing,
    offline,
    present,
    reserved,
    started,
)

SILENT = ("StartTransaction", "StatusNotification")


def test_the_reserved_tag_starts_and_no_other(bench) -> None:
    reserved(bench, number=7)
    present(bench, OTHER_TAG)
    nothing(bench, 5, SILENT)
    authorized(bench, TAG)
    bench.command("plug")
    started(bench, TAG, reservationId=7)


def test_the_other_tag_starts_nothing_with_the_gun_in_either(bench) -> None:
    reserved(bench)
    bench.command("plug")
    bench.run(5)
    present(bench, OTHER_TAG)
    nothing(bench, 5, SILENT)
    plant = bench.hardware.plant_state()
    assert not plant["module_on"] and not plant["contactor"]
    assert bench.state()["connector"] == "Reserved"


def test_offline_the_rule_is_the_same(bench) -> None:
    reserved(bench, number=8)
    offline(bench)
    bench.command("plug")
    present(bench, OTHER_TAG)
    bench.run(5)
    assert bench.state()["connector"] == "Reserved"
    present(bench, TAG)
    bench.run(5)
    assert bench.state()["connector"] == "Charging"
    bench.server.online(True)
    bench.expect("StartTransaction", within_s=150, idTag=TAG, reservationId=8)
