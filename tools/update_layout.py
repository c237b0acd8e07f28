"""What lies where on the chip: two code slots, what never changes beside them, and the data.

/boot.py /main.py /slots.py   outputs off, the way in and out, and the choice of the slot
/a/... /b/...                 a whole firmware each: firmware/, m/, lib/
/slot                         which one runs (slots.py); missing on a new charger: a
/update_keys.txt              public keys, one a line, whose updates are taken
"""

FIXED = ("/boot.py", "/main.py", "/slots.py")
SLOTS = ("a", "b")
SLOT_FILE = "/slot"
KEYS_FILE = "/update_keys.txt"


def in_slot(name: str, slot: str = "a") -> str:
    """Where the file `name` of a build (`/firmware/app.mpy`) lies on the chip."""
    return name if name in FIXED else f"/{slot}{name}"


def is_code(name: str) -> bool:
    """Does the file belong to the firmware, and not to the charger's data."""
    return name in FIXED or name.startswith(tuple(f"/{slot}/" for slot in SLOTS))


def current(slot_file: bytes | None) -> str:
    """The slot that the content of /slot names; the first when there is none."""
    words = (slot_file or b"").decode("ascii", "replace").split()
    return words[0] if words and words[0] in SLOTS else SLOTS[0]
