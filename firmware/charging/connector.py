"""The connector's nine OCPP states (OCPP 1.6 section 4.9) as one table.

Rule 1: everything that changes the state is an event in `TRANSITIONS`; an event that a state does
not list is illegal there, changes nothing and makes `fire` return False.
Rule 2: this file does not know why an event came. It switches nothing: power is the charge
sequence's business, and that looks at facts, not at these names.

Theory. A connector at rest is described by facts: is the gun in the vehicle, has a session ended
with the gun still in, is it reserved, is it operative, is somebody's permission waiting (a
reservation stands until a start, a fault or "inoperative" ends it, OCPP 1.6 5.13). States at
rest (Available, Preparing, Finishing, Reserved, Unavailable) follow from these facts, so a
transition into rest is written `REST` and resolved by `resting_state`. A session makes the three
active states (Charging, SuspendedEV, SuspendedEVSE). Faulted may be entered from anywhere; the
session, if there was one, is stopped as well, and `cleared` leads to whatever rest is then true.
"""

STATES = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
EVENTS = (
    "plugged",
    "unplugged",
    "authorized",  # somebody may charge: a tag, a remote start
    "deauthorized",  # the permission ran out or was withdrawn before a start
    "started",
    "suspended_ev",
    "suspended_evse",
    "resumed",
    "stopped",
    "faulted",
    "cleared",
    "reserved",
    "unreserved",
    "inoperative",
    "operative",
)
REST = "(rest)"
ACTIVE = ("Charging", "SuspendedEV", "SuspendedEVSE")

TRANSITIONS = {
    "Available": {
        "plugged": "Preparing",
        "authorized": "Preparing",
        "faulted": "Faulted",
        "reserved": "Reserved",
        "inoperative": "Unavailable",
    },
    "Preparing": {
        "plugged": "Preparing",
        "unplugged": REST,
        "authorized": "Preparing",
        "deauthorized": REST,
        "started": "Charging",
        "faulted": "Faulted",
        "unreserved": "Preparing",
        "inoperative": "Unavailable",
    },
    "Charging": {
        "unplugged": "SuspendedEV",  # only where a session may outlive the gun
        "suspended_ev": "SuspendedEV",
        "suspended_evse": "SuspendedEVSE",
        "stopped": REST,
        "faulted": "Faulted",
    },
    "SuspendedEV": {
        "plugged": "SuspendedEV",
        "unplugged": "SuspendedEV",
        "suspended_evse": "SuspendedEVSE",
        "resumed": "Charging",
        "stopped": REST,
        "faulted": "Faulted",
    },
    "SuspendedEVSE": {
        "plugged": "SuspendedEVSE",
        "unplugged": "SuspendedEV",
        "suspended_ev": "SuspendedEV",
        "resumed": "Charging",
        "stopped": REST,
        "faulted": "Faulted",
    },
    "Finishing": {
        "unplugged": REST,
        "authorized": "Preparing",
        "faulted": "Faulted",
        "inoperative": "Unavailable",
    },
    "Reserved": {
        "plugged": "Reserved",
        "unplugged": "Reserved",
        "authorized": "Preparing",
        "unreserved": REST,
        "faulted": "Faulted",
        "inoperative": "Unavailable",
    },
    "Unavailable": {
        "plugged": "Unavailable",
        "unplugged": "Unavailable",
        "unreserved": "Unavailable",
        "operative": REST,
        "faulted": "Faulted",
    },
    "Faulted": {
        "plugged": "Faulted",
        "unplugged": "Faulted",
        "deauthorized": "Faulted",
        "stopped": "Faulted",
        "unreserved": "Faulted",
        "inoperative": "Faulted",
        "operative": "Faulted",
        "cleared": REST,
    },
}


class Connector:
    """The state of one connector and the facts it rests on; allocates nothing after `__init__`."""

    def __init__(self) -> None:
        self.state = "Available"
        self.plugged = False
        self.ended = False  # a session has ended and the gun is still in
        self.authorized = False
        self.reserved = False
        self.operative = True

    def resting_state(self) -> str:
        """The state that follows from the facts alone, with no session and no fault."""
        if not self.operative:
            return "Unavailable"
        if self.authorized:
            return "Preparing"
        if self.reserved:
            return "Reserved"
        if not self.plugged:
            return "Available"
        return "Finishing" if self.ended else "Preparing"

    def fire(self, event: str) -> bool:
        """Apply an event of `EVENTS`; False when it is illegal in the present state."""
        target = TRANSITIONS[self.state].get(event)
        if target is None:
            return False
        self._note(event)
        self.state = self.resting_state() if target is REST else target
        return True

    def _note(self, event: str) -> None:
        if event == "plugged":
            self.plugged = True
        elif event == "unplugged":
            self.plugged = False
            self.ended = False
        elif event == "authorized":
            self.authorized = True
        elif event == "deauthorized":
            self.authorized = False
        elif event == "started" or event == "faulted":
            self.authorized = False
            self.reserved = False
        elif event == "stopped":
            self.ended = self.plugged
        elif event == "reserved":
            self.reserved = True
        elif event == "unreserved":
            self.reserved = False
        elif event == "inoperative":
            self.operative = False
            self.authorized = False
            self.reserved = False
        elif event == "operative":
            self.operative = True
