"""Run the charger; on any way out: outputs off, wait, hard reset.

A soft reset leaves pins as they are, so the only way out of here is `machine.reset()`.
`run(observer)` is for the bench, which wants to see the charger before its tasks start.
"""

import gc
import sys
import time

# Bytes of garbage between collections: few while the code is loaded, so that what stays lies
# close together and what is loaded on demand later finds room in one piece.
_BOOT_GARBAGE = 1024
_GARBAGE = 2048
_REST_MS = 1000  # lets the console drain, and keeps a crash loop slow


def run(observer: "Callable" = None) -> None:
    """Build and run the charger until it wants to restart, then make it safe and reset."""
    import machine

    charger = None
    try:
        gc.threshold(_BOOT_GARBAGE)
        from firmware import app

        charger = app.build()
        del app
        gc.threshold(_GARBAGE)
        if observer:
            observer(charger)
        charger.run()
    except KeyboardInterrupt:
        print("stopped from the console")
        raise
    except Exception as error:
        sys.print_exception(error)
    finally:
        outputs_off(charger)
    time.sleep_ms(_REST_MS)
    machine.reset()


def outputs_off(charger: "Charger" = None) -> None:
    """Contactor and enable off by their pins, the power module by its driver; never raises."""
    import boot

    boot.outputs_off()
    try:
        if charger:
            charger.safe()
    except Exception as error:
        sys.print_exception(error)


if __name__ == "__main__":
    run()
