"""`make provision`: tables that are wrong, images, and boards on pseudo terminals."""

import json
import os
from pathlib import Path

import pytest

from host_tests.end_to_end.pty_board import PtyBoard
from tools.image.filesystem import read as image_files
from tools.micropython import command
from tools.provision import __main__ as program
from tools.provision.rows import TableError, check, read
from tools.sim.bench import Bench

BOARDS = """charge_box_id,serial_number,wifi_ssid,wifi_password,csms_url,bms,HeartbeatInterval
DEPOT-1,SN001,Depot Wi-Fi,correct horse,wss://csms.example/ocpp,jbd_uart,30
DEPOT-2,SN002,Depot Wi-Fi,battery staple,wss://csms.example/ocpp,,
"""
SECRETS = ("correct horse", "battery staple")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.deploy.in_use.ANSWER_S", 1)


@pytest.fixture
def table(tmp_path: Path):
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "boards.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def complaints(path: Path) -> list[str]:
    with pytest.raises(TableError) as error:
        read(path)
    return str(error.value).split("\n")


def test_a_good_table_is_read_with_commas_semicolons_and_a_byte_order_mark(table) -> None:
    rows = read(table(BOARDS))
    assert [row.name for row in rows] == ["DEPOT-1", "DEPOT-2"]
    assert rows[0].values["HeartbeatInterval"] == "30" and rows[0].line == 2
    assert "bms" not in rows[1].values  # an empty cell changes nothing
    assert read(table("\ufeff" + BOARDS.replace(",", ";"))) == rows


WRONG = [
    ("", ["line 1: the column charge_box_id is missing"]),
    ("charge_box_id\n", ["there is no row under the head"]),
    (
        "charge_box_id,wifi_pasword,port,port\nA,x,,\n",
        ["line 1: wifi_pasword: no such setting", "line 1: port: twice"],
    ),
    (
        "charge_box_id,wifi_ssid,wifi_password\nA B,x,short1\n\nC,x,long enough,more\nD,,\nD,,\n",
        [
            "line 4: more cells than the head has columns",
            "line 2: charge_box_id: letters, digits and _ - . : only, no blanks",
            "line 2: wifi_password: 8 characters or more wanted",
            "line 6: charge_box_id: the same as in line 5",
        ],
    ),
    (
        "charge_box_id,network,ppp_apn\nA,lan,\nB,ppp,\nC,,\n,wifi,\n",
        [
            "line 2: network: a LAN8720 needs GPIO 25, 26, 27, which this board uses",
            "line 3: ppp_apn: the mobile network's access point name is wanted",
            "line 5: wifi_ssid: the network's name is wanted",
            "line 5: charge_box_id: missing",
        ],
    ),
    (
        "charge_box_id,HeartbeatInterval,max_current_ma,bms\nA,-1,999999,nothing\n",
        [
            "line 2: max_current_ma: 1000 to 100000 wanted, not 999999",
            None,  # the list of all BMS
            "line 2: HeartbeatInterval: the value does not fit, or cannot be set",
        ],
    ),
    ('charge_box_id\n"A\n', ["line 2: unexpected end of data"]),
]


@pytest.mark.parametrize(("text", "wanted"), WRONG)
def test_every_complaint_names_its_line(table, text: str, wanted: list) -> None:
    found = complaints(table(text))
    assert len(found) == len(wanted)
    assert [w or f for w, f in zip(wanted, found, strict=True)] == found
    assert "short1" not in str(found)


def test_what_is_no_text_is_refused(table) -> None:
    assert complaints(table("charge_box_id\nCafé\n", "latin-1")) == [
        "not UTF-8: save it as CSV in UTF-8"
    ]


def test_nothing_is_written_when_one_row_is_bad(table, tmp_path, capsys) -> None:
    path = table(BOARDS + "DEPOT-3,SN001,,,ftp://x,,\n")
    assert program.main([str(path), "--images", str(tmp_path / "images")]) == 1
    said = capsys.readouterr()
    assert "line 4: csms_url" in said.err and "the same as in line 2" in said.err
    assert not (tmp_path / "images").exists()
    assert not any(secret in said.err + said.out for secret in SECRETS)


def test_images_hold_the_values_and_the_charger_takes_them(table, tmp_path, capsys) -> None:
    assert program.main([str(table(BOARDS)), "--images", str(tmp_path / "images")]) == 0
    said = capsys.readouterr().out
    assert "DEPOT-2.img" in said and not any(secret in said for secret in SECRETS)
    values = [
        json.loads(image_files((tmp_path / "images" / f"DEPOT-{n}.img").read_bytes())["/set.json"])
        for n in (1, 2)
    ]
    assert values[0]["wifi_password"] == SECRETS[0] and values[1]["charge_box_id"] == "DEPOT-2"
    assert check(values[1]) == []


@pytest.mark.skipif(
    command("micropython") is None and not os.environ.get("CI"), reason="MicroPython: make setup"
)
def test_boards_get_their_row_in_one_step_and_restart(table, tmp_path, capsys) -> None:
    boards = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        boards.append(PtyBoard(folder, {"/settings.json": b"{}"}, "Available -"))
    lines = BOARDS.splitlines()
    text = f"port,{lines[0]}\n{boards[0].port},{lines[1]}\n{boards[1].port},{lines[2]}\n"
    try:
        assert program.main([str(table(text))]) == 0
        said = capsys.readouterr()
        assert not any(secret in said.out + said.err for secret in SECRETS)
        for number, board in enumerate(boards, 1):
            assert board.was_reset()
            files = board.files()
            assert json.loads(files["/set.json"])["charge_box_id"] == f"DEPOT-{number}"
            assert set(files) == {"/set.json", "/settings.json"}
    finally:
        for board in boards:
            board.unplug()


@pytest.mark.skipif(
    command("micropython") is None and not os.environ.get("CI"), reason="MicroPython: make setup"
)
def test_a_board_that_charges_is_left_alone(table, tmp_path, capsys) -> None:
    row = BOARDS.splitlines()
    with PtyBoard(tmp_path, {"/settings.json": b"{}"}, "Charging 152") as board:
        path = table(f"{row[0]}\n{row[1]}\n")
        assert program.main([str(path), "--port", board.port]) == 1
        said = capsys.readouterr().err
        assert "line 2: DEPOT-1" in said and "0 of 1 boards are done" in said
        assert "/set.json" not in board.files()
        assert program.main([str(path), "--port", board.port, "--force"]) == 0
        assert board.was_reset() and "/set.json" in board.files()


def test_several_boards_without_a_port_want_a_person(table, capsys) -> None:
    assert program.main([str(table(BOARDS)), "--port", "/dev/null"]) == 1
    assert "add the column `port`" in capsys.readouterr().err


def test_a_provisioned_charger_starts_with_its_values(table) -> None:
    row = read(table(BOARDS.replace("wss", "ws")))[0]
    with Bench(on="cpython", settings=row.values) as bench:
        bench.expect("BootNotification", within_s=20, chargePointSerialNumber="SN001")
        assert bench.server.last_path == "/ocpp/DEPOT-1"
