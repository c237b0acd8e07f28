"""What mypy gets to see of the firmware: same lines, with the imports that the chip is spared."""

from tools import check_types

LOG = "class Log:\n    def info(self, text: str) -> None: ...\n"
USER = """class User:
    def __init__(self, log: "Log", can: "Can", pin: object) -> None:
        self._log = log
        self._client = None
        self._é = {}

    def each(self, call: "Callable[[int], None]") -> "User": ...

ROWS = (
    ("a", 1),
)
"""


def copied(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    names = check_types.copy_firmware(tmp_path / "src", tmp_path / "out")
    return names, tmp_path / "out"


def test_the_copy_has_the_same_lines_and_the_imports_behind_them(tmp_path):
    names, out = copied(
        tmp_path, {"firmware/log.py": LOG, "firmware/user.py": USER, "main.py": ""}
    )
    assert names == ["main.py", "firmware"]
    lines = (out / "firmware" / "user.py").read_text(encoding="utf-8").splitlines()
    assert lines[1].strip() == ('def __init__(self, log: "Log", can: "Can", pin: _Any) -> None:')
    assert lines[2:5] == [
        "        self._log = log",
        "        self._client: _Any = None",
        "        self._é: _Any = {}",
    ]
    assert lines[8] == "ROWS: _Any = ("
    assert lines[11:] == [
        "from typing import Callable",
        "from typing import Any as Can",
        "from firmware.log import Log",
        "from typing import Any as _Any",
    ]


def test_a_class_that_two_modules_have_counts_as_any(tmp_path):
    user = 'def f(log: "Log") -> None: ...\n'
    files = {"firmware/a.py": LOG, "firmware/b.py": LOG, "firmware/user.py": user}
    _, out = copied(tmp_path, files)
    assert "from typing import Any as Log\n" in (out / "firmware" / "user.py").read_text()


def test_copies_without_a_source_go(tmp_path):
    copied(tmp_path, {"firmware/a.py": LOG})
    (tmp_path / "src" / "firmware" / "a.py").unlink()
    _, out = copied(tmp_path, {"firmware/b.py": LOG})
    assert [p.name for p in (out / "firmware").iterdir()] == ["b.py"]


def test_the_stubs_stand_alone(tmp_path):
    stubs = check_types.unpack_stubs(tmp_path / "stubs")
    assert (stubs / "machine.pyi").is_file() and (stubs / "stdlib" / "VERSIONS").is_file()
    assert "_TicksMs: TypeAlias = int" in (stubs / "_mpy_shed" / "time_mp.pyi").read_text()
    marker = stubs / "machine.pyi"
    marker.write_text("")
    check_types.unpack_stubs(tmp_path / "stubs")
    assert marker.read_text() == "", "unpacked again although nothing changed"
