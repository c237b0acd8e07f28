"""At the prompt: what the charger was doing, what is wrong with it, and on again."""

import time

import machine

from firmware.charging.supervisor import ERROR_CODE, NAME, REACTION
from firmware.console.readings import module_rows, show, vehicle_rows
from firmware.on_demand import load

_REACTIONS = ("", "lowers the current", "stops", "stops at once")


def status(charger: "Charger") -> None:
    """As it was when Ctrl-C came; the readings are the last ones."""
    state = charger.last_status
    core = charger.core
    seconds = state["uptime_ms"] // 1000
    show("connector", "%s (stopped at the console, outputs off)" % state["connector"])
    show("fault", state["error_code"] if core.fault() >= 0 else "none")
    open_id = state["transaction"]
    show("session", "none" if open_id is None else "transaction %s" % open_id)
    show("energy", "%d Wh in the register" % state["energy_wh"])
    waiting = state["queued"]
    show("server", "%s, %d messages wait" % ("online" if state["online"] else "offline", waiting))
    show("contactor", "closed" if core.contactor_closed else "open")
    show("vehicle", ", ".join([value for _, value in vehicle_rows(core.bms)[:3]]))
    show("power module", ", ".join([value for _, value in module_rows(core.module)[:3]]))
    show("ran for", "%d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60))
    show("longest gap", "%d ms between two ticks" % state["tick_max_ms"])
    show("memory", "%d bytes free, %d in use" % (state["heap_free"], state["heap_used"]))


def faults(charger: "Charger") -> None:
    """Every fault that is active, with what it does and what it means."""
    table = load("firmware.charging.faults").FAULTS
    texts = load("firmware.charging.fault_texts").TEXTS
    count = 0
    for index, active in enumerate(charger.core.supervisor.active):
        if active:
            row = table[index]
            name = row[NAME]
            print(
                "%s (%s), %s: %s" % (name, row[ERROR_CODE], _REACTIONS[row[REACTION]], texts[name])
            )
            count += 1
    print("no fault" if not count else "%d active; docs/faults.md says what ends them" % count)


def clear_faults(charger: "Charger") -> None:
    """What stays until service has seen to it, and earlier crashes, are forgotten."""
    charger.core.supervisor.clear_latched()
    charger.stayed_up()
    charger.log.warn("app", "faults cleared at the console")
    faults(charger)


def run(charger: "Charger") -> None:
    """Restart the chip, outputs off: the charger starts as after power-up."""
    charger.log.info("app", "restarted from the console")
    charger.keep_log()
    print("starting the charger ...")
    time.sleep_ms(100)
    machine.reset()
