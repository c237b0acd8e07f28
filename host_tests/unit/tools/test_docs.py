"""The generated pages hold every setting and every state, and are up to date."""

from firmware import settings
from firmware.charging import connector, faults, sequence
from firmware.ocpp import key_table
from tools import docs, key_meanings


def test_every_setting_has_a_row_with_a_meaning():
    page = docs.pages()[docs.ROOT / "docs" / "settings.md"]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [row[0].strip("| `") for row in rows] == [field[0] for field in settings.FIELDS]
    assert all(row[4].strip("| ") for row in rows), "a setting has no comment behind it"


def test_the_states_page_holds_the_whole_tables():
    page = docs.states_page()
    rows = {line.split(" | ")[0].strip("| "): line for line in page.splitlines()}
    assert set(connector.EVENTS) <= set(rows)
    assert set(sequence.SEQUENCE_EVENTS) <= set(rows)
    assert rows["cleared"].count("·") == len(connector.STATES) - 1


def test_the_faults_page_has_a_whole_row_for_each_fault():
    lines = [line for line in docs.faults_page().splitlines() if line.startswith("| `")]
    cells = [[cell.strip("| `") for cell in line.split(" | ")] for line in lines]
    assert [row[0] for row in cells] == [row[0] for row in faults.FAULTS]
    assert all(len(row) == 8 and all(row) for row in cells)


def test_every_configuration_key_has_a_row_with_a_meaning():
    lines = [line for line in docs.keys_page().splitlines() if line.startswith("| `")]
    cells = {line.split(" | ")[0].strip("| `"): line.split(" | ") for line in lines}
    assert list(cells) == [row[0] for row in key_table.rows()]
    assert all(row[-1].strip("| ") for row in cells.values()), "tools/key_meanings.py lacks a key"
    assert set(key_meanings.MEANINGS) == set(cells), "the meaning of a key that is no more"
    assert [c.strip("| ") for c in cells["ConnectionTimeOut"][1:6]] == [
        *("read, write", "int", "`60`", "1 to 86400", "s")
    ]
    assert cells["NumberOfConnectors"][4].strip() == ""


def test_check_tells_a_stale_page_and_writes_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    pages = {tmp_path / "docs" / "a.md": "new\n"}
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "pages", lambda: dict(pages))
    monkeypatch.setattr(docs, "conformance_page", lambda: "cases\n")
    assert docs.main(["--check"]) == 1
    assert "docs/a.md is not up to date: make docs" in capsys.readouterr().out
    assert not (tmp_path / "docs" / "a.md").exists()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
