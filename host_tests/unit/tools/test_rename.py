"""Renamed modules do the same; what somebody else may ask for by name keeps it."""

import keyword
import re

import pytest

from tools import rename
from tools.build import ROOT

PLATFORM = {"print", "len", "self", "range", "getattr", "setattr", "sorted", "send", "read"}


def renamed(sources, outside=(), platform=PLATFORM):
    new = rename.short_names(sources, set(outside), set(platform))
    return {module: rename.renamed(text, new) for module, text in sources.items()}, new


def run(source, call="answer()"):
    names = {}
    exec(compile(source, "source", "exec"), names)
    return eval(call, names)


BEHAVIOUR = [
    # attributes, methods, class variables, a property
    "class Meter:\n    factor = 2\n    twice = factor * 2\n    def __init__(self, start):\n"
    "        self.total = start\n    def grow(self, amount):\n        self.total += amount\n"
    "        return self\n    @property\n    def shown(self):\n        return self.total\n"
    "def answer():\n    return Meter(1).grow(4).shown, Meter.twice\n",
    # keywords, defaults, a starred argument
    "def area(width, height=3, *others, scale=1):\n    return width * height * scale, others\n"
    "def answer():\n    return area(height=2, width=5), area(1, 2, 7, scale=4)\n",
    # getattr by text, by table, by a piece of the name
    "class Box:\n    def __init__(self):\n        self.bms_tx = 1\n        self.power_in_pin = 2\n"
    "        self.plain = 3\n        self.before_all = 4\n"
    "def answer():\n    box = Box()\n    kind = 'bms'\n    key = 'power_%s_pin' % 'in'\n"
    "    return (getattr(box, kind + '_tx'), getattr(box, key), getattr(box, 'plain'),\n"
    "            getattr(box, 'before_' + 'all'))\n",
    # an attribute and a global of one name; names that are also locals
    "limit = 5\nclass A:\n    limit = 6\n    def f(self, limit=limit):\n"
    "        return limit, self.limit\n"
    "def answer():\n    total = A().f()\n    return total, limit\n",
    # comprehensions, lambdas, nested functions, nonlocal, global
    "count = 0\ndef grow():\n    global count\n    count += 1\n    return count\n"
    "def answer():\n    seen = 1\n    def inner(step):\n        nonlocal seen\n"
    "        seen += step\n"
    "        return seen\n"
    "    return [inner(item) for item in (1, 2)], (lambda value: value)(3), grow()\n",
    # errors and their names
    "class PumpError(Exception):\n    def __init__(self, reason):\n        self.reason = reason\n"
    "class DryError(PumpError):\n    pass\ndef answer():\n    try:\n"
    "        raise DryError('dry')\n"
    "    except PumpError as problem:\n        return problem.reason, type(problem).__name__\n",
    # what a class body looks up finds the class's own names
    "def helper():\n    return 1\nclass A:\n    thing = 2\n    other = helper()\n"
    "    def method(self, x=helper):\n        return x(), self.thing\n"
    "def answer():\n    return A.other, A().method()\n",
]  # fmt: skip


@pytest.mark.parametrize("source", BEHAVIOUR)
def test_it_does_the_same(source):
    made, new = renamed({"firmware.a": source}, outside={"answer"})
    assert new, "nothing was renamed"
    assert run(made["firmware.a"]) == run(source)
    assert made["firmware.a"].count("\n") == source.count("\n")


def test_a_name_becomes_the_same_in_every_module():
    sources = {
        "firmware.a": "class Pump:\n    def start_it(self):\n        self.running = 1\n",
        "firmware.b": "from firmware.a import Pump\ndef go(pump):\n    pump.start_it()\n"
        "    return pump.running\n",
    }
    made, new = renamed(sources)
    assert {"Pump", "start_it", "running", "go"} <= set(new)
    assert f"import {new['Pump']}\n" in made["firmware.b"]
    assert f".{new['start_it']}()" in made["firmware.b"]


def test_what_modules_have_at_their_top_level_may_share_a_name():
    sources = {
        "firmware.a": "def rows():\n    return 1\ndef look():\n    return 2\n",
        "firmware.b": "from firmware.a import rows\ndef columns():\n    return rows()\n",
        "firmware.c": "def lines():\n    return 3\ntable = load('firmware.a').look()\n",
    }
    made, new = renamed(sources)
    assert new["rows"] != new["look"]
    assert new["columns"] != new["rows"]
    assert len({new["rows"], new["columns"], new["look"], new["lines"]}) < 4
    scope = {}
    exec(made["firmware.a"], scope)
    assert scope[new["rows"]]() == 1 and scope[new["look"]]() == 2


def test_a_name_that_an_object_has_too_is_not_shared():
    sources = {
        "firmware.a": "def rows():\n    return 1\n",
        "firmware.b": "def columns():\n    return 2\nclass Table:\n    rows = columns\n",
    }
    _, new = renamed(sources)
    assert len(set(new.values())) == len(new) == 3


def test_prose_keeps_no_name_but_a_list_of_names_does():
    text = "class Pump:\n    def __init__(self):\n        self.running = self.stopped = 0\n"
    _, new = renamed({"firmware.a": text + "what = 'the pump is running', 'stopped resting'\n"})
    assert "running" in new and "stopped" not in new


def test_new_names_are_not_in_use_anywhere():
    text = "n = e = aes = 1\nclass Long:\n    attribute = 'sin cos'\n"
    _, new = renamed({"firmware.a": text, "firmware.b": "tan = a = b = 2\n"})
    assert not set(new.values()) & {"n", "e", "aes", "sin", "cos", "tan", "a", "b"}
    assert not any(keyword.iskeyword(name) for name in new.values())


def test_only_an_attribute_and_a_name_that_is_none_share_one():
    names = [f"name{n}" for n in range(400)]
    attributes = "".join(f"    attribute{n} = 1\n" for n in range(400))
    text = "".join(f"{name} = 1\n" for name in names) + "class A:\n" + attributes
    _, new = renamed({"firmware.a": text + "both = 1\nA.both = 2\n"})
    plain = [new[name] for name in (*names, "A", "both")]
    owned = [new[f"attribute{n}"] for n in range(400)] + [new["both"]]
    assert len(set(plain)) == len(plain) and len(set(owned)) == len(owned)
    assert set(plain) & set(owned) > {new["both"]}
    assert new["both"] not in plain[:-1] + owned[:-1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def read():\n    pass\n", "read"),  # of the platform
        ("def wanted():\n    pass\n", "wanted"),  # used outside
        ("KEYS = ('pump_on',)\ndef pump_on():\n    pass\n", "pump_on"),  # a table of names
        ("TEXT = 'pump_on int 5'\nclass A:\n    pump_on = 1\n", "pump_on"),
        ("_LIMIT_MV = const(5)\n", "_LIMIT_MV"),  # costs nothing, as it is
        ("import thing\nthing.foreign()\n", "foreign"),  # none of ours
        ("def f(bus):\n    bus.write(rxbuf=5)\n", "rxbuf"),
        ("from thing import part\nclass A:\n    part = 1\n", "part"),
        ("class A:\n    def __len__(self):\n        return 1\n", "__len__"),
        ("class OddError(ValueError):\n    pass\n", "OddError"),
        ("from firmware import b\ndef b():\n    pass\n", "b"),  # a module
    ],
)
def test_what_keeps_its_name(text, name):
    _, new = renamed({"firmware.a": text, "firmware.b": ""}, outside={"wanted"})
    assert name not in new


def test_texts_that_name_nothing_keep_no_name():
    text = (
        "class A:\n    pump = 1\n    lamp = 2\n    door = 3\n"
        "def f(row):\n    row['pump'] = '{\"lamp\":%d}'\n    raise ValueError('door %s' % row)\n"
    )
    _, new = renamed({"firmware.a": text})
    assert {"pump", "lamp", "door"} <= set(new)


def test_annotations_and_docstrings_keep_no_name():
    text = (
        '"""Of the Pump."""\nclass Pump:\n    """A Pump."""\n'
        'def f(x: "Pump") -> "Pump":\n    pass\n'
    )
    _, new = renamed({"firmware.a": text})
    assert "Pump" in new


def test_an_import_of_everything_is_refused():
    with pytest.raises(ValueError, match="import"):
        renamed({"firmware.a": "from firmware.b import *\n"})


def test_the_platform_is_known_by_its_stubs():
    names = rename.platform_names()
    assert {"mem32", "ifconfig", "rxbuf", "sleep_ms", "StreamReader", "appendleft"} <= names
    assert {"set_filters", "restart"} <= names  # machine.CAN
    assert {"PULL_UP", "WDT", "STA_IF", "unique_id", "ilistdir", "heap_lock"} <= names


def test_words_outside_are_names_and_texts_but_no_comments():
    found = rename.words("import a.b\n# remark\nx.y('status now', k=1)\n")
    assert {"a", "b", "x", "y", "status", "now", "k"} <= found and "remark" not in found


def test_what_is_asked_of_machine_can_keeps_its_name():
    """There are no stubs of it and nothing on the bench has it: only a chip could tell."""
    path = ROOT / "firmware" / "drivers" / "can" / "native.py"
    _, new = renamed({"firmware.native": path.read_text()}, (), rename.platform_names())
    asked = set(re.findall(r"self\._(?:can|class)\.(\w+)", path.read_text()))
    assert "set_filters" in asked and not asked & set(new)
