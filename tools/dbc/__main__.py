"""Command line: python -m tools.dbc FILE.dbc [MAPPING.toml] [-o bms.tbl]."""

import argparse
import sys
from pathlib import Path

from tools.dbc.compiler import compile_table, load
from tools.dbc.mapping import DbcError, read


def main(arguments: list[str] | None = None) -> int:
    """Compile one DBC file and say what became of it."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.dbc",
        description="Compile a DBC file and its mapping (docs/dbc.md) into the charger's bms.tbl.",
    )
    parser.add_argument("dbc", type=Path, help="the vehicle's DBC file")
    parser.add_argument("mapping", type=Path, nargs="?", help="default: FILE.toml beside it")
    parser.add_argument("-o", "--output", type=Path, default=Path("bms.tbl"))
    options = parser.parse_args(arguments)
    try:
        mapping = read(options.mapping or options.dbc.with_suffix(".toml"))
        table = compile_table(load(options.dbc), mapping)
    except DbcError as error:
        print(error, file=sys.stderr)
        return 1
    options.output.write_bytes(table.data)
    for line in table.lines:
        print(f"  {line}")
    print(f"{options.output}: {len(table.data)} bytes; copy it to the charger's root as bms.tbl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
