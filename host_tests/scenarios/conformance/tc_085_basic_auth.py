"""TC_085_CS: the handshake carries Basic authentication with the id of the URL and the key."""

from base64 import b64encode

from host_tests.scenarios.conformance.states import ACCEPTED, rebooted
from host_tests.scenarios.conftest import booted

ID, KEY = "RIVOT_100A_07", "sixteen-letters-of-a-key"


def test_credentials_after_a_reset(start) -> None:
    bench = start({"charge_box_id": ID, "authorization_key": KEY})
    booted(bench)
    bench.server.last_headers = {}
    bench.seen()
    assert bench.call("Reset", {"type": "Hard"}) == ACCEPTED
    rebooted(bench)
    assert bench.server.last_path.endswith(f"/{ID}")
    headers = {name.lower(): value for name, value in bench.server.last_headers.items()}
    wanted = b64encode(f"{ID}:{KEY}".encode()).decode()
    assert headers["authorization"] == f"Basic {wanted}"
