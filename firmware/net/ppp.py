"""A mobile network through a modem on a UART: dials, then PPP with PAP or CHAP.

What the modem is told is 3GPP TS 27.007: the context with the access point name, then `ATD*99#`.
"""

import asyncio

from micropython import const

from firmware.errors import ChargerError
from firmware.net.link import Link

_STEP_MS = const(100)
_GUARD_MS = const(1100)  # silence before and after `+++` (V.250: a second)
_LONGEST_ANSWER = const(200)
_ANSWER_S = const(5)
_DIAL_S = const(60)
_PPP_S = const(30)
_REFUSALS = (b"ERROR", b"NO CARRIER", b"BUSY", b"NO DIALTONE", b"NO ANSWER")


class ModemError(ChargerError):
    """The modem says no, or nothing; the text says to what."""


class Modem(Link):
    """`make_ppp(uart)` is `network.PPP`; `login` is (none, pap or chap, user, password)."""

    def __init__(
        self, uart: "UART", make_ppp: "Callable", apn: str, login: tuple, log: "Log"
    ) -> None:
        super().__init__("mobile network", None, log)
        self._uart = uart
        self._make_ppp = make_ppp
        self._apn = apn
        self._login = login
        self._ppp = None

    def is_up(self) -> bool:
        """Has it an address."""
        return bool(self._ppp) and self._ppp.isconnected()

    async def connect(self) -> None:
        """Dial and wait for an address. ModemError, OSError."""
        if self._ppp:  # the line may still be in data mode
            self._ppp.disconnect()
            self._ppp = None
            await asyncio.sleep_ms(_GUARD_MS)
            self._uart.write(b"+++")
            await asyncio.sleep_ms(_GUARD_MS)
        await self._ask(b"ATE0", b"OK", _ANSWER_S)
        if self._apn:
            command = 'AT+CGDCONT=1,"IP","%s"' % self._apn
            await self._ask(command.encode(), b"OK", _ANSWER_S)
        await self._ask(b"ATD*99#", b"CONNECT", _DIAL_S)
        self._ppp = ppp = self._make_ppp(self._uart)
        self._start(ppp)
        for _ in range(_PPP_S * 1000 // _STEP_MS):
            if ppp.isconnected():
                return
            await asyncio.sleep_ms(_STEP_MS)
        raise ModemError("no address within %d s: access point name or password wrong?" % _PPP_S)

    def _start(self, ppp: "PPP") -> None:
        kind, user, password = self._login
        if hasattr(ppp, "active"):
            ppp.active(True)
        if hasattr(ppp, "SEC_NONE"):  # MicroPython 1.25 and later
            ppp.connect(getattr(ppp, "SEC_" + kind.upper()), user, password)
        else:
            mode = getattr(ppp, "AUTH_" + kind.upper())
            ppp.connect(authmode=mode, username=user, password=password)

    async def _ask(self, command: bytes, wanted: bytes, seconds: int) -> None:
        """Send a command, wait for its answer."""
        buffer = bytearray(64)
        while self._uart.any():  # what is left of before
            self._uart.readinto(buffer)
        self._uart.write(command + b"\r")
        answer = b""
        for _ in range(seconds * 1000 // _STEP_MS):
            await asyncio.sleep_ms(_STEP_MS)
            while self._uart.any():
                count = self._uart.readinto(buffer) or 0
                answer = (answer + bytes(memoryview(buffer)[:count]))[-_LONGEST_ANSWER:]
            if wanted in answer:
                return
            for refusal in _REFUSALS:
                if refusal in answer:
                    raise ModemError(
                        "the modem answers %s to %s" % (refusal.decode(), command[:10].decode())
                    )
        raise ModemError("the modem does not answer %s" % command[:10].decode())


def pins(options: "Options") -> list:
    """(GPIO, what it is for) of the modem's UART."""
    return [(options.ppp_tx, "ppp_tx"), (options.ppp_rx, "ppp_rx")]


def make(settings: "Settings", options: "Options", log: "Log") -> Modem:
    """The link with the modem of settings and options; it does not dial yet."""
    import machine
    import network

    uart = machine.UART(
        1, options.ppp_baud, bits=8, parity=None, stop=1,
        tx=options.ppp_tx, rx=options.ppp_rx, timeout=0, rxbuf=1024,
    )  # fmt: skip
    login = (options.ppp_auth, settings.ppp_user, settings.ppp_password)
    return Modem(uart, network.PPP, settings.ppp_apn, login, log)
