"""Loads modules that are seldom used, for one use: their memory is free again after it."""

import gc
import sys


def load(path: str) -> "Module":
    """The module with that dotted name; with what it imports, it lives as long as it is held."""
    if sys.implementation.name == "micropython":
        gc.collect()  # code wants its pieces close together
    known = set(sys.modules)
    try:
        return __import__(path, None, None, ("*",))
    except MemoryError:
        gc.collect()  # to have some for what follows
        raise
    finally:  # or what it had imported when memory ran out would stay for ever
        _forget_all_but(known)


def _forget_all_but(known: "set[str]") -> None:
    while True:
        for name in sys.modules:
            if name not in known:
                break
        else:
            return
        forget(name)


def forget(path: str) -> None:
    """Drop a module from the interpreter's table and from its package."""
    sys.modules.pop(path, None)
    package, _, name = path.rpartition(".")
    package = sys.modules.get(package)
    if hasattr(package, name):
        delattr(package, name)
