"""A MicroPython release from the network: found by its version, checked by its hash, kept."""

import hashlib
import http.server
import threading

import pytest

from host_tests.end_to_end.firmware_file import firmware_file
from tools.flash import download, partitions


@pytest.fixture
def site(tmp_path):
    """A web site: path -> content; `asked` are the paths that came."""

    class Site(http.server.BaseHTTPRequestHandler):
        files, asked, cut = {}, [], 0

        def do_GET(self):
            self.asked.append(self.path)
            data = self.files.get(self.path)
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write((data or b"")[: len(data or b"") - type(self).cut])

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Site
    server.shutdown()
    server.server_close()


NEWER = "ESP32_GENERIC-20250911-v1.26.1.bin"
PAGE = f'<a href="/resources/firmware/{NEWER}">x</a><a href="ESP32_GENERIC-OTA-x-v1.26.1.bin">'


def fetch(site, tmp_path, version="1.26.1", sha256=None):
    data = firmware_file()
    site.files.setdefault("/download/ESP32_GENERIC/", PAGE.encode())
    site.files.setdefault(f"/resources/firmware/{NEWER}", data)
    sha256 = hashlib.sha256(data).hexdigest() if sha256 is None else sha256
    return download.release(version, sha256, lambda *_: None, site.url, tmp_path / "store")


def test_a_release_is_found_by_its_version_checked_and_kept(site, tmp_path) -> None:
    assert fetch(site, tmp_path) == firmware_file()
    assert site.asked == ["/download/ESP32_GENERIC/", f"/resources/firmware/{NEWER}"]
    assert fetch(site, tmp_path) == firmware_file() and len(site.asked) == 2


def test_what_was_kept_and_is_damaged_is_fetched_again(site, tmp_path) -> None:
    fetch(site, tmp_path)
    (kept,) = (tmp_path / "store").iterdir()
    kept.write_bytes(b"half")
    assert fetch(site, tmp_path) == firmware_file()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sha256": "0" * 64}, "wanted was 0000"),
        ({"sha256": ""}, r"SHA-256 of MicroPython 1.26.1 is not known here.*SHA256="),
        ({"version": "1.99"}, "offers no version 1.99"),
    ],
)
def test_another_file_than_the_hash_says_is_not_used(site, tmp_path, change, text) -> None:
    with pytest.raises(partitions.FirmwareError, match=text):
        fetch(site, tmp_path, **change)
    assert not (tmp_path / "store").exists()


def test_a_download_that_breaks_off(site, tmp_path) -> None:
    site.cut = 1000
    with pytest.raises(partitions.FirmwareError, match="Broke|broke off|IncompleteRead"):
        fetch(site, tmp_path)


def test_without_a_network_the_way_out_is_told(tmp_path) -> None:
    with pytest.raises(partitions.FirmwareError, match="Without a network .* FIRMWARE="):
        download.release("1.24.0", None, lambda *_: None, "http://127.0.0.1:9", tmp_path)
    assert download._KNOWN["1.24.0"][1].startswith("648e655fdaa8")
