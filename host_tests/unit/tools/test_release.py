"""The release tool: the same bytes for the same source, keys that fit, errors that help."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware import VERSION
from tools.release import __main__ as release
from tools.release.package import ReleaseError, check, make, private_pem, public_line, read_key

FILES = {"firmware/app.mpy": b"last", "firmware/a.mpy": b"", "m/b.mpy": b"code" * 100}
KEY = ec.derive_private_key(7, ec.SECP256R1())


def test_the_same_files_and_key_give_the_same_bytes():
    turned = dict(reversed(FILES.items()))
    assert make(FILES, "2.2.0", KEY) == make(turned, "2.2.0", KEY)
    assert make(FILES, "2.2.0", KEY) != make(FILES, "2.2.1", KEY)


def test_what_makes_the_slot_whole_comes_last():
    lines = check(make(FILES, "2.2.0", KEY), KEY.public_key())
    assert lines[:3] == ["version 2.2.0", "board rivot_100a", "mpy 6"]
    assert [line.split()[0] for line in lines[3:]] == [
        "firmware/a.mpy", "m/b.mpy", "firmware/app.mpy",
    ]  # fmt: skip
    with pytest.raises(ReleaseError, match=r"firmware/app.mpy is missing"):
        make({"m/b.mpy": b"x"}, "2.2.0", KEY)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:40] + bytes((data[40] ^ 1,)) + data[41:], "another key"),
        (lambda data: data[:80] + b"X" + data[81:], "another key"),
        (lambda data: data[:-1] + b"X", "is damaged"),
        (lambda data: data + b"X", "more in it"),
    ],
)
def test_its_own_check_finds_what_is_spoilt(spoil, says):
    with pytest.raises(ReleaseError, match=says):
        check(spoil(make(FILES, "2.2.0", KEY)), KEY.public_key())


def test_a_key_pair_is_made_once(tmp_path, capsys):
    path = tmp_path / "keys" / "update-key.pem"
    assert release.main(["--new-key", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".txt").read_text().split() == [
        public_line(read_key(path)), "update-key",
    ]  # fmt: skip
    before = path.read_bytes()
    assert release.main(["--new-key", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err and path.read_bytes() == before


def test_keys_that_do_not_fit_say_what_to_do(tmp_path, capsys):
    path = tmp_path / "key.pem"
    for content in (b"no key", private_pem(rsa.generate_private_key(65537, 2048)),
                    private_pem(ec.generate_private_key(ec.SECP384R1()))):  # fmt: skip
        path.write_bytes(content)
        assert release.main(["--key", str(path)]) == 1
        assert "--new-key" in capsys.readouterr().err
    assert release.main(["--key", str(tmp_path / "none.pem")]) == 1
    assert "--new-key" in capsys.readouterr().err


def test_a_release_is_what_the_source_is(tmp_path, capsys):
    path, out = tmp_path / "key.pem", tmp_path / "new.update"
    path.write_bytes(private_pem(KEY))
    assert release.main(["--key", str(path), "--version", "99.0"]) == 1
    assert f"the source says {VERSION}" in capsys.readouterr().err
    assert release.main(["--key", str(path), "--version", VERSION, "--out", str(out)]) == 0
    lines = check(out.read_bytes(), KEY.public_key())
    assert lines[0] == f"version {VERSION}" and len(lines) > 100
    assert "signed" in capsys.readouterr().out
