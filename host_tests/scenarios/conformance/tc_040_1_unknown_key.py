"""TC_040_1_CS: ChangeConfiguration of an unknown key is NotSupported."""


def test_unknown_key(bench) -> None:
    before = bench.call("GetConfiguration")
    answer = bench.call("ChangeConfiguration", {"key": "Testing", "value": "1"})
    assert answer == {"status": "NotSupported"}
    assert bench.call("GetConfiguration") == before
