"""Loads modules that are seldom used, for one use: their memory is free again after it."""

import sys

_PACKAGE = __name__.rsplit(".", 1)[0]


def load(name: str) -> "Module":
    """Module `name` of this package; it lives as long as the caller holds it."""
    path = _PACKAGE + "." + name
    module = __import__(path, None, None, ("*",))
    sys.modules.pop(path, None)
    package = sys.modules[_PACKAGE]
    if hasattr(package, name):
        delattr(package, name)
    return module
