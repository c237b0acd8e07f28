"""The hardware options as the virtual board has them: the firmware's own table and what is set.

The table is read as text: the hardware process runs nothing of the firmware.
"""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_TABLE = Path(__file__).resolve().parents[2] / "firmware" / "board" / "options.py"
_TRUE = ("true", "1", "yes", "on")


def fields() -> list[tuple[str, str, str]]:
    """Key, type and default of every row of TABLE, as text."""
    tree = ast.parse(_TABLE.read_text(encoding="utf-8"))
    tables = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TABLE"
    ]
    lines = "".join(tables[0]).strip().splitlines()
    rows = (line.split("#")[0].split() for line in lines if line.strip())
    return [(row[0], row[1], row[2]) for row in rows]


def options(settings: dict[str, Any]) -> SimpleNamespace:
    """Every option; of `settings` what is one of them counts, in text or in its type."""
    found: dict[str, Any] = {}
    for key, kind, default in fields():
        value = settings.get(key, default)
        if kind == "bool":
            value = str(value).lower() in _TRUE
        found[key] = int(value) if kind == "int" else value
    return SimpleNamespace(**found)
