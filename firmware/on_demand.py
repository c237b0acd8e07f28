"""Loads modules that are seldom used, for one use: their memory is free again after it."""

import gc
import os
import sys

# What is being loaded, while it is: for ever in RAM are only this name and this path.
_NAME = "x"
_PLACE = "/x"
_FILE = "/x.mpy"
_STAT = (0x8000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_ENOENT = 2


class _OneFile:
    """A file system that has one module only, always under the same name, for one opening.

    MicroPython never forgets the name and the path of a module that it has imported.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def mount(self, *_: bool) -> None:
        pass

    umount = mount

    def stat(self, path: str) -> tuple:
        if path != _FILE:
            raise OSError(_ENOENT)
        return _STAT  # made before: an error in here would read as "no such module"

    def open(self, path: str, mode: str) -> "IO":
        os.umount(_PLACE)
        return open(self._path, mode)


def load(path: str) -> "Module":
    """The module with that dotted name; with what it imports, it lives as long as it is held."""
    modules = sys.modules
    if path in modules:
        return modules[path]  # somebody asks for it who is being loaded himself
    outer = modules.pop(_NAME, None)
    if not outer and sys.implementation.name == "micropython":
        gc.collect()  # code wants its pieces close together
    known = set(modules)
    try:
        if "." in path:
            return __import__(path, None, None, ("*",))
        _lay_out(path)
        modules[path] = module = __import__(_NAME)
        return module
    except MemoryError:
        gc.collect()  # to have some for what follows
        raise
    finally:  # or what it had imported when memory ran out would stay for ever
        modules.pop(_NAME, None)
        if outer:
            modules[_NAME] = outer
        else:
            _forget_all_but(known)


def _lay_out(name: str) -> None:
    """Let the next import of `_NAME` find the module that the build calls so (tools/layout.py)."""
    folder = sys.modules["firmware"].__path__[:-8]
    file = _OneFile("%sm/%s.mpy" % (folder, name))
    try:
        os.mount(file, _PLACE)
    except OSError:  # left from a load that ended before its file was open
        os.umount(_PLACE)
        os.mount(file, _PLACE)


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
