"""Errors that know their code in a CALLERROR (OCPP-J 1.6 4.2.3, in its spelling).

Raised by whatever reads or answers a request; turned into a CALLERROR in one place, the
central-system link. A local fault never reaches the server as text: see `INTERNAL_ERROR`.
"""

from firmware.errors import ChargerError

NOT_IMPLEMENTED = "NotImplemented"  # the action is not known
NOT_SUPPORTED = "NotSupported"  # the action is known, but its profile is not there
INTERNAL_ERROR = "InternalError"  # our fault
FORMATION_VIOLATION = "FormationViolation"  # no OCPP-J message, or its payload is no object
PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"  # too long, not in the list
OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"  # [sic] missing, too many
TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"  # text where a number belongs
GENERIC_ERROR = "GenericError"


class OcppError(ChargerError):
    """A request that is answered with a CALLERROR of `code`; the text is its description."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
