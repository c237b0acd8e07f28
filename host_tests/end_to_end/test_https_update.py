"""An update by HTTPS on the wall clock: the central system's line and the file's both with TLS."""

import asyncio
import http.server
import shutil
import ssl
import threading

import pytest

from host_tests.scenarios.updates import KEY, LONG_AGO, signed, whole
from host_tests.unit.net.interpreters import ON
from tools.bench_power_path import Charger
from tools.bench_stress import Server, identity
from tools.release.package import public_line
from tools.sim import process
from tools.sim.flash import ImageFlash
from tools.update_layout import KEYS_FILE

# It has come. The rest is that of any update and takes a minute (scenarios/test_updates.py).
GOOD = ["Downloading", "Downloaded", "Installing"]


class Listening(Server):
    """Keeps what the charger tells of its update."""

    def __init__(self, tls):
        super().__init__(tls)
        self.told = []

    def _answer(self, action, payload):
        if action == "FirmwareStatusNotification":
            self.told.append(payload["status"])
        return super()._answer(action, payload)


@pytest.fixture
def folder(tmp_path):
    """With an identity: server.pem, ca.der; and another one that the charger does not know."""
    (tmp_path / "ca.der").write_bytes(identity(tmp_path))
    (tmp_path / "other").mkdir()
    identity(tmp_path / "other")
    return tmp_path


@pytest.fixture
def site(folder):
    """Starts an HTTPS server that has the update; answers its URL."""
    servers = []

    class Site(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=folder / "files")

        def log_message(self, *words):
            pass

    def started(certificate):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_port}/new.update"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


async def updated(on, folder, location, wanted):
    """What the charger told of the update until `wanted` came; what it has fetched."""
    flash = folder / "flash"
    image = ImageFlash(flash)
    key = public_line(KEY).encode() + b" test\n"
    image.prepare(
        process.code_files(None), {"/ca.der": (folder / "ca.der").read_bytes(), KEYS_FILE: key}
    )
    image.close()
    server = Listening(folder / "server.pem")
    charger = Charger(on, await server.start(), flash, {}, erase_ms=0)
    await charger.start()
    try:
        async with asyncio.timeout(50):
            while not (await charger.command("state"))["online"]:
                await asyncio.sleep(0.2)
            request = {"location": location, "retries": 0, "retrieveDate": LONG_AGO}
            await server.call("UpdateFirmware", request)
            while wanted not in server.told:
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(f"told: {server.told}\n{charger.said.decode()}")
    finally:
        await charger.close()
        server.close()
    return server.told, image.read("/update.bin") if "/update.bin" in image.names() else b""


@pytest.mark.parametrize("on", ON[2:])
def test_an_update_is_fetched_by_https(on, folder, site):
    (folder / "files").mkdir()
    update = signed(whole())
    (folder / "files/new.update").write_bytes(update)
    location = site(folder / "server.pem")
    assert asyncio.run(updated(on, folder, location, GOOD[-1])) == (GOOD, update)


@pytest.mark.parametrize("on", ON[2:])
def test_a_server_that_nobody_has_vouched_for_gives_no_update(on, folder, site):
    (folder / "files").mkdir()
    shutil.copy(folder / "ca.der", folder / "files/new.update")
    location = site(folder / "other/server.pem")
    told, fetched = asyncio.run(updated(on, folder, location, "DownloadFailed"))
    assert not fetched
    assert told == ["Downloading", "DownloadFailed"]
