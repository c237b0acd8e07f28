"""The composition root: the one place that knows every name.

Builds the charger from its settings and its board, starts the tasks, and takes it down safely.
"""

import asyncio
import gc
import os

import machine
import network

from firmware import VERSION
from firmware.board.rivot_100a import MAX_MA, MAX_MV, Board
from firmware.charging.core import ChargingCore
from firmware.charging.meter import EnergyMeter
from firmware.charging.regulator import Regulator
from firmware.charging.supervisor import ERROR_CODE, FAULTS, Limits
from firmware.errors import ChargerError
from firmware.log import Log
from firmware.net.clock import Clock
from firmware.net.tls import context
from firmware.net.websocket_client import WebSocketClient
from firmware.net.wifi import WiFi
from firmware.ocpp.keys import Keys
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.samples import render
from firmware.services.authorization import Authorization
from firmware.services.central_system import CentralSystem
from firmware.services.charge_point import ChargePoint
from firmware.services.control import Control
from firmware.services.fieldbus import Fieldbus
from firmware.services.housekeeping import Housekeeping
from firmware.services.tag_reader import TagReader
from firmware.services.transactions import Transactions
from firmware.settings import Settings
from firmware.storage.files import read_json, remove, write_json
from firmware.storage.journal import Journal
from firmware.storage.register import EnergyRegister
from firmware.tasks import Tasks

_SETTINGS = "settings.json"
_KEYS = "ocpp.json"
_WISHES = "set.json"  # settings from the bench or a provisioning tool, taken once


class Charger:
    """One whole charger; several can live in one process."""

    def __init__(self) -> None:
        self.clock = Clock(machine.RTC())
        self.log = Log(self.clock)
        self.settings = Settings()
        self.keys = Keys(self._store_keys)
        self._load()
        self.log.info("app", "firmware %s, reset cause %d", VERSION, machine.reset_cause())
        self.board = Board(self.settings)
        self.register = EnergyRegister("register")
        self.core = self._build_core()
        self.control = Control(self.core, self.board, self.clock)
        self.fieldbus = Fieldbus(self.board.buses, self.clock, self.log)
        self.outbox = self._build_outbox()
        self._build_ocpp()
        self.tasks = None
