"""What an image holds, as JSON: each file's size and SHA-256, and those of the image itself."""

import hashlib
import json

from firmware import VERSION
from tools.image.filesystem import BLOCK, OFFSET
from tools.image.tree import OLDEST


def manifest(files: dict[str, bytes], image: bytes, offset: int = OFFSET) -> str:
    """The manifest's text, the same for the same files."""
    facts = {
        "firmware": VERSION,
        "micropython": f">={OLDEST}",
        "image": {
            "offset": offset,
            "block_size": BLOCK,
            "blocks": len(image) // BLOCK,
            "sha256": hashlib.sha256(image).hexdigest(),
        },
        "size": sum(map(len, files.values())),
        "files": [
            {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
    }
    return json.dumps(facts, indent=1) + "\n"


def differences(text: str, files: dict[str, bytes]) -> list[str]:
    """What of `files` is not as the manifest says, one line each."""
    listed = {entry["path"]: entry for entry in json.loads(text)["files"]}
    lines = [f"{name}: missing" for name in sorted(listed.keys() - files.keys())]
    lines += [f"{name}: not in the manifest" for name in sorted(files.keys() - listed.keys())]
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]["sha256"]:
            lines.append(f"{name}: other content")
    return lines
