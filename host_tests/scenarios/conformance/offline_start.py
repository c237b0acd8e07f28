"""A session that starts while the central system cannot be reached, by a tag that is known."""

from typing import Any

from host_tests.scenarios.conformance.states import TAG, change, listed, offline, present, seconds
from tools.sim.bench import Bench
from tools.sim.script import Entry


def known(bench: Bench, how: str) -> None:
    """The tag is Accepted in the local list or in the cache."""
    change(
        bench,
        LocalAuthorizeOffline=True,
        LocalAuthListEnabled=True,
        AuthorizationCacheEnabled=True,
        AllowOfflineTxForUnknownId=True,
    )
    if how == "listed":
        listed(bench, TAG)
    else:
        present(bench, TAG)
        bench.expect("Authorize", idTag=TAG)
        bench.expect("StatusNotification", status="Preparing", connectorId=1)
        present(bench, TAG)  # takes it back
        bench.expect("StatusNotification", status="Available", connectorId=1)


def start(bench: Bench) -> None:
    """Offline: plug, tag, Charging."""
    offline(bench)
    bench.command("plug")
    present(bench, TAG)
    bench.run_until(lambda: bench.state()["connector"] == "Charging", 20, "Charging")


def line_up(bench: Bench, **start_fields: Any) -> Entry:
    """The line is back; the StartTransaction, made when it was down."""
    bench.seen()
    back_s = bench.now_s
    bench.server.online(True)
    bench.expect("BootNotification", within_s=150)
    entry = bench.expect("StartTransaction", idTag=TAG, **start_fields)
    late_s = seconds(entry.payload["timestamp"]) - seconds("2026-01-21T09:50:00Z")
    assert late_s <= back_s
    return entry
