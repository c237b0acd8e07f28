"""TC_044_3_CS: an invalid firmware image: InstallationFailed, and the charger goes on."""

import pytest

from host_tests.scenarios.steps import charging, remote_stop


@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_invalid_image(bench, scheme: str) -> None:
    bench.files_server.files["/image.bin"] = bytes(range(256)) * 40
    request = {"location": f"{scheme}://depot.test/image.bin", "retries": 0}
    request["retrieveDate"] = "2020-01-01T00:00:00Z"
    assert bench.call("UpdateFirmware", request) == {}
    for status in ("Downloading", "Downloaded", "Installing", "InstallationFailed"):
        bench.expect("FirmwareStatusNotification", within_s=60, status=status)
    assert not {"update.bin", "update.json"} & set(bench.files.names())
    charging(bench)


def test_never_during_a_session(bench) -> None:
    bench.files_server.files["/image.bin"] = bytes(3000)
    charging(bench)
    request = {"location": "http://depot.test/image.bin", "retries": 0}
    bench.call("UpdateFirmware", {**request, "retrieveDate": "2020-01-01T00:00:00Z"})
    bench.expect_none("FirmwareStatusNotification", 60)
    remote_stop(bench)
    bench.expect("FirmwareStatusNotification", within_s=60, status="InstallationFailed")
