"""Makes and signs the file that updates chargers over the air (docs/updates.md).

`python -m tools.release --key update-key.pem` compiles the firmware and writes
`build/rivot_100a-2.1.0.update`; `--new-key update-key.pem` makes the key pair first.
The private key belongs neither on a charger nor into the repository.
"""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from firmware import VERSION
from tools import build
from tools.release.package import (
    BOARD,
    ReleaseError,
    check,
    make,
    new_key,
    private_pem,
    public_line,
    read_key,
)
from tools.update_layout import FIXED, KEYS_FILE


def release_files() -> dict[str, bytes]:
    """Path in the slot -> content, of the firmware as it is now. Raises build.BuildError."""
    made = build.files()
    return {name[1:]: path.read_bytes() for name, path in made.items() if name not in FIXED}


def _new_key(path: Path, say: Console) -> None:
    if path.exists():
        raise ReleaseError(f"{path} is there already: a lost key cannot be had back, move it away")
    key = new_key()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_pem(key))
    public = path.with_suffix(".txt")
    public.write_text(public_line(key) + f" {path.stem}\n")
    say.print(f"private key: [bold]{path}[/] (keep it safe; chargers take what it signs)")
    say.print(f"public key:  [bold]{public}[/] (on each charger as {KEYS_FILE})")


def _release(arguments: argparse.Namespace, say: Console) -> None:
    if arguments.version and arguments.version != VERSION:
        raise ReleaseError(
            f"the source says {VERSION}: set VERSION in firmware/__init__.py to "
            f"{arguments.version} first, or chargers would not know what they run"
        )
    key = read_key(arguments.key)
    with say.status("compiling"):
        files = release_files()
    out: Path = arguments.out or build.ROOT / "build" / f"{BOARD}-{VERSION}.update"
    update = make(files, VERSION, key)
    check(update, key.public_key())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(update)
    say.print(f"{out}: version {VERSION}, {len(files)} files, {len(update):,} bytes, signed")


def main(words: list[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("--key", type=Path, metavar="FILE", help="the private key (PEM)")
    parser.add_argument("--new-key", type=Path, metavar="FILE", help="make a key pair, no release")
    parser.add_argument("--version", metavar="X", help="must be the source's")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the update")
    arguments = parser.parse_args(words)
    say = Console(highlight=False, soft_wrap=True)
    try:
        if arguments.new_key:
            _new_key(arguments.new_key, say)
        elif arguments.key:
            _release(arguments, say)
        else:
            parser.error("--key FILE is missing; --new-key FILE makes one")
    except (ReleaseError, build.BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
