"""TC_044_1_CS: firmware is downloaded and installed; the charger starts with it."""

import pytest

from host_tests.scenarios.steps import charging
from host_tests.scenarios.updates import order, signed, slot, told, whole, with_key

# CPython runs the sources: there are no slots to install into.
SLOTS_ON = ("micropython", "micropython32")
pytestmark = pytest.mark.parametrize("interpreter", SLOTS_ON, indirect=True)


def test_download_and_install(start) -> None:
    bench = with_key(start(power=False))
    bench.power_on()
    bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
    order(bench, signed(whole()))
    told(bench, "Downloading", "Downloaded", "Installing")
    bench.expect("BootNotification", within_s=60)
    bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
    told(bench, "Installed")
    assert slot(bench) == "b"
    charging(bench)
