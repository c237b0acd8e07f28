"""TC_004_1_CS: the tag first, then the gun: StartTransaction, Charging."""

from host_tests.scenarios.conformance.states import TAG, authorized, change, started


def test_tag_first(bench) -> None:
    change(bench, MeterValueSampleInterval=5)
    authorized(bench)
    bench.run(5)
    bench.command("plug")
    start = started(bench, TAG)
    sample = bench.expect("MeterValues", within_s=8)
    assert 4_000 <= sample.ms - start.ms <= 7_000
