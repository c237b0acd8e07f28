"""Modules whose objects have private members in common are found, and no others."""

from pathlib import Path

import pytest

from tools.bundle import Module
from tools.families import families, shared_names
from tools.squeeze import shorten

BASE = (
    "class Base:\n    def __init__(self):\n        self._on = 0\n    def _send(self):\n"
    "        pass\n"
)
ALONE = "class Alone:\n    def f(self):\n        self._a = 1\n        return self._a\n"


def of(name, text):
    return Module(name, Path(f"/x/{name}.py"), text)


def found(**sources):
    modules = [of(f"firmware.{name}", text) for name, text in sources.items()]
    groups = families(modules)
    return {name.removeprefix("firmware.") for group in groups for name in group}


@pytest.mark.parametrize(
    "child",
    [
        "from firmware.base import Base\nclass C(Base):\n    pass\n",
        "from .base import Base as B\nclass C(B):\n    _send = 1\n",
        "from firmware import base\nclass C(base.Base):\n    def f(self):\n"
        "        self._own = 1\n",
        "def f(thing):\n    return thing._on\n",
    ],
)
def test_those_that_share_members(child):
    assert found(base=BASE, child=child, alone=ALONE) == {"base", "child"}


def test_a_base_s_base_counts():
    middle = "from firmware.base import Base\nclass Middle(Base):\n    pass\n"
    last = (
        "from firmware.middle import Middle\nclass Last(Middle):\n    def _send(self):\n"
        "        pass\n"
    )
    assert found(base=BASE, middle=middle, last=last, alone=ALONE) == {"base", "middle", "last"}


def test_a_base_without_private_members_ties_nobody():
    errors = "class Trouble(Exception):\n    pass\n"
    user = "from firmware.errors import Trouble\nclass Mine(Trouble):\n    _kind = 1\n"
    assert found(errors=errors, user=user, alone=ALONE) == set()


def test_members_of_other_people_tie_nobody():
    assert found(a="def f(core):\n    return core._io_queue\n", b=ALONE) == set()


def test_groups_that_have_a_module_in_common_are_one():
    sources = {
        "firmware.a": BASE,
        "firmware.b": "from firmware.a import Base\nclass B(Base):\n    pass\n",
        "firmware.c": ALONE.replace("_a", "_c"),
        "firmware.d": "def f(x):\n    return x._c\n",
        "firmware.e": "def f(x):\n    return x._on\n",
    }
    modules = [Module(name, Path(f"/{name}.py"), text) for name, text in sources.items()]
    groups = sorted(map(sorted, families(modules)))
    assert groups == [["firmware.a", "firmware.b", "firmware.e"], ["firmware.c", "firmware.d"]]


def test_a_member_that_several_files_share_becomes_the_same_in_each():
    child = (
        "from base import Base\n_LIMIT = 3\ndef _helper(x):\n    return x + _LIMIT\n"
        "class Child(Base):\n    def _send(self):\n        return _helper(self._on), self._own()\n"
        "    def _own(self):\n        return self._mine\n    _mine = 7\n"
    )
    base = BASE + "    def run(self):\n        return self._send()\n"
    names = shared_names([of("base", base), of("child", child)], {"base", "child"})
    made = shorten(base, "1", names["base"])
    made += shorten(child, "2", names["child"]).split("\n", 1)[1]
    assert not any(word in made for word in ("_send", "_on", "_own", "_mine", "_helper"))
    scope = {}
    exec(made, scope)
    assert scope["Child"]().run() == (3, 7)


def test_members_that_no_object_has_both_of_share_a_name():
    base = "class Base:\n    def run(self):\n        self._first = self._second = 0\n"
    one = "from base import Base\nclass One(Base):\n    _third = 1\n"
    other = "from base import Base\nclass Other(Base):\n    _fourth = 1\n"
    last = "from one import One\nclass Last(One):\n    _fifth = 1\n"
    reader = "def f(thing):\n    return thing._fourth\n"
    modules = [of("base", base), of("one", one), of("other", other), of("last", last)]
    modules.append(of("reader", reader))
    names = shared_names(modules, {module.name for module in modules})
    first, second = names["base"]["_first"], names["base"]["_second"]
    third, fourth, fifth = (
        names["one"]["_third"],
        names["other"]["_fourth"],
        names["last"]["_fifth"],
    )
    assert len({first, second, third, fifth}) == 4
    assert fourth in (third, fifth)
    assert names["reader"] == {"_fourth": fourth}
