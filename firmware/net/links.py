"""Makes the link that settings and hardware options choose. Loaded while the board is built."""

from firmware.errors import ChargerError
from firmware.on_demand import load


def make(
    settings: "Settings", options: "Options", used: list, check_pins: "Callable", log: "Log"
) -> "Link | None":
    """The link, None where no network is known; one that cannot be is told in the log.

    `used` is (GPIO, what it is for) of the board. A charger without a network still charges.
    """
    kind = options.network
    try:
        if kind == "wifi":
            return _wifi(settings, log)
        driver = load("firmware.net.lan" if kind == "lan" else "firmware.net.ppp")
        check_pins(used + driver.pins(options))
        if kind == "lan":
            return driver.make(options, log)
        for _, what in used:
            if what in ("bms_rx", "meter_rx", "power_rx"):
                raise ChargerError("hardware.json: network=ppp: UART 1 is %s's already" % what)
        return driver.make(settings, options, log)
    except (ChargerError, OSError) as error:
        log.error("network", "%s", error)
    return None


def _wifi(settings: "Settings", log: "Log") -> "WiFi | None":
    if not settings.wifi_ssid:
        return None
    import network

    wlan = network.WLAN(network.STA_IF)
    return load("firmware.net.wifi").WiFi(wlan, settings, None, log)
