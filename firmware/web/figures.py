"""Figures for machines and people: /status.json and /metrics. Loaded for one request."""

from firmware import VERSION
from firmware.on_demand import load
from firmware.web.public import quoted, state

_STATUS = (
    '{"public":%s,"version":"%s","model":%s,"network":{"name":%s,"up":%d},'
    '"server":{"url":%s,"online":%d,"queued":%d},'
    '"heap":{"free":%d,"used":%d},"loop":{"tick_max_ms":%d},"uptime_s":%d,'
    '"register_wh":%d,"module":{"mv":%d,"ma":%d,"temperature_c10":%d},"gun_c10":%d,'
    '"web":{"viewers":%d,"refused":%d}}'
)
# A row each: name, kind, then a key of the figures.
_METRICS = """
online gauge
queued_messages gauge
charging gauge
faulted gauge
power_watts gauge
soc_percent gauge
session_energy_wh gauge
energy_wh_total counter
heap_free_bytes gauge
heap_used_bytes gauge
tick_max_ms gauge
uptime_seconds counter
web_viewers gauge
web_refused_total counter
"""


def answer(web: "Listener", what: str) -> tuple:
    """u: /status.json, m: /metrics."""
    charger = web.charger
    now = load("firmware.status").of(charger)
    if what == "m":
        lines = list(_metrics(web, charger, now))  # now, or a half would be sent
        return 200, "text/plain; version=0.0.4; charset=utf-8", (line for line in lines)
    return 200, "application/json", _status(web, charger, now).encode()


def _status(web: "Listener", charger: "Charger", now: dict) -> str:
    core = charger.core
    link = charger.network
    settings = charger.settings
    return _STATUS % (
        state(charger),
        VERSION,
        quoted(settings.charge_point_model),
        quoted(link.name if link else ""),
        link.up if link else 1,
        quoted(settings.csms_url),
        now["online"],
        now["queued"],
        now["heap_free"],
        now["heap_used"],
        now["tick_max_ms"],
        now["uptime_ms"] // 1000,
        now["energy_wh"],
        core.module.output_mv,
        core.module.output_ma,
        core.module.temperature_c10,
        core.gun_c10,
        len(web.viewers),
        web.door.refused,
    )


def _metrics(web: "Listener", charger: "Charger", now: dict) -> "Iterator[bytes]":
    """Prometheus text format 0.0.4, a metric at a time."""
    core = charger.core
    session = core.session
    values = (
        now["online"],
        now["queued"],
        core.connector.state == "Charging",
        core.fault() >= 0,
        core.meter.power_mw / 1000,
        core.bms.soc_c100 / 100 if core.bms.soc_c100 >= 0 else "NaN",
        session.energy_mwh / 1000,
        now["energy_wh"],
        now["heap_free"],
        now["heap_used"],
        now["tick_max_ms"],
        now["uptime_ms"] // 1000,
        len(web.viewers),
        web.door.refused,
    )
    rows = _METRICS.strip().split("\n")
    for index in range(len(rows)):
        name, _, kind = rows[index].partition(" ")
        value = values[index]
        if isinstance(value, bool):
            value = int(value)
        text = "# TYPE rivot_%s %s\nrivot_%s %s\n" % (name, kind, name, value)
        yield text.encode()
