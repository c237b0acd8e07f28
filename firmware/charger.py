"""One whole charger while it runs: its tasks, its status, and the way down.

`app.py` builds it and is forgotten; this stays. Several can live in one process.
"""

import asyncio
import gc

import machine

from firmware.on_demand import load
from firmware.tasks import Tasks

_PAGE_MS = 3000
_PAGE_ROOM = 12_500  # bytes; drivers that take more are worth more than a page


class Charger:
    """What the REPL and the bench call `charger`; the parts are set by `app.build`."""

    def run(self) -> None:
        """Run until a restart is wanted or a vital task has died; then everything is off."""
        try:
            asyncio.run(self._main())
        except KeyboardInterrupt:  # people at the console: what they do next is no crash
            self.safe()
            self._expect_restart()
            raise
        finally:  # outputs are off
            self.keep_log()

    async def _main(self) -> None:
        self.tasks = tasks = Tasks(self.log, self.safe)
        if self.settings.watchdog_ms:
            self.housekeeping.watchdog = machine.WDT(timeout=self.settings.watchdog_ms)
        for name, service, vital in self.services:
            tasks.spawn(name, service.run, vital)
        self.services.clear()  # `tasks` has what is needed of them
        if self.settings.web_port:
            self.page_kept = [[], 0, 0]  # sessions, wrong passwords, locked until (uptime)
            tasks.spawn("web", self.page, False)
        try:
            await tasks.wait()
        finally:
            self.safe()

    async def page(self) -> None:
        """Let browsers in, except while something else needs the page's port or memory."""
        point = self.charge_point
        while True:
            await asyncio.sleep_ms(_PAGE_MS)
            if not point.page_aside:
                gc.collect()
                if gc.mem_free() > _PAGE_ROOM:
                    await load("firmware.web.door").Door(self).run()

    def restart(self, at_once: bool = False) -> None:
        """End `run`, so that main.py resets the chip; `at_once` where that has not helped."""
        self.log.info("app", "restarting")
        self.safe()
        self._expect_restart()
        if at_once:
            machine.reset()
        self.tasks.end()

    def stayed_up(self) -> None:
        """It has run for long enough: earlier crashes and supply dips are forgotten."""
        load("firmware.storage.boot_record").forget(machine.RTC())
        self.core.boot_trouble = 0

    def _expect_restart(self) -> None:
        try:
            load("firmware.storage.boot_record").wanted(machine.RTC())
        except MemoryError:
            pass  # then it counts as a crash

    def keep_log(self) -> None:
        """Put the log on flash, now; never raises what matters less than why it ends."""
        try:
            module = load("firmware.storage.log_keeper")
            module.save(self.log, self.clock, self.core.boot_trouble)
        except (OSError, MemoryError, ValueError):
            pass

    def safe(self) -> None:
        """Contactor open and module off, now."""
        self.control.safe()

    def status(self) -> dict:
        """What the charger believes of itself; the bench and the REPL show it."""
        return load("firmware.status").of(self)
