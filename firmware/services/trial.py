"""A new firmware's trial: it is confirmed once it works and the server is reached. On demand.

One that does not get there in `update_trial_min` minutes restarts the charger, which counts
against it (slots.py); a session that runs is ended by nobody but its user. Offline is no proof of
anything: a firmware that has lost its network could not be repaired from afar. With
`update_offline_confirms` the time alone is proof enough.
"""

import asyncio
import gc

from micropython import const

from firmware.on_demand import load

_LOOK_MS = const(1000)
_SELF_TEST_S = const(60)  # so long every task has to have run
_LEAST_FREE = const(4096)


class Trial:
    """`charger` is on trial."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger

    async def run(self) -> None:
        """Until it is decided; then no more than a task that sleeps."""
        while not self._decided():
            await asyncio.sleep_ms(_LOOK_MS)
        while True:
            await asyncio.sleep_ms(3_600_000)

    def _decided(self) -> bool:
        charger = self._charger
        settings = charger.settings
        up_s = charger.clock.uptime_s()
        over = up_s >= settings.update_trial_min * 60
        reached = charger.link.online or (over and settings.update_offline_confirms)
        if reached and up_s >= _SELF_TEST_S and self._healthy():
            self._confirm()
            return True
        if over and not charger.core.session.open:
            charger.log.error("update", "the new firmware has not proved itself; restarting")
            charger.restart()
            return True
        return False

    def _healthy(self) -> bool:
        """The vital loops have run, or the watchdog had ended it; is there memory to work with."""
        gc.collect()
        return not hasattr(gc, "mem_free") or gc.mem_free() >= _LEAST_FREE

    def _confirm(self) -> None:
        charger = self._charger
        try:
            load("firmware.update.slots").confirm()
        except OSError as error:  # it stays on trial
            charger.log.error("update", "not confirmed: %s", error)
            return
        charger.log.info("update", "the new firmware has proved itself")
        transfers = load("firmware.services.transfers")
        transfers.restore(charger.charge_point)
        transfers.connected(charger.charge_point)
