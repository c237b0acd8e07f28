"""The page as it is built: small, complete in both languages, nothing from elsewhere."""

import gzip
import json
import re

from firmware.charging.fault_texts import TEXTS
from firmware.charging.faults import FAULTS
from tools import page

FOLDER = page.ROOT / page.SOURCES
WORDS = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in ("en", "hi")}
SCRIPTS = "".join(
    (FOLDER / f"{name}.js").read_text() for name in ("phases", "chart", "app", "desk")
)


def test_it_is_small_and_always_the_same() -> None:
    page.make()
    first = (page.ROOT / page.RESULT).read_bytes()
    page.make()
    assert (page.ROOT / page.RESULT).read_bytes() == first
    assert len(first) < page.LARGEST
    assert gzip.decompress(first).decode() == page.assemble(FOLDER)


def test_nothing_is_left_to_include_and_nothing_comes_from_elsewhere() -> None:
    html = page.assemble(FOLDER)
    assert "<!-- include" not in html
    found = set(re.findall(r"(?:https?:)?//[\w.]+", html)) - {"http://www.w3.org"}
    assert found == set()
    assert "innerHTML" not in html and "eval(" not in html


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["hi"].keys()
    assert all(WORDS["hi"].values()) and all(WORDS["en"].values())


def test_every_fault_that_stops_the_charger_says_what_to_do() -> None:
    told = {row[0] for row in FAULTS if row[7] != "NoError"}
    assert told <= set(TEXTS)
    assert {key[6:] for key in WORDS["en"] if key.startswith("fault.")} == told


def test_every_word_that_is_used_is_there() -> None:
    html = (FOLDER / "index.htm").read_text()
    used = set(re.findall(r'data-text="(\w+)"', html))
    used |= set(re.findall(r'text\("([\w.]+)"\)', SCRIPTS))
    assert used <= set(WORDS["en"])
