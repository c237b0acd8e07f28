"""fields.txt, as read on the chip, has the rows of the tables."""

from firmware import settings, values
from firmware.board import options
from firmware.ocpp import key_table
from tools import fields as maker


def test_settings_and_options_are_those_of_the_tables() -> None:
    maker.make()
    wanted = [(*row, int(row[0] in settings.SECRETS)) for row in settings.FIELDS]
    assert list(values.rows("S")) == wanted
    assert [row[:5] for row in values.rows("H")] == list(options.fields())


def test_keys_tell_default_and_secret() -> None:
    maker.make()
    names = [line.split()[0] for piece in key_table.TABLE for line in piece.strip().split("\n")]
    assert [row[0] for row in values.rows("K")] == names
    assert values.row("K", "AuthorizationKey") == ("AuthorizationKey", ("",), "", 0, 0, 1)
    assert values.row("K", "HeartbeatInterval")[2] == "60"
    assert values.row("S", "HeartbeatInterval") is None


def test_the_file_is_always_the_same() -> None:
    maker.make()
    assert (maker.ROOT / maker.RESULT).read_text() == maker.text()
