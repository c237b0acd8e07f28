"""Command line: `python -m tools.image` writes build/image/rivot.img and its manifest."""

import argparse
import hashlib
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools import build
from tools.image.filesystem import (
    BLOCK,
    BLOCKS,
    INLINE,
    OFFSET,
    ImageError,
    make,
    read,
    used_blocks,
)
from tools.image.manifest import differences, manifest
from tools.image.tree import image_tree, sources

OUT = build.ROOT / "build" / "image"
IMAGE = OUT / "rivot.img"


def key_value(text: str) -> tuple[str, str]:
    """An option's KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError("KEY=VALUE wanted")
    return key, value


def manifest_path(image: Path) -> Path:
    """Where the manifest of an image file lies."""
    return image.with_suffix(".json")


def write(path: Path, settings: dict[str, str], size: int, offset: int = OFFSET) -> bytes:
    """Build an image of `size` blocks and the manifest beside it; answers the image."""
    files = image_tree(settings)
    image = make(files, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image)
    manifest_path(path).write_text(manifest(files, image, offset), encoding="utf-8")
    return image


def blocks(data: bytes) -> int:
    """Flash blocks that a file takes; the smallest lie in their folder's."""
    return -(-len(data) // BLOCK) if len(data) > INLINE else 0


def table(files: dict[str, bytes]) -> Table:
    """One row a file: where it comes from, bytes on flash."""
    origin = sources()
    shown = Table(box=None, pad_edge=False, show_footer=True)
    shown.add_column("on the chip", "total")
    shown.add_column("from", f"{len(files)} files", overflow="fold")
    total = f"{sum(map(len, files.values())):,}"
    shown.add_column("bytes", total, justify="right")
    shown.add_column("blocks", f"{sum(map(blocks, files.values())):,}", justify="right")
    for name, data in sorted(files.items(), key=lambda item: (-len(item[1]), item[0])):
        shown.add_row(name, origin.get(name, ""), f"{len(data):,}", str(blocks(data)))
    return shown


def check(path: Path) -> int:
    """Compare an image with its manifest. 1 when they differ."""
    image = path.read_bytes()
    lines = differences(manifest_path(path).read_text(encoding="utf-8"), read(image))
    for line in lines:
        print(line)
    print(f"{path}: {'differs from' if lines else 'holds what'} its manifest says")
    return 1 if lines else 0


def main(arguments: list[str] | None = None) -> int:
    """Build, or check what was built. 1 with the reason when it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, default=IMAGE, metavar="FILE", help="(%(default)s)")
    add("--blocks", type=int, default=BLOCKS, help="flash blocks of 4096 bytes (%(default)s)")
    add("--set", type=key_value, action="append", default=[], metavar="KEY=VALUE",
        help="a setting or OCPP key, taken over at the first boot; may be repeated")  # fmt: skip
    add("--check", action="store_true", help="compare the image with its manifest")
    add("--quiet", action="store_true", help="no table")
    given = parser.parse_args(arguments)
    try:
        if given.check:
            return check(given.out)
        image = write(given.out, dict(given.set), given.blocks)
        if not given.quiet:
            Console(highlight=False).print(table(read(image)))
    except (build.BuildError, ImageError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.out}: {used_blocks(image)} of {len(image) // BLOCK} blocks taken")
    print(f"SHA-256 {hashlib.sha256(image).hexdigest()}, files in {manifest_path(given.out).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
