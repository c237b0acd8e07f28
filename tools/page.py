"""Makes what the charger's pages are served from, gzipped: its own (firmware/web/page/ in one HTML
file) and that of the first start (firmware/provisioning/setup.html).

The same sources always give the same bytes. `python -m tools.page` says how large the page is.
"""

import gzip
import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "firmware/web/page"
RESULT = "firmware/web/page.gz"
SETUP = "firmware/provisioning/setup.html"
LARGEST = 20_000  # bytes on the wire
_INCLUDED = re.compile(r"<!-- include (\S+) -->")
_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_INDENT = re.compile(r"\n\s+")


def assemble(folder: Path) -> str:
    """The whole page as HTML."""
    return _INCLUDED.sub(lambda found: _included(folder / found[1]), _text(folder / "index.htm"))


def _included(path: Path) -> str:
    text = _text(path)
    if path.suffix == ".json":
        words = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
        return words.replace("</", "<\\/")
    text = _INDENT.sub("\n", _COMMENT.sub("", text)).strip()
    return f"<style>{text}</style>" if path.suffix == ".css" else f"<script>{text}</script>"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def make(root: Path = ROOT) -> tuple[str, ...]:
    """Bring the results up to date; their paths below `root`, none where there are no sources."""
    folder = root / SOURCES
    if not folder.is_dir():
        return ()
    setup = Path(SETUP).with_suffix(".gz").as_posix()
    _write(root / RESULT, assemble(folder))
    _write(root / setup, _text(root / SETUP))
    return RESULT, setup


def _write(result: Path, html: str) -> None:
    data = gzip.compress(html.encode(), 9, mtime=0)
    data = data[:9] + b"\xff" + data[10:]  # the system is unknown, whichever made it
    if not result.exists() or result.read_bytes() != data:
        fresh = result.with_name(f"{result.name}.{os.getpid()}")
        fresh.write_bytes(data)
        fresh.replace(result)


def main() -> int:
    """Command line. 1 when it is too large."""
    make()
    size = (ROOT / RESULT).stat().st_size
    print(f"  page: {size:,} bytes on the wire, {LARGEST:,} at most")
    return int(size > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
