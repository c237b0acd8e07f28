"""Charging profiles on the whole charger: the current follows, and a limit survives a reboot."""

from host_tests.scenarios.conformance.smart import composite, profile, set_profile
from host_tests.scenarios.conformance.states import power_cycle, rebooted, seconds, utc
from host_tests.scenarios.steps import amps, charging, expect_status, plug, remote_start

FULL_A = 20  # more than any limit of these profiles


def at_full_current(bench) -> None:
    charging(bench)
    bench.run_until(lambda: amps(bench) > FULL_A, 30, "full current")


def test_current_follows_each_boundary_within_a_second(bench) -> None:
    at_full_current(bench)
    limits = profile(bench, 1, "TxDefaultProfile", "A", (0, 16), (10, 6.5), (20, 12), (30, 0))
    set_profile(bench, limits)
    begun = seconds(limits["chargingSchedule"]["startSchedule"])
    bench.run(1)
    for end_s, limit in ((10, 16), (20, 6.5), (30, 12)):
        while seconds(utc(bench)) < begun + end_s - 1:
            assert limit - 0.5 < amps(bench) <= limit, (end_s, amps(bench))
            bench.run(0.5)
        bench.run(begun + end_s + 1.2 - seconds(utc(bench)))
    expect_status(bench, "SuspendedEVSE")
    bench.run(1)
    assert amps(bench) == 0
    set_profile(bench, profile(bench, 1, "TxDefaultProfile", "A", (0, 8)))
    expect_status(bench, "Charging")
    bench.run_until(lambda: 7 < amps(bench) <= 8, 10, "current again")


def test_watts_by_the_voltage_of_the_battery(bench) -> None:
    at_full_current(bench)
    set_profile(bench, profile(bench, 1, "TxDefaultProfile", "W", (0, 2)))  # 1,000 W
    bench.run(1.1)
    plant = bench.hardware.plant_state()
    assert 970 < plant["amps"] * plant["volts"] <= 1000


def test_a_limit_survives_a_power_cut(bench) -> None:
    set_profile(bench, profile(bench, 1, "ChargePointMaxProfile", "A", (0, 9)), connector=0)
    power_cycle(bench)
    rebooted(bench)
    assert composite(bench, 60, "A")[1] == [(0, 9)]
    plug(bench)
    remote_start(bench)
    bench.run_until(lambda: amps(bench) > 8, 30, "current")
    bench.run(5)
    assert amps(bench) <= 9


def test_as_many_profiles_and_periods_as_the_keys_say(bench) -> None:
    for number in range(10):
        steps = [(at * 600 + number * 30, 6 + (at + number) % 7) for at in range(1, 16)]
        limits = profile(
            bench, number, "TxDefaultProfile", "A", (0, 20 - number), *steps, stack=number,
            duration=14_400 - 1000 * number,
        )  # fmt: skip
        set_profile(bench, limits)
    start, periods = composite(bench, 14_000, "A")
    assert len(periods) > 15 and periods[0] == (0, 11)
