"""The table of `make bench` says what was measured, and never more."""

import pytest

from tools import bench
from tools.bench import Row


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (Row("a", "1", "2", True), "ok"),
        (Row("a", "3", "2", False), "over"),
        (Row("a", "3"), ""),
        (Row("a", "no such file", "2", failed=True), "not measured"),
        (Row("a", "no such file", "2", True, failed=True), "not measured"),
    ],
)
def test_the_verdict(row, word):
    assert bench.verdict(row) == word


def test_columns_are_aligned_and_nothing_trails():
    rows = [Row("a long figure", "1 ms", "10 ms", True), Row("b", "100,000 bytes", "", None)]
    assert bench.table(rows).splitlines() == [
        "what           measured       budget",
        "a long figure  1 ms           10 ms   ok",
        "b              100,000 bytes",
    ]


def test_a_failed_measurement_keeps_what_it_had():
    def figures():
        yield Row("first", "1")
        raise RuntimeError("the firmware is dead\nand a long tail")

    rows = list(bench.measured("heap", figures))
    assert rows == [Row("first", "1"), Row("heap", "the firmware is dead", failed=True)]


def test_an_error_without_text_has_its_name():
    assert bench.first_line(TimeoutError()) == "TimeoutError"


def test_sizes_are_read_by_people():
    assert bench.size(60_000) == "60,000 bytes"
