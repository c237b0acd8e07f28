"""The table of certification cases: each has a scenario or a reason, and never both."""

import pytest

from tools import conformance_cases as cases


def scenario(folder, name: str, first: str) -> None:
    (folder / name).write_text(f'"""{first}"""\n')


@pytest.fixture
def full(tmp_path):
    """A folder with a scenario for each case that wants one."""
    for group in cases.CASES.values():
        for case in group:
            if case not in cases.WITHOUT:
                scenario(tmp_path, f"{case.lower()}_words.py", f"{case}_CS: what it shows.")
    return tmp_path


def test_every_case_has_a_row_in_order(full):
    every = [row for rows in cases.rows(full).values() for row in rows]
    assert len(every) == len({row.id for row in every}) == 102
    assert all(bool(row.scenario) != bool(row.why) for row in every)
    assert {row.result for row in every} == {cases.PASSES, cases.NOT_APPLICABLE, cases.LATER}


def test_a_case_with_neither(full):
    (full / "tc_003_words.py").unlink()
    with pytest.raises(cases.CaseError, match="neither scenario nor reason: .'TC_003'"):
        cases.rows(full)


def test_a_case_with_both(full):
    scenario(full, "tc_024_words.py", "TC_024_CS: the lock fails.")
    with pytest.raises(cases.CaseError, match="scenario and reason: .'TC_024'"):
        cases.rows(full)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("tc_003_again.py", "TC_003_CS: twice."),
        ("tc_900_words.py", "TC_900_CS: no such case."),
        ("tc_003_other.py", "TC_010_CS: the name and the case differ."),
        ("tc_003_none.py", "What it shows."),
    ],
)
def test_a_file_that_names_no_case_of_its_own(full, name, first):
    scenario(full, name, first)
    with pytest.raises(cases.CaseError):
        cases.rows(full)
