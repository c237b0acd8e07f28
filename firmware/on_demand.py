"""Loads modules that are seldom used, for one use: their memory is free again after it."""

import gc
import sys


def load(path: str) -> "Module":
    """The module with that dotted name; with what it imports, it lives as long as it is held."""
    if sys.implementation.name == "micropython":
        gc.collect()  # code wants its pieces close together
    known = set(sys.modules)
    module = __import__(path, None, None, ("*",))
    for name in list(sys.modules):
        if name not in known:
            forget(name)
    return module


def forget(path: str) -> None:
    """Drop a module from the interpreter's table and from its package."""
    sys.modules.pop(path, None)
    package, _, name = path.rpartition(".")
    package = sys.modules.get(package)
    if hasattr(package, name):
        delattr(package, name)
