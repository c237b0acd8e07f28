"""Forgets how the charger is made once it is: constructors take 3.4 kB of RAM, and run once.

Called by main.py on the chip, where a process has one charger. A class belongs into the list when
nothing but what `app.build` calls makes objects of it (a test looks for others).
"""

from firmware.charging.connector import Connector
from firmware.charging.core import ChargingCore
from firmware.charging.events import EventRing
from firmware.charging.meter import EnergyMeter
from firmware.charging.regulator import Regulator
from firmware.charging.sequence import Sequence
from firmware.charging.session import Session
from firmware.charging.supervisor import Limits, Supervisor
from firmware.drivers.button import Button
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from firmware.ocpp.keys import Keys
from firmware.ocpp.outbox import Outbox
from firmware.services.central_system import CentralSystem
from firmware.services.charge_point import ChargePoint
from firmware.services.clients import Clients
from firmware.services.console_question import ConsoleQuestion
from firmware.services.control import Control
from firmware.services.fieldbus import Fieldbus
from firmware.services.housekeeping import Housekeeping
from firmware.services.transactions import Transactions
from firmware.storage.register import EnergyRegister

KINDS = (
    Button,
    CentralSystem,
    ChargePoint,
    ChargingCore,
    Clients,
    Connector,
    ConsoleQuestion,
    Contactor,
    Control,
    DigitalInput,
    EnergyMeter,
    EnergyRegister,
    EventRing,
    Fieldbus,
    Housekeeping,
    Keys,
    Lamp,
    Limits,
    Outbox,
    Regulator,
    Sequence,
    Session,
    Supervisor,
    Transactions,
)


def forget(board: "Board") -> None:
    """No object of these classes, nor a driver of the board's, can be made any more."""
    kinds = list(KINDS)
    for can, drivers in board.buses:
        kinds += [type(driver) for driver in (can,) + drivers]
    kinds += [type(driver) for driver in board.polled]
    for kind in kinds:  # which grows
        kinds += [parent for parent in kind.__bases__ if parent is not object]
        if "__init__" in kind.__dict__:
            # What is deleted, a MicroPython dict still points to.
            setattr(kind, "__init__", None)  # noqa: B010
