"""The virtual chip's ways into a network: Wi-Fi station and access point, LAN, PPP over a modem.

State only: the chip (chip.py) asks, and decides with it which names can be resolved.
"""

_STAT_IDLE, _STAT_CONNECTING, _STAT_NO_AP, _STAT_GOT_IP = 1000, 1001, 201, 1010
_STAT_WRONG_PASSWORD = 202
_JOIN_MS = 300
_LINK_MS = 2000  # a LAN's negotiation and DHCP, PPP's LCP and IPCP
_LONGEST_LINE = 256
SCANNED = ("bench", "Depot Wi-Fi", "Café 2", "bench")  # what a scan finds, strongest first
OFF, ON, CONNECT, DISCONNECT, CONFIGURE = range(5)  # arg of LINK_SET
ACCESS_POINT, LAN, PPP = 1, 2, 3  # unit of LINK and LINK_SET


class Wifi:
    """The air and the station in it. The chip joins again by itself when the air is back."""

    def __init__(self) -> None:
        self.air = True
        self.password: str | None = None  # what the router wants; None: it takes any
        self.clear(0)

    def clear(self, now_ms: float) -> None:
        """The chip is reset: the station is off."""
        self.active = False
        self.wanted = False
        self.key = ""
        self.since_ms = now_ms

    def set_air(self, on: bool, now_ms: float) -> None:
        """Switch the router."""
        self.air = on
        self.since_ms = now_ms

    def join(self, text: str, now_ms: float) -> None:
        """The station is told a network's name and password, on two lines."""
        self.key = text.partition("\n")[2]
        self.wanted = True
        self.since_ms = now_ms

    def status(self, now_ms: float) -> int:
        """network.STAT_*"""
        if not (self.active and self.wanted):
            return _STAT_IDLE
        if not self.air:
            return _STAT_NO_AP
        if now_ms - self.since_ms < _JOIN_MS:
            return _STAT_CONNECTING
        return _STAT_GOT_IP if self.password in (None, self.key) else _STAT_WRONG_PASSWORD

    def shut_out(self) -> bool:
        """Is there a router that does not let the station in."""
        return self.active and self.password not in (None, self.key)


class Wired:
    """A LAN, or PPP once it is told to connect; the same `air` is the far end of its wire."""

    def __init__(self, connects: bool) -> None:
        self._connects = connects
        self.clear(0)

    def clear(self, now_ms: float) -> None:
        """The chip is reset."""
        self.active = False
        self.wanted = not self._connects
        self.since_ms = now_ms
        self.text = ""

    def set(self, what: int, text: str, now_ms: float) -> None:
        """OFF, ON, CONNECT with user and password on two lines, DISCONNECT."""
        if what in (OFF, ON):
            self.active = what == ON
        else:
            self.wanted = what == CONNECT
            self.text = text
        self.since_ms = now_ms

    def up(self, air: bool, now_ms: float) -> bool:
        """Has it an address."""
        return self.active and self.wanted and air and now_ms - self.since_ms >= _LINK_MS


class AccessPoint:
    """Its name and password while it is open."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """The chip is reset."""
        self.active = False
        self.name = self.password = ""

    def set(self, what: int, text: str) -> None:
        """OFF, ON, CONFIGURE with name and password on two lines."""
        if what == CONFIGURE:
            self.name, _, self.password = text.partition("\n")
        else:
            self.active = what == ON


class Modem:
    """A modem on a UART that understands what it takes to dial."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self._line = bytearray()
        self._out = bytearray()
        self.online = False

    def reset(self) -> None:
        """It is switched with the charger's mains, not by a reset of the chip."""
        self._line.clear()
        self._out.clear()
        self.online = False

    def write(self, data: bytes, air: bool) -> None:
        """What the chip sends."""
        if self.online:
            if data != b"+++":
                return
            self.online = False
            self._say("OK")
            return
        for byte in data:
            if byte == 13:
                self._command(self._line.decode("latin-1").strip(), air)
                self._line.clear()
            elif len(self._line) < _LONGEST_LINE:
                self._line.append(byte)

    def _command(self, line: str, air: bool) -> None:
        if not line or line == "+++":
            return
        self.commands.append(line)
        if line.startswith("ATD"):
            self.online = air
            self._say("CONNECT 115200" if air else "NO CARRIER")
        else:
            self._say("OK" if line.startswith("AT") else "ERROR")

    def _say(self, text: str) -> None:
        self._out += f"\r\n{text}\r\n".encode()

    def waiting(self) -> int:
        """Bytes that the chip can read."""
        return len(self._out)

    def read(self, count: int) -> bytes:
        """Take them."""
        data = bytes(self._out[:count])
        del self._out[:count]
        return data
