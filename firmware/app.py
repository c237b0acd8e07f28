"""The composition root: the one place that knows every name.

`build()` makes the charger from its settings and its board. Nothing here is needed afterwards, so
main.py forgets this module; what is made here must not keep a function of it.
"""

import gc
import os
import sys

import machine

from firmware import VERSION, on_demand
from firmware.charger import Charger
from firmware.charging.core import ChargingCore
from firmware.charging.meter import EnergyMeter
from firmware.charging.regulator import Regulator
from firmware.charging.supervisor import Limits, Supervisor
from firmware.log import Log
from firmware.net.clock import Clock
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
from firmware.storage.files import JsonFile
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from firmware.storage.register import EnergyRegister

# Asked for here, because the table of keys is large and there is little room when they matter.
_KEYS = (
    "AuthorizationCacheEnabled",
    "AuthorizeRemoteTxRequests",
    "LocalAuthListEnabled",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MinimumStatusDuration",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)


def build() -> Charger:
    """The charger, ready to run. Raises ChargerError when a chip of the board does not answer."""
    on_demand.load("firmware.warm_up").load_all()
    supervisor = Supervisor()  # first, because its table is large
    charger = Charger()
    charger.clock = clock = Clock(machine.RTC())
    charger.log = log = Log(clock)
    on_demand.load("firmware.last_words").recall(log, clock.rtc)
    charger.keys = keys = Keys(JsonFile("ocpp.json").write)
    charger.settings, charger.board, charger.network = _equipment(keys, log)
    settings, board = charger.settings, charger.board
    register = EnergyRegister("register", clock)
    charger.core = core = _core(settings, board, register, supervisor)
    boots = on_demand.load("firmware.storage.boot_record")
    core.boot_trouble = boots.look(machine.RTC(), machine.reset_cause())
    charger.control = Control(core, board, clock)
    charger.outbox = outbox = Outbox(Journal("outbox"), OutboxStore("outbox"), keys, log)
    charger.transactions = Transactions(core, outbox, register, keys, clock, log)
    in_session = outbox.open_transaction() > 0  # when the power failed
    for key in _KEYS:
        keys.get(key)
    if outbox.resent[0]:
        on_demand.load("firmware.storage.dead_letters").go_on(charger.transactions)
    recovery = on_demand.load("firmware.services.recovery")
    recovery.recover(charger.transactions, settings.resume_after_power_cut)
    _services(charger)
    on_demand.load("firmware.services.transfers").restore(charger.charge_point)
    standing = on_demand.load("firmware.services.standing")
    standing.restore(charger.charge_point, in_session)
    for key in ("AuthorizationCacheEnabled", "LocalAuthListEnabled", "LocalPreAuthorize"):
        keys.get(key)  # now, when there is memory for their table
    for name in os.listdir() + os.listdir("outbox"):
        if name[-4:] == ".bad":
            log.error("flash", "%s was spoilt and is set aside", name)
    on_demand.forget("firmware.app")
    return charger


def forget_making(charger: Charger) -> None:
    """Where a process has one charger, as on the chip: free what no second one will need."""
    if sys.implementation.name == "micropython":
        on_demand.load("firmware.made_once").forget(charger.board)
        gc.collect()


def _equipment(keys: Keys, log: Log) -> tuple:
    """Settings, board and link. What builds them has left the memory when this returns."""
    options, others, check_pins = _hardware_options(log)
    settings = on_demand.load("firmware.settings").load(keys, log, others)
    others = None
    log.info("app", "firmware %s, reset cause %d", VERSION, machine.reset_cause())
    builder = on_demand.load("firmware.board.rivot_100a")
    board = builder.build(settings, options, check_pins)
    builder = None
    links = on_demand.load("firmware.net.links")
    link = links.make(settings, options, board.pins, check_pins, log)
    board.pins = bytes([pin for pin, _ in board.pins])
    return settings, board, link


def _hardware_options(log: Log) -> tuple:
    """Options, their names, what checks pins. Their large table has left the memory then.

    (In the function that goes on, the interpreter's stack would keep it.)
    """
    hardware = on_demand.load("firmware.board.options")
    return hardware.read(log), hardware.names(), hardware.check_pins


def _core(
    settings: "Settings", board: "Board", register: EnergyRegister, supervisor: Supervisor
) -> ChargingCore:
    max_mv = min(settings.max_voltage_mv, board.max_mv)
    max_ma = min(settings.max_current_ma, board.max_ma)
    limits = Limits(max_mv, max_ma)
    limits.bms_timeout_ms = settings.bms_timeout_ms
    limits.module_timeout_ms = settings.module_timeout_ms
    limits.module_max_c10 = settings.module_max_c10
    limits.gun_max_c10 = settings.gun_max_c10
    limits.battery_min_mv = settings.battery_min_mv
    limits.match_mv = settings.match_mv
    limits.precharge_ms = settings.precharge_ms
    limits.discharge_ms = settings.discharge_ms
    limits.end_of_charge_ma = settings.end_of_charge_ma
    regulator = Regulator(max_mv, max_ma, settings.ramp_ma_per_s)
    meter = EnergyMeter(*register.load())
    core = ChargingCore(
        board.bms_reading, board.module_reading, limits, regulator, meter, supervisor
    )
    core.meter_reading = board.meter_reading
    core.bms_pause_ms = settings.bms_pause_ms
    return core


def _services(charger: Charger) -> None:
    """Everything that runs as a task, and how it is wired."""
    settings, clock, log, keys = charger.settings, charger.clock, charger.log, charger.keys
    station = ChargePoint(charger)
    clients = Clients(settings, log)
    clients.network = charger.network
    link = CentralSystem(
        settings,
        keys,
        clock,
        charger.outbox,
        station,
        clients.client,
        log,
        os.urandom,
        clients.tls,
    )
    charger.link = station.link = charger.transactions.link = link
    board = charger.board
    fieldbus = Fieldbus(board, clock, log)
    charger.housekeeping = Housekeeping((charger.control, fieldbus), clock, log)
    charger.outbox.store.reclaim = charger.housekeeping.reclaim
    charger.housekeeping.stayed_up = charger.stayed_up
    charger.housekeeping.console = ConsoleQuestion(charger)
    charger.charge_point = station
    charger.services = [
        ("control", charger.control, True),
        ("fieldbus", fieldbus, True),
        ("housekeeping", charger.housekeeping, True),
        ("charge point", station, True),
        ("central system", link, False),
    ]
    if board.tag_reader:
        reader = on_demand.load("firmware.services.tag_reader").TagReader(board, station, clock)
        charger.services.append(("tag reader", reader, False))
    if charger.network:
        charger.network.on_change = link.network_changed
        charger.services.append(("network", charger.network, False))
    if on_demand.load("firmware.update.slots").on_trial():
        trial = on_demand.load("firmware.services.trial").Trial(charger)
        charger.services.append(("trial", trial, True))
    asked = board.button.down()
    if settings.setup_after_s or asked:
        watch = on_demand.load("firmware.provisioning.watch").Watch(charger, asked)
        charger.services.append(("set-up", watch, False))
