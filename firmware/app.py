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
from firmware.storage.files import read_bytes, read_json, remove, write_json
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
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

    def _load(self) -> None:
        """Settings and OCPP keys from flash, and whatever the bench or provisioning wishes."""
        self.settings.load(read_json(_SETTINGS, {}), self.log)
        self.keys.load(read_json(_KEYS, {}))
        wishes = read_json(_WISHES, {})
        for key, value in wishes.items():
            self._set(key, value)
        if wishes:
            write_json(_SETTINGS, self.settings.dump())
            write_json(_KEYS, self.keys.dump())
            remove(_WISHES)
        self.log.level = self.settings.log_level

    def _set(self, key: str, value: str) -> None:
        try:
            if self.settings.known(key):
                self.settings.set(key, value)
            elif self.keys.set(key, value) not in ("Accepted", "RebootRequired"):
                self.log.error("settings", "%s: unknown, or %r is no value for it", key, value)
        except ChargerError as error:
            self.log.error("settings", "%s", error)

    def _store_keys(self, changed: dict) -> None:
        write_json(_KEYS, changed)

    def _build_core(self) -> ChargingCore:
        settings = self.settings
        max_mv = min(settings.max_voltage_mv, MAX_MV)
        max_ma = min(settings.max_current_ma, MAX_MA)
        limits = Limits(max_mv, max_ma)
        limits.bms_timeout_ms = settings.bms_timeout_ms
        limits.module_timeout_ms = settings.module_timeout_ms
        limits.module_max_c10 = settings.module_max_c10
        limits.battery_min_mv = settings.battery_min_mv
        wh, mwh = self.register.load()
        core = ChargingCore(
            self.board.bms_reading,
            self.board.module_reading,
            limits,
            Regulator(max_mv, max_ma, settings.ramp_ma_per_s),
            EnergyMeter(wh, mwh),
        )
        core.bms_pause_ms = settings.bms_pause_ms
        return core

    def _build_outbox(self) -> Outbox:
        keys = self.keys
        return Outbox(
            Journal("outbox"),
            OutboxStore("outbox"),
            lambda: keys.get("TransactionMessageAttempts"),
            lambda: keys.get("TransactionMessageRetryInterval"),
            render,
            self.log,
        )

    def _build_ocpp(self) -> None:
        self.transactions = Transactions(
            self.core, self.outbox, self.register, self.keys, self.clock, self.log
        )
        self.transactions.recover()
        self.authorization = Authorization(self.keys, self.log)
        self.charge_point = ChargePoint(
            self.core,
            self.control,
            self.transactions,
            self.authorization,
            self.keys,
            self.settings,
            self.clock,
            self.log,
            self._restart,
        )
        self.link = CentralSystem(
            self.settings,
            self.keys,
            self.clock,
            self.outbox,
            self.charge_point,
            self._client,
            self.log,
            os.urandom,
            self._tls,
        )
        self.charge_point.link = self.link
        self.authorization.link = self.link

    def _client(self) -> WebSocketClient:
        return WebSocketClient(
            max_message=self.settings.max_message_bytes,
            ping_interval_s=self.keys.get("WebSocketPingInterval"),
            log=self.log,
        )

    def _tls(self) -> object:
        settings = self.settings
        return context(
            read_bytes(settings.ca_file),
            read_bytes(settings.client_cert_file),
            read_bytes(settings.client_key_file),
            insecure=settings.tls_insecure,
        )

    def run(self) -> None:
        """Run until a restart is wanted or a vital task has died; then everything is off."""
        asyncio.run(self._main())

    async def _main(self) -> None:
        settings = self.settings
        tasks = self.tasks = Tasks(self.log)
        watchdog = machine.WDT(timeout=settings.watchdog_ms) if settings.watchdog_ms else None
        loops = (self.control, self.fieldbus)
        housekeeping = Housekeeping(watchdog, loops, self.clock, self.log)
        reader = TagReader(self.board.tag_reader, self.charge_point.present_tag, self.clock)
        wifi = WiFi(network.WLAN(network.STA_IF), settings, self.link.network_changed, self.log)
        tasks.spawn("control", self.control.run, vital=True)
        tasks.spawn("fieldbus", self.fieldbus.run, vital=True)
        tasks.spawn("housekeeping", housekeeping.run, vital=True)
        tasks.spawn("charge point", self.charge_point.run, vital=True)
        tasks.spawn("central system", self.link.run)
        tasks.spawn("tag reader", reader.run)
        tasks.spawn("wifi", wifi.run)
        await tasks.wait()
        self.safe()

    def _restart(self) -> None:
        self.log.info("app", "restarting")
        self.tasks.end()

    def safe(self) -> None:
        """Contactor open and module off, now."""
        self.control.safe()

    def status(self) -> dict:
        """What the charger believes of itself; the bench and the REPL show it."""
        core = self.core
        fault = core.fault()
        return {
            "connector": core.connector.state,
            "error_code": FAULTS[fault][ERROR_CODE] if fault >= 0 else "NoError",
            "transaction": self.transactions.transaction_id(),
            "energy_wh": core.meter.wh,
            "online": self.link.online,
            "queued": len(self.outbox),
            "heap_free": gc.mem_free(),
            "heap_used": gc.mem_alloc(),
            "uptime_ms": self.clock.uptime_s() * 1000 + self.clock.uptime()[1],
            "tick_max_ms": self.control.tick_max_ms,
        }
