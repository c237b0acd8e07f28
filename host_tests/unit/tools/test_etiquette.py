"""The scripted central system notices what strict ones drop the line for."""

import pytest

from tools.sim.etiquette import Etiquette
from tools.sim.script import SchemaError

LINE = "line"


class Watch:
    """A clock, and the etiquette by it."""

    def __init__(self):
        self.ms = 0.0
        self.rules = Etiquette(lambda: self.ms)


@pytest.fixture
def watch():
    watch = Watch()
    watch.rules.asked(LINE, '[2,"a","Reset",{}]')
    watch.rules.wanted(LINE, "a")
    return watch


def test_an_answer_in_time_once(watch):
    watch.ms = 30_000
    watch.rules.replied(LINE, [3, "a", {}])
    watch.rules.overdue([LINE])
    with pytest.raises(SchemaError, match="came before"):
        watch.rules.replied(LINE, [3, "a", {}])


def test_a_late_answer_and_none(watch):
    watch.ms = 30_001
    with pytest.raises(SchemaError, match="no answer"):
        watch.rules.overdue([LINE])
    with pytest.raises(SchemaError, match="30.0 s"):
        watch.rules.replied(LINE, [3, "a", {}])


def test_an_answer_on_another_line(watch):
    with pytest.raises(SchemaError, match="nobody asked"):
        watch.rules.replied("other", [3, "a", {}])
    watch.rules.gone(LINE)
    with pytest.raises(SchemaError, match="nobody asked"):
        watch.rules.replied(LINE, [3, "a", {}])


def test_error_codes_are_those_of_the_list(watch):
    with pytest.raises(SchemaError, match="no CALLERROR"):
        watch.rules.replied(LINE, [4, "a", "OccurrenceConstraintViolation", "", {}])


def test_a_call_at_a_time(watch):
    watch.rules.called(LINE, "1")
    watch.ms = 20_000
    with pytest.raises(SchemaError, match="before the answer"):
        watch.rules.called(LINE, "2")
    watch.rules.answered(LINE, "1")
    watch.rules.called(LINE, "3")
    watch.ms = 50_000
    watch.rules.called(LINE, "4")  # 3 has timed out
    with pytest.raises(SchemaError, match="used before"):
        watch.rules.called("other", "1")
