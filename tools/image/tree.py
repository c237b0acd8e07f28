"""What a new charger's flash holds: the compiled firmware, and settings given at flashing.

Every compiled file is checked to be bytecode that the oldest MicroPython supported can load.
"""

import json
from pathlib import Path

from tools import build
from tools.image.filesystem import ImageError
from tools.prepare import MODULES
from tools.update_layout import in_slot

OLDEST = "1.24"
_MPY_VERSION = 6  # of MicroPython 1.19 and newer; native code would need 6.3, there is none
_SMALL_INT_BITS = 31  # of a 32-bit chip


def image_tree(settings: dict[str, str] | None = None) -> dict[str, bytes]:
    """Path on the chip -> content. `settings` are taken over at the first boot.

    Raises build.BuildError, and ImageError for a setting that is wrong or a file that the chip
    could not load.
    """
    tree = {in_slot(name): path.read_bytes() for name, path in build.files().items()}
    for name, data in tree.items():
        if name.endswith(".mpy"):
            check_bytecode(name, data)
    if settings:
        check_settings(settings)
        tree["/set.json"] = json.dumps(settings, sort_keys=True).encode()
    return tree


def check_settings(settings: dict[str, str]) -> None:
    """Raise ImageError unless the charger will take these values over."""
    from tools.provision import rows

    wrong = rows.check({rows.ID: "any", **settings})
    if wrong:
        raise ImageError("these settings would be refused: " + "; ".join(wrong))


def check_bytecode(name: str, data: bytes) -> None:
    """Raise ImageError unless it is portable bytecode (MicroPython's docs, "mpy files")."""
    if data[:1] != b"M" or len(data) < 4:
        raise ImageError(f"{name} is no compiled module")
    version, features, bits = data[1:4]
    if version != _MPY_VERSION:
        raise ImageError(f"{name} has mpy version {version}; MicroPython {OLDEST} loads 6")
    if features >> 2:
        raise ImageError(f"{name} holds native code: it would run on one kind of chip only")
    if bits > _SMALL_INT_BITS:
        raise ImageError(f"{name} was compiled for {bits}-bit integers, the chip has 31")


def sources() -> dict[str, str]:
    """Path on the chip -> the source it is made from, for the size table."""
    made = build.files()
    rows = (build.OUT / "firmware" / MODULES).read_text(encoding="utf-8").splitlines()
    made_from = dict(row.split("\t") for row in rows)
    joined = sum(1 for _ in (build.ROOT / "firmware").rglob("*.py")) - len(made_from)
    found = {}
    for name in made:
        inner = name.removeprefix("/firmware/").lstrip("/").removesuffix(".mpy")
        own = Path(name[1:]).with_suffix(".py")
        found[name] = made_from.get(inner, own.as_posix() if (build.ROOT / own).exists() else "")
    found["/firmware/resident.mpy"] = f"{joined} modules, joined"
    found["/slots.py"] = "firmware/update/slots.py"
    return {in_slot(name): origin for name, origin in found.items()}
