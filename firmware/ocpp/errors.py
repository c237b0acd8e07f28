"""The error that is answered with a CALLERROR.

Raised by whatever reads or answers a request, with a code of OCPP-J 1.6 4.2.3 in its spelling
(`OccurenceConstraintViolation`); turned into a message in one place, the central-system link.
"""

from firmware.errors import ChargerError


class OcppError(ChargerError):
    """`code` goes to the server, and the text as its description."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
