"""Ethernet through a LAN8720 on the chip's own controller (RMII).

Its data pins cannot be chosen: see docs/provisioning.md for what that means on a board.
"""

from firmware.net.link import Link

# The chip's RMII pins; texts of some length, because short ones stay in RAM for ever.
RMII = "19 LAN TXD0,21 LAN TX_EN,22 LAN TXD1,25 LAN RXD0,26 LAN RXD1,27 LAN CRS_DV"


class Lan(Link):
    """`lan` is a `network.LAN`."""

    def __init__(self, lan: "LAN", on_change: "Callable", log: "Log") -> None:
        super().__init__("LAN", on_change, log)
        self._lan = lan

    def is_up(self) -> bool:
        """Has it a cable and an address."""
        return self._lan.isconnected()

    def name_server(self) -> str:
        """Of the four addresses (own, mask, gateway, name server) the last."""
        return self._lan.ifconfig()[3]

    async def connect(self) -> None:
        """Switch it on; DHCP follows by itself. OSError: the LAN8720 does not answer."""
        if not self._lan.active():
            self._lan.active(True)


def pins(options: "Options") -> list:
    """(GPIO, what it is for) of every pin that a LAN8720 takes with these options."""
    found = [(options.lan_mdc_pin, "lan_mdc_pin"), (options.lan_mdio_pin, "lan_mdio_pin")]
    found.append((int(options.lan_clock_pin), "lan_clock_pin"))
    if options.lan_power_pin >= 0:
        found.append((options.lan_power_pin, "lan_power_pin"))
    for pin in RMII.split(","):
        number, _, what = pin.partition(" ")
        found.append((int(number), what))
    return found


def make(options: "Options", log: "Log") -> Lan:
    """The link with the LAN8720 of the options; it is not switched on yet. OSError."""
    import network
    from machine import Pin

    power = Pin(options.lan_power_pin) if options.lan_power_pin >= 0 else None
    clock = int(options.lan_clock_pin)
    wiring = {
        "mdc": Pin(options.lan_mdc_pin),
        "mdio": Pin(options.lan_mdio_pin),
        "power": power,
        "phy_type": network.PHY_LAN8720,
        "phy_addr": options.lan_phy_address,
        "ref_clk": Pin(clock),
        "ref_clk_mode": Pin.OUT if clock else Pin.IN,
    }
    return Lan(network.LAN(0, **wiring), None, log)
