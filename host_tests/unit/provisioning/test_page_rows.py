"""The page's own rows are those of the large tables, which do not fit beside it."""

import pytest

from firmware import settings
from firmware.board import options
from firmware.provisioning import page

TABLES = {row[0]: row for row in (*settings.FIELDS, *options.fields())}


@pytest.mark.parametrize("row", page.OPTIONS + page.PLAIN + page.SECRET, ids=lambda row: row[0])
def test_a_row_is_as_in_its_table(row):
    wanted = TABLES[row[0]]
    assert (row[0], row[1], *row[3:]) == (wanted[0], wanted[1], *wanted[3:])


def test_secrets_are_known_as_such_and_nothing_else_is():
    secret = {row[0] for row in page.SECRET}
    assert secret <= set(settings.SECRETS)
    assert not secret & {row[0] for row in page.PLAIN}
