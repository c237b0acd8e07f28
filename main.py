"""Run the charger; on any way out: outputs off, wait, hard reset.

A soft reset leaves pins as they are, so the only way out of here is `machine.reset()`.
`run(observer)` is for the bench, which wants to see the charger before its tasks start.
"""

import gc
import os
import sys
import time

# Bytes allocated between collections: few while the code is loaded, so that what stays lies
# close together and what is loaded on demand later finds room in one piece. Then more: each call
# with many locals counts, too, and at 2 kB the collector took half of the processor's time.
_BOOT_GARBAGE = 1024
_GARBAGE = 16_384
_REST_MS = 1000  # lets the console drain, and keeps a crash loop slow
_TRIAL_MS = 60_000  # a new firmware that hangs before it has a watchdog of its own


def run(observer: "Callable" = None) -> None:
    """Build and run the charger until it wants to restart, then make it safe and reset."""
    global _find_code, _installs, _start_failed
    import machine

    charger = None
    try:
        gc.threshold(_BOOT_GARBAGE)
        _find_code(machine)
        if _installs(machine):
            machine.reset()
        from firmware import app

        charger = app.build()
        app.forget_making(charger)
        del app
        _find_code = _installs = _start_failed = None  # its memory is free: it has started
        gc.threshold(_GARBAGE)
        if observer:
            observer(charger)
        charger.run()
    except KeyboardInterrupt:
        outputs_off(charger)
        print("stopped from the console")
        leave_at_prompt(charger)
        raise
    except Exception as error:
        outputs_off(charger)
        last_words(charger, error)
        if not charger:
            _start_failed()
    finally:
        outputs_off(charger)
    time.sleep_ms(_REST_MS)
    machine.reset()


def _find_code(machine: "Module") -> None:
    """Put the code slot that is to run on the path (slots.py), and let the choice go."""
    try:
        slots = __import__("slots")
    except ImportError:  # a PC runs the sources
        return
    slot, on_trial = slots.choose()
    sys.modules.pop("slots")
    if slot:
        sys.path[:0] = ["/" + slot, "/%s/lib" % slot]
    if on_trial:
        machine.WDT(timeout=_TRIAL_MS)


def _installs(machine: "Module") -> bool:
    """Install the update that waits for it (firmware/update/installer.py); False: none does."""
    if "update.go" not in os.listdir():
        return False
    from firmware.update import installer

    installer.run(machine.WDT(timeout=_TRIAL_MS).feed)
    return True


def _start_failed() -> None:
    """Count it; never raises."""
    try:
        __import__("slots").start_failed()
    except Exception as error:
        sys.print_exception(error)


def outputs_off(charger: "Charger" = None) -> None:
    """Contactor and enable off by their pins, the power module by its driver; never raises."""
    import boot

    boot.outputs_off()
    try:
        if charger:
            charger.safe()
    except Exception as error:
        sys.print_exception(error)


def last_words(charger: "Charger | None", error: Exception) -> None:
    """What ended it, to the console and to flash; never raises."""
    try:
        from firmware import last_words as words

        words.keep(charger, error)
    except Exception:  # the error itself matters more
        sys.print_exception(error)


def leave_at_prompt(charger: "Charger | None") -> None:
    """People get `charger` with its commands (docs/console.md); never raises."""
    try:
        if charger:
            from firmware.console import Console

            console = Console(charger)
            setattr(__import__("__main__"), "charger", console)  # noqa: B010
            print(console)
    except Exception as error:
        sys.print_exception(error)


if __name__ == "__main__":
    run()
