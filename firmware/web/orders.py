"""Start, stop, restart from the page. Loaded for one request.

Start and stop are those of a tag at the reader: the page presents the tag of the setting web_tag,
and everything that holds for a tag holds for it. Nothing here permits power. The tag is looked at
when this request is over, because that needs its memory: the page sees by the state what came of
it.
"""

_AUTHORIZATION = "firmware.services.authorization"
_JSON = "application/json"


def answer(web: "Listener", what: str) -> tuple:
    """a: start, z: stop, r: restart the charger."""
    charger = web.charger
    core = charger.core
    if what == "r":
        if core.session.open or core.connector.authorized:
            return web.code.refuse(web, 409, "not while a session runs")
        charger.log.info("web", "restart wanted by the page")
        point = charger.charge_point
        point.reset_at_s = charger.clock.uptime_s() + 1
        return 200, _JSON, b"{}"
    tag = charger.settings.web_tag
    if not tag:
        return web.code.refuse(web, 409, "no tag is set: the setting web_tag")
    running = core.session.open or core.connector.authorized
    if (what == "z") != running:
        why = "a session runs or begins already" if running else "no session runs"
        return web.code.refuse(web, 409, why)
    charger.log.info("web", "stop wanted by the page" if running else "start wanted by the page")
    charger.charge_point.hear(_AUTHORIZATION, "present", tag)
    return 200, _JSON, b"{}"
