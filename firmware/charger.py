"""One whole charger while it runs: its tasks, its status, and the way down.

`app.py` builds it and is forgotten; this stays. Several can live in one process.
"""

import asyncio
import gc

import machine

from firmware.charging.supervisor import ERROR_CODE, FAULTS
from firmware.tasks import Tasks


class Charger:
    """What the REPL and the bench call `charger`; the parts are set by `app.build`."""

    def run(self) -> None:
        """Run until a restart is wanted or a vital task has died; then everything is off."""
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.tasks = tasks = Tasks(self.log)
        if self.settings.watchdog_ms:
            self.housekeeping.watchdog = machine.WDT(timeout=self.settings.watchdog_ms)
        for name, service, vital in self.services:
            tasks.spawn(name, service.run, vital)
        try:
            await tasks.wait()
        finally:
            self.safe()

    def restart(self) -> None:
        """End `run`, so that main.py resets the chip."""
        self.log.info("app", "restarting")
        self.tasks.end()

    def clear_faults(self) -> None:
        """Service has repaired it: forget latched faults; one that is still there comes back."""
        self.core.supervisor.clear_latched()

    def safe(self) -> None:
        """Contactor open and module off, now."""
        self.control.safe()

    def status(self) -> dict:
        """What the charger believes of itself; the bench and the REPL show it."""
        core = self.core
        fault = core.fault()
        seconds, ms = self.clock.uptime()
        gc.collect()  # or the figures would show garbage
        return {
            "connector": core.connector.state,
            "error_code": FAULTS[fault][ERROR_CODE] if fault >= 0 else "NoError",
            "transaction": self.transactions.transaction_id(),
            "energy_wh": core.meter.wh,
            "online": self.link.online,
            "queued": len(self.outbox),
            "heap_free": gc.mem_free(),
            "heap_used": gc.mem_alloc(),
            "uptime_ms": seconds * 1000 + ms,
            "tick_max_ms": self.control.tick_max_ms,
        }
