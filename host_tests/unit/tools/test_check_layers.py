"""The layer checker, on small trees: each rule broken once, and kept once."""

from pathlib import Path

import pytest

from tools import check_layers

ROOT = Path(__file__).resolve().parents[3]


def findings(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / "firmware" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return check_layers.check(tmp_path / "firmware")


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("charging/a.py", "import time\n", "charging/ is pure and may not import time"),
        ("ocpp/a.py", "import machine\n", "ocpp/ is pure and may not import machine"),
        ("ocpp/a.py", "from os import urandom\n", "may not import os: take the bytes"),
        ("ocpp/a.py", "def f():\n    import asyncio\n", "a.py:2: ocpp/ is pure"),
        (
            "ocpp/a.py",
            "from firmware.charging import b\n",
            "ocpp may not import firmware.charging",
        ),
        ("charging/a.py", "import firmware.ocpp.b\n", "may not import firmware.ocpp"),
        ("charging/a.py", "from firmware import log\n", "may not import firmware.log"),
        ("charging/a.py", "from ..ocpp import b\n", "may not import firmware.ocpp"),
        ("drivers/a.py", "from firmware.net import b\n", "may not import firmware.net"),
        ("net/a.py", "from firmware.storage import b\n", "may not import firmware.storage"),
        ("storage/a.py", "from firmware.services import b\n", "may not import firmware.services"),
        ("services/a.py", "from firmware import app\n", "may not import firmware.app"),
        ("services/a.py", "from firmware.board import b\n", "may not import firmware.board"),
        ("bms/a.py", "from firmware.ocpp import b\n", "bms has no layer"),
        ("drivers/bms/a.py", "from ..can import c\n", "drivers/bms may not import drivers/can"),
        (
            "ocpp/a.py",
            "f = lambda x: __import__('firmware.net.' + x)\n",
            "may not import firmware.net",
        ),
        ("ocpp/a.py", "def f(x):\n    __import__(f'firmware.net.{x}')\n", "firmware.net"),
        ("ocpp/a.py", "def f():\n    load('firmware.net.b')\n", "may not import firmware.net"),
        ("net/a.py", "X = 'firmware.app'\ndef f():\n    on_demand.load(X)\n", "firmware.app"),
        ("net/a.py", "from firmware.charger import Charger\n", "may not import firmware.charger"),
        ("on_demand.py", "from firmware import log\n", "on_demand may not import firmware.log"),
        ("ocpp/a.py", "_seen = []\n", "_seen is a list shared by all chargers"),
        ("ocpp/a.py", "buffer: bytes = bytearray(9)\n", "buffer is a bytearray shared"),
        ("ocpp/a.py", "BUFFER = bytearray(9)\n", "BUFFER is a bytearray shared"),
        ("ocpp/a.py", "class A:\n    seen = {}\n", "a.py:2: seen is a dict shared"),
        ("ocpp/a.py", "T = {}\ndef f():\n    T['a'] = 1\n", "a.py:3: T is a constant table"),
        ("ocpp/a.py", "T = []\ndef f():\n    T.append(1)\n", "T is a constant table"),
        ("ocpp/a.py", "T = [1]\ndef f():\n    del T[0]\n", "T is a constant table"),
        ("ocpp/a.py", "n = 0\ndef f():\n    global n\n    n = 1\n", "global n"),
        ("board/a.py", "led = Pin(2)\n", "Pin() runs at import"),
        ("app.py", "open('x')\n", "open() runs at import"),
        ("ocpp/a.py", "def f(x=make()):\n    pass\n", "make() runs at import"),
        ("ocpp/a.py", "try:\n    X = probe()\nexcept OSError:\n    X = 0\n", "a.py:2: probe()"),
    ],
)
def test_a_broken_rule_is_found(tmp_path, file, text, says):
    for folder in ("charging", "ocpp", "net", "storage", "services", "board", "drivers/can"):
        (tmp_path / "firmware" / folder).mkdir(parents=True)
    for name in ("log.py", "app.py"):
        (tmp_path / "firmware" / name).touch()
    found = findings(tmp_path, {file: text})
    assert len(found) == 1, found
    assert found[0].startswith(f"firmware/{file}:")
    assert says in found[0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("charging/a.py", "import struct\nfrom micropython import const\n_X = const(1)\n"),
        ("charging/a.py", "from .b import c\nfrom firmware.charging.b import c\n"),
        ("ocpp/a.py", "from firmware.errors import ChargerError\nfrom firmware import errors\n"),
        ("ocpp/a.py", "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import firmware.net.b\n"),
        ("drivers/can/a.py", "from firmware.drivers.can import Frame\nimport machine\n"),
        ("drivers/button.py", "from .digital_input import DigitalInput\n"),
        (
            "services/a.py",
            "import asyncio\nfrom firmware.net import b\nfrom firmware import log\n",
        ),
        ("app.py", "import machine\nfrom firmware.services import b\n"),
        ("board/a.py", "from firmware.drivers.can import twai\nimport machine\n"),
        ("ocpp/a.py", "TABLE = {'a': [1, 2]}\n_ROWS = [x for x in range(3)]\nX = 'a b'.split()\n"),
        ("ocpp/a.py", "SIZE = struct.calcsize('>I')\nP = namedtuple('P', ('x', 'y'))\n"),
        ("ocpp/a.py", "class A:\n    code = 'X'\n    def f(self):\n        self.seen = []\n"),
        ("ocpp/a.py", "def f():\n    table = []\n    table.append(g())\n    return lambda: h()\n"),
        ("ocpp/a.py", "if __name__ == '__main__':\n    main()\n"),
    ],
)
def test_what_is_allowed_is_not_found(tmp_path, file, text):
    for name in ("drivers/digital_input.py", "errors.py", "log.py"):
        findings(tmp_path, {name: ""})
    assert findings(tmp_path, {file: text}) == []


def test_the_command_line_says_where_and_fails(tmp_path, capsys):
    findings(tmp_path, {"ocpp/a.py": "import time\n"})
    assert check_layers.main([str(tmp_path / "firmware")]) == 1
    assert capsys.readouterr().out == (
        "firmware/ocpp/a.py:1: ocpp/ is pure and may not import time: "
        "take the time as an argument\n"
    )
    (tmp_path / "firmware/ocpp/a.py").write_text("")
    assert check_layers.main([str(tmp_path / "firmware")]) == 0


def test_the_firmware_itself():
    assert check_layers.check(ROOT / "firmware") == []
