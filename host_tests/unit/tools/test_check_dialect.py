"""The dialect checker: what MicroPython lacks is found, what it has is left alone."""

import pytest

from tools import check_dialect


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import enum\n", "no module enum"),
        ("from typing import Any\n", "no module typing (a type-only name needs no import"),
        ("def f():\n    import contextlib\n", "a.py:2: MicroPython has no module contextlib"),
        ("x.removeprefix('a')\n", "no .removeprefix()"),
        ("try:\n    f()\nexcept OSError as e:\n    raise A from e\n", "drops the cause"),
        ("match x:\n    case 1:\n        pass\n", "no match statement"),
        ("try:\n    f()\nexcept:\n    pass\n", "bare except"),
        ("try:\n    f()\nexcept Exception:\n    pass\n", "except Exception is for tasks.py"),
        ("for a in zip(b, c, strict=True):\n    pass\n", "no zip(strict=)"),
        ("(1).to_bytes(2, 'big', signed=True)\n", "no to_bytes(signed=)"),
        ("b''.hex(':')\n", "hexlify"),
    ],
)
def test_found(tmp_path, text, says):
    path = tmp_path / "a.py"
    path.write_text(text)
    found = check_dialect.check(path)
    assert len(found) == 1 and says in found[0], found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "import json, struct, asyncio, time\nfrom micropython import const\n"),
        ("a.py", "try:\n    f()\nexcept (OSError, EOFError):\n    raise A('b')\n"),
        ("a.py", "x = (5).to_bytes(2, 'big')\ny = b''.hex()\nfor a in zip(b, c):\n    pass\n"),
        ("tasks.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    ],
)
def test_not_found(tmp_path, file, text):
    path = tmp_path / file
    path.write_text(text)
    assert check_dialect.check(path) == []


def test_the_command_line_takes_folders(tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("import enum\n")
    assert check_dialect.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith("a.py:1: MicroPython has no module enum\n")
    (tmp_path / "sub" / "a.py").write_text("")
    assert check_dialect.main([str(tmp_path)]) == 0
