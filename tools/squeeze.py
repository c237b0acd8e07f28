"""Makes firmware sources smaller for the chip, where every name and text costs RAM once loaded.

* Private names (one leading underscore) belong to their file, so each file's are renamed `_a`,
  `_b`, ... and all files share the same few.
* The text of a log line goes into one file on flash; the code keeps its place there as a number,
  and firmware/log.py reads it when the line is printed.

Public names, line numbers and behaviour stay as they are; a traceback still names file and line.
Used by tools/build.py only; the sources are never touched.
"""

import ast
import io
import keyword
import string
import tokenize
from collections.abc import Iterator

from tools.trees import parsed, walk


def shorten(text: str, mark: str = "", members: dict[str, str] | None = None) -> str:
    """`text` with its private names shortened; names that also occur in strings are left alone.

    With a `mark`, those of the module's top level carry it, so that modules can be joined.
    `members`: what those of objects become that other files use, too (see families.py).
    """
    top = _top_level(text) if mark else set()
    constants = _constants(text)
    tokens = _tokens(text)
    in_strings = _strings(tokens)
    names = dict(members or {})
    taken = {t.string for t in tokens if t.type == tokenize.NAME} | set(names.values())
    fresh = (name for name in _short_names() if name not in taken)
    lines = text.splitlines(keepends=True)
    for token in reversed(tokens):
        name = token.string
        if token.type != tokenize.NAME or not _private(name) or _quoted(name, in_strings):
            continue
        row, column = token.start
        line = lines[row - 1]
        if name not in names:
            if name in constants:
                names[name] = f"_{mark}_{name}" if mark else name
            elif name in top:
                names[name] = f"_{mark}_{len(names)}"
            else:
                names[name] = name if len(name) <= 2 else next(fresh)
        lines[row - 1] = line[:column] + names[name] + line[column + len(name) :]
    return "".join(lines)


def short_private_names(names: dict[str, frozenset[str]], sources: list[str]) -> dict[str, str]:
    """A short name for each, free in all sources; one for several with nothing in common.

    `names`: name -> kinds of objects that have it.
    """
    tokens = [token for source in sources for token in _tokens(source)]
    taken = {t.string for t in tokens if t.type == tokenize.NAME}
    quoted = _strings(tokens)
    fresh = (name for name in _short_names() if name not in taken)
    short: dict[str, str] = {}
    given: dict[str, frozenset[str]] = {}  # short name -> kinds of objects that have it
    for name, kinds in sorted(names.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(name) <= 2 or _quoted(name, quoted):
            short[name] = name
            continue
        free = (one for one, others in given.items() if not others & kinds)
        short[name] = one = next(free, None) or next(fresh)
        given[one] = given.get(one, frozenset()) | kinds
    return short


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def _strings(tokens: list[tokenize.TokenInfo]) -> str:
    return "\n".join(t.string for t in tokens if t.type == tokenize.STRING)


def private_members(tree: ast.AST, context: type = ast.expr_context) -> set[str]:
    """Private attributes that are read (Load), or set or bound in a class (Store), or both."""
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, context):
            found.add(node.attr)
        elif isinstance(node, ast.ClassDef) and context is not ast.Load:
            found |= _bound(node.body)
    return {name for name in found if _private(name)}


def _bound(body: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.For | ast.With | ast.If | ast.Try | ast.AnnAssign):
            parts = (p for p in walk(node) if isinstance(p, ast.Name))
            names |= {p.id for p in parts if not isinstance(p.ctx, ast.Load)}
    return names


def _top_level(text: str) -> set[str]:
    return {name for name in _bound(parsed(text).body) if _private(name)}


def _constants(text: str) -> set[str]:
    """Names that the compiler replaces by their value: they cost nothing as they are."""
    return {
        target.id
        for node in parsed(text).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and getattr(node.value.func, "id", "") == "const"
    }


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and len(name) > 1


def _quoted(name: str, strings: str) -> bool:
    """Could `name` be meant by a string, for getattr or in an f-string."""
    place = strings.find(name)
    while place >= 0:
        after = strings[place + len(name) : place + len(name) + 1]
        if not (after.isalnum() or after == "_"):
            return True
        place = strings.find(name, place + 1)
    return False


def _short_names() -> Iterator[str]:
    """_a, _b ... _z, _A ... _Z, then two letters; never a keyword."""
    letters = string.ascii_lowercase + string.ascii_uppercase
    for first in ("", *letters):
        for letter in letters:
            if not keyword.iskeyword("_" + first + letter):
                yield "_" + first + letter


_LEVELS = ("debug", "info", "warn", "error")


class LogTexts:
    """The texts of all log lines; `data` is the file on flash, a text's number its place there."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self.data = b""

    def place(self, text: str) -> int:
        """The number of a text, which must be one line."""
        if text not in self._places:
            self._places[text] = len(self.data)
            self.data += text.encode() + b"\n"
        return self._places[text]

    def take_out(self, source: str) -> str:
        """`source` with numbers in place of its log texts; line numbers stay."""
        lines = source.encode().splitlines(keepends=True)
        nodes = walk(parsed(source))
        calls = [n for n in nodes if isinstance(n, ast.Call) and _is_log_call(n)]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset), reverse=True):
            text = call.args[1]
            if isinstance(text, ast.Constant) and "\n" not in str(text.value):
                replace(lines, text, b"%d" % self.place(str(text.value)))
        return b"".join(lines).decode()


def _is_log_call(node: ast.Call) -> bool:
    """`log.info("component", "text", ...)`, whatever the log is called."""
    if not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    text = node.args[1] if len(node.args) > 1 else None
    return (
        node.func.attr in _LEVELS
        and name.lstrip("_") == "log"
        and isinstance(text, ast.Constant)
        and isinstance(text.value, str)
    )


def replace(lines: list[bytes], node: ast.expr | ast.Expr, text: bytes) -> None:
    """Put `text` where `node` begins, and blanks over the rest of it, line by line."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    end = node.end_col_offset or 0
    tail = lines[last][end:]
    if first == last:
        lines[first] = lines[first][: node.col_offset] + text + tail
        return
    lines[first] = lines[first][: node.col_offset] + text + b"\n"
    for row in range(first + 1, last):
        lines[row] = b"\n"
    lines[last] = tail


def keywords(sources: list[str]) -> set[str]:
    """Every name that some call passes by keyword."""
    found: set[str] = set()
    for source in sources:
        for node in walk(parsed(source)):
            if isinstance(node, ast.Call):
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


def shorten_arguments(source: str, kept: set[str]) -> str:
    """`source` with the arguments nobody passes by keyword named `a_`, `b_`, ...

    The compiler stores argument names, and only those, of all local names. A function with inner
    functions is left alone, and so are `self` and the arguments in `kept`.
    """
    lines = source.encode().splitlines(keepends=True)
    edits: list[tuple[int, int, str, str]] = []
    for node in walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            edits.extend(_argument_edits(node, kept))
    for row, column, old, new in sorted(set(edits), reverse=True):
        line = lines[row]
        lines[row] = line[:column] + new.encode() + line[column + len(old) :]
    return b"".join(lines).decode()


def _argument_edits(
    function: ast.FunctionDef | ast.AsyncFunctionDef, kept: set[str]
) -> Iterator[tuple[int, int, str, str]]:
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    parts = [part for statement in function.body for part in walk(statement)]
    if any(isinstance(part, inner) for part in parts) or function.args.vararg:
        return
    arguments = [*function.args.posonlyargs, *function.args.args]
    letters = (f"{letter}_" for letter in string.ascii_lowercase)
    new = {
        argument.arg: next(letters)
        for argument in arguments
        if argument.arg not in kept and argument.arg != "self" and len(argument.arg) > 2
    }
    for argument in arguments:
        if argument.arg in new:
            row, column = argument.lineno - 1, argument.col_offset
            yield row, column, argument.arg, new[argument.arg]
    for part in parts:
        if isinstance(part, ast.Name) and part.id in new:
            yield part.lineno - 1, part.col_offset, part.id, new[part.id]
        elif isinstance(part, ast.ExceptHandler) and part.name in new:
            raise ValueError(f"{function.name}: except ... as {part.name} hides an argument")
