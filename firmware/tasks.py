"""Named tasks: a vital one that dies stops the charger and says its name, any other is restarted.

A silently dead task is the worst failure of a charger: nothing reads the BMS, and the contactor
stays closed. Together with `main.py` this is the only place that catches every exception.
"""

import asyncio

from firmware.on_demand import load

_RESTART_MS = 1000


class Tasks:
    """Starts the services; `died` is set to the name of a vital task that ended.

    `safe` switches everything off; it is called before anything is said of such an end.
    """

    def __init__(self, log: "Log", safe: "Callable") -> None:
        self._log = log
        self._safe = safe
        self._tasks = []
        self.died = ""
        self._over = asyncio.Event()

    def spawn(self, name: str, run: "Callable", vital: bool) -> None:
        """Run the coroutine function `run` as a task called `name`."""
        self._tasks.append(asyncio.create_task(self._watch(name, run, vital)))

    async def _watch(self, name: str, run: "Callable", vital: bool) -> None:
        while True:
            try:
                await run()
                self._log.error("tasks", "%s ended", name)
            except Exception as error:  # which a cancellation is not
                try:
                    if vital:
                        self._safe()
                    self._log.error("tasks", "%s died: %r", name, error)
                    load("firmware.last_words").trace(self._log, error)
                except Exception:
                    pass  # no memory for words; what has to be done is done all the same
            if vital:
                self.died = name
                self._over.set()
                return
            await asyncio.sleep_ms(_RESTART_MS)

    def end(self) -> None:
        """Let `wait` return: the charger is to restart."""
        self._over.set()

    async def wait(self) -> None:
        """Return when a vital task has died or `end` was called."""
        await self._over.wait()
        for task in self._tasks:
            task.cancel()
