"""`make flash`: the real esptool against a boot loader on a pseudo terminal."""

import fcntl
import json
import os
import pty
import threading
import tty

import pytest

from host_tests.end_to_end.esp32_loader import ESP32_S2, BootLoader
from host_tests.end_to_end.firmware_file import TABLE, firmware_file
from tools.flash import __main__ as program
from tools.flash import partitions
from tools.image.filesystem import read
from tools.image.tree import image_tree


@pytest.fixture
def firmware(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(firmware_file())
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("tools.flash.loader._ATTEMPTS", 1)
    monkeypatch.setattr("tools.deploy.in_use.ANSWER_S", 0.1)


def run(capsys, *words, firmware=None):
    """Exit status and what was said."""
    status = program.main([*map(str, words), *(["--firmware", str(firmware)] if firmware else [])])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def test_a_bare_board_becomes_a_charger(firmware, capsys) -> None:
    with BootLoader() as chip:
        status, shown = run(
            capsys, "--port", chip.port, "--set", "wifi_ssid=yard", firmware=firmware
        )
        assert (status, chip.erased) == (0, True), shown
        content = firmware.read_bytes()
        assert chip.flash[0x1000 : 0x1000 + len(content)] == content
        assert set(chip.flash[:0x1000]) == {0xFF}
        found = read(bytes(chip.flash[0x200000:]))
    assert json.loads(found.pop("/set.json")) == {"wifi_ssid": "yard"}
    assert found == image_tree()
    for text in ("no charger answers", "3c:71:bf:11:22:33, 4 MB", "2,097,152 bytes written and"):
        assert text in shown
    assert "\x1b" not in shown


def test_on_a_larger_module_the_image_is_as_large_as_its_partition(tmp_path, capsys) -> None:
    """MicroPython 1.26 and newer lists no vfs: it takes the rest of the flash."""
    path = tmp_path / "firmware.bin"
    path.write_bytes(firmware_file(TABLE))
    with BootLoader(size_mb=8) as chip:
        status, shown = run(capsys, "--port", chip.port, firmware=path)
        assert status == 0, shown
        assert read(bytes(chip.flash[0x200000:])) == image_tree()


@pytest.mark.parametrize(
    ("loader", "text"),
    [
        ({"chip": ESP32_S2}, "has an ESP32-S2; the charger runs on an ESP32"),
        ({"size_mb": 2}, "the module has 2 MB of flash"),
        ({"bad_byte": 0x1800}, "what was read back is not what was written"),
        ({"bad_byte": 0x200800}, "what was read back is not what was written"),
        ({"deaf": True}, "hold the board's BOOT button"),
    ],
    ids=["wrong chip", "small flash", "bad firmware", "bad image", "silent"],
)
def test_what_goes_wrong_is_told_with_what_to_do(firmware, capsys, loader, text) -> None:
    with BootLoader(**loader) as chip:
        status, shown = run(capsys, "--port", chip.port, firmware=firmware)
    assert status == 1
    assert text in shown and "Traceback" not in shown


def test_a_wrong_chip_and_a_small_flash_are_left_as_they_are(firmware, capsys) -> None:
    for options in ({"chip": ESP32_S2}, {"size_mb": 2}):
        with BootLoader(**options) as chip:
            run(capsys, "--port", chip.port, firmware=firmware)
            assert not chip.erased and set(chip.flash) == {0}


def test_after_the_cable_was_pulled_it_works_the_next_time(firmware, capsys) -> None:
    with BootLoader(dies_after=40_000) as chip:
        status, shown = run(capsys, "--port", chip.port, firmware=firmware)
        assert status == 1 and "has gone while writing. Plug it in again" in shown
        half = bytes(chip.flash)
    with BootLoader() as chip:
        chip.flash[:] = half
        assert run(capsys, "--port", chip.port, firmware=firmware)[0] == 0
        assert read(bytes(chip.flash[0x200000:])) == image_tree()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<html>not found</html>", "this is no ESP32 firmware"),
        (firmware_file(chip=9), "this firmware is for ESP32-S3"),
        (firmware_file(table=()), "no partition table"),
        (firmware_file((*TABLE, (b"vfs", 0xC000, 0x200000))), "reaches to 0xfa60, into the"),
    ],
)
def test_a_file_that_is_no_firmware_for_it_is_refused(tmp_path, capsys, content, text) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(content)
    with BootLoader() as chip:
        status, shown = run(capsys, "--port", chip.port, firmware=path)
        assert (status, chip.erased) == (1, False)
    assert text in shown


def test_the_ota_layout_s_file_system_is_found() -> None:
    ota = ((b"nvs", 0x9000, 0x4000), (b"ota_0", 0x10000, 0x180000), (b"ota_1", 0x190000, 0x180000))
    assert partitions.room(firmware_file(ota), 4 << 20) == (0x310000, 240)


# The port.


def test_no_board_no_such_port_and_several(firmware, capsys, monkeypatch) -> None:
    class Port:
        vid = 0x10C4

        def __init__(self, device):
            self.device = device

        def __lt__(self, other):
            return self.device < other.device

    ports = []
    monkeypatch.setattr("tools.deploy.ports.list_ports.comports", lambda: ports)
    assert "no board found. Plug its USB cable in" in run(capsys, firmware=firmware)[1]
    ports += [Port("/dev/ttyUSB1"), Port("/dev/ttyUSB0")]
    shown = run(capsys, firmware=firmware)[1]
    assert "several boards: /dev/ttyUSB0, /dev/ttyUSB1. Choose one: PORT=" in shown
    shown = run(capsys, "--port", "/dev/ttyUSB9", firmware=firmware)[1]
    assert "/dev/ttyUSB9 is not there. Is the board plugged in? There is /dev/ttyUSB0" in shown


def test_a_port_that_another_program_holds(firmware, capsys) -> None:
    with BootLoader() as chip, open(chip.port, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        status, shown = run(capsys, "--port", chip.port, firmware=firmware)
    assert status == 1 and "is busy: another program" in shown


class Charging:
    """A terminal on which a charger answers the question what it does."""

    def __init__(self, answer):
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.heard = b""
        self._answer = answer
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            while data := os.read(self._master, 100):
                self.heard += data
                os.write(self._master, self._answer)
        except OSError:
            pass

    def close(self):
        os.close(self._slave)
        os.close(self._master)


def test_a_board_that_is_charging_is_left_alone(firmware, capsys, monkeypatch) -> None:
    monkeypatch.setattr("tools.deploy.in_use.ANSWER_S", 5)
    board = Charging(b"noise\r\nrivot: SuspendedEV 152\r\n")
    status, shown = run(capsys, "--port", board.port, firmware=firmware)
    board.close()
    assert status == 1 and "FORCE=1" in shown
    assert "is charging a vehicle (SuspendedEV, transaction 152)" in shown
    assert b"\x03" not in board.heard and len(board.heard) == 1


def test_force_does_not_ask(firmware, capsys) -> None:
    with BootLoader() as chip:
        status, shown = run(capsys, "--force", "--port", chip.port, firmware=firmware)
    assert status == 0 and "not asked whether it charges" in shown
