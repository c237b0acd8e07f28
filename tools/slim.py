"""Takes from main.py and slots.py what only costs RAM on the chip, which compiles them itself.

Annotations go, and private names become such as MicroPython has in its own program. Every line
stays where it is, comments too: a traceback fits the source.
"""

import ast
import io
import tokenize

from tools.rename import cheap_names
from tools.trees import walk

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def slim(source: str) -> str:
    """`source` as it lies on the chip. SyntaxError when it is not Python."""
    lines = source.splitlines(keepends=True)
    edits = [*_annotations(ast.parse(source)), *_private_names(source)]
    for row, start, end, text in sorted(edits, reverse=True):
        line = lines[row - 1].encode()
        lines[row - 1] = (line[:start] + text.encode() + line[end:]).decode()
    return "".join(lines)


def _annotations(tree: ast.Module) -> list[tuple[int, int, int, str]]:
    """(line, column, its end, what stands there instead) of each; all columns in bytes."""
    found = []
    for node in walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            start = node.col_offset + len(node.arg.encode())
            found.append((node.lineno, start, node.annotation.end_col_offset or start, ""))
        elif isinstance(node, _FUNCTION) and node.returns:
            arrow = node.returns.col_offset - len(" -> ")
            found.append((node.returns.lineno, arrow, node.returns.end_col_offset or arrow, ""))
    return found


def _private_names(source: str) -> list[tuple[int, int, int, str]]:
    """The same for each private name; one that a text mentions stays as it is."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    texts = " ".join(token.string for token in tokens if token.type == tokenize.STRING)
    names = [token for token in tokens if token.type == tokenize.NAME]
    taken = {token.string for token in names}
    fresh = (name for name in cheap_names() if name not in taken and name[0] != "_")
    new: dict[str, str] = {}
    found = []
    for token in names:
        name = token.string
        if name[0] == "_" and name[1:2] != "_" and len(name) > 1 and name not in texts:
            if name not in new:
                new[name] = next(fresh)
            start = len(token.line[: token.start[1]].encode())
            found.append((token.start[0], start, start + len(name.encode()), new[name]))
    return found
