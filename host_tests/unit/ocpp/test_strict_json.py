import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.ocpp.strict_json import loads

GOOD = (
    '[2,"a","Reset",{"type":"Soft"}]',
    ' [ 1 , -2 , 0 , 1.5e+3 , true , false , null , "" , {} , [ ] ] \r\n',
    '{"a":{"b":[{"c":"d\\"e\\\\"}]},"\\u00e9\\n":"\\ud83d"}',
    '"x"',
    "1",
    '"é\U0001f600"',
    "[" * 16 + "]" * 16,
)
BAD = (
    *("", " ", "[", "]", "{", "[1", '["a', '[2,"a\\', '{"a":1', "[[]", "[}", "{]", "[1}"),
    *('[2 "a" "b" {}]', "{1:2}", "[1,]", "[,1]", '{"a"}', '{"a" "b"}', '{"a":}', '{"a":1,}'),
    *("{,}", "[] []", "[]x", "1 2", "tru", "truefalse", "nul", "True", "NaN", "Infinity"),
    *("-", "+1", "01", "-01", "1-2", "1.2.3", ".5", "0x10", "1_0", "1e", "9" * 33),
    *('["\\q"]', '["\\u12"]', '["\\u12g4"]', '["a\x01"]', '["a\nb"]', "['a']", "[1;2]"),
    *('{"a":1 "b":2}', '{"a":1:2}', "[:]", '"a" "b"', "[" * 17 + "]" * 17, "[" * 5000, "\x00"),
)


@pytest.mark.parametrize("text", GOOD)
def test_takes_json(text):
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize("text", BAD)
def test_refuses_what_only_looks_like_it(text):
    with pytest.raises(ValueError):
        loads(text)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(_values, st.booleans(), st.sampled_from([None, 1]))
def test_takes_all_that_json_writes(value, ascii_only, indent):
    assert loads(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@given(_values, st.data())
def test_agrees_with_the_strict_parser_on_damaged_texts(value, data):
    text = json.dumps([value])
    at = data.draw(st.integers(0, len(text) - 1))
    damage = data.draw(st.sampled_from(["", ",", '"', "]", "{", "\\", "0"]))
    text = text[:at] + damage + text[at + 1 :]
    try:
        wanted = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            loads(text)
    else:
        assert loads(text) == wanted
