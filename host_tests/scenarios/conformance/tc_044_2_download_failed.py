"""TC_044_2_CS: a firmware image that cannot be had: DownloadFailed, and the charger goes on."""

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import charging

_NOW = "2020-01-01T00:00:00Z"


def _order(bench, location: str, **more: object) -> None:
    request = {"location": location, "retrieveDate": _NOW, "retries": 0, **more}
    assert bench.call("UpdateFirmware", request) == {}


def test_nobody_there(bench) -> None:
    _order(bench, "ftp://127.0.0.1:21/download_fail.fwi")
    bench.expect("FirmwareStatusNotification", status="Downloading")
    bench.expect("FirmwareStatusNotification", within_s=60, status="DownloadFailed")
    charging(bench)


def test_no_such_file_and_a_line_that_breaks(bench) -> None:
    for location in ("http://depot.test/none.bin", "ftp://depot.test/none.bin"):
        _order(bench, location)
        bench.expect("FirmwareStatusNotification", within_s=60, status="DownloadFailed")
    bench.files_server.files["/image.bin"] = bytes(5000)
    bench.files_server.cut_after = 3000
    for location in ("http://depot.test/image.bin", "ftp://depot.test/image.bin"):
        _order(bench, location)
        bench.expect("FirmwareStatusNotification", within_s=60, status="DownloadFailed")
    assert "update.bin" not in bench.files.names()
    charging(bench)


def test_the_last_status_is_told_after_a_reconnect(bench) -> None:
    _order(bench, "ftp://127.0.0.1:21/download_fail.fwi", retries=1, retryInterval=30)
    bench.expect("FirmwareStatusNotification", status="Downloading")
    bench.server.online(False)
    bench.run(60)
    bench.server.online(True)
    bench.expect("BootNotification", within_s=120)
    bench.expect("FirmwareStatusNotification", within_s=60, status="DownloadFailed")


def test_an_order_for_later_survives_a_power_cut(bench) -> None:
    request = {"location": "http://depot.test/image.bin", "retrieveDate": "2026-01-21T09:55:00Z"}
    assert bench.call("UpdateFirmware", {**request, "retries": 0}) == {}
    bench.run(3)
    bench.command("power")
    bench.power_on()
    booted(bench)
    bench.expect_none("FirmwareStatusNotification", 60)
    bench.expect("FirmwareStatusNotification", within_s=300, status="DownloadFailed")
    assert "update.json" not in bench.files.names()
