"""Who may charge, and who may stop: tags, the button, the server's word. Loaded on demand.

The order (OCPP 1.6 3.5): local authorization list, authorization cache, central system. The list
comes before the cache. Online, what they know suffices only with LocalPreAuthorize; the cache is
brought up to date by every answer that tells of a tag. Without an answer LocalAuthorizeOffline
lets those start that list or cache accept, and refuses those they do not. A tag that is in
neither needs AllowOfflineTxForUnknownId as well, and that the central system cannot be reached:
where those that are known must not start offline, the unknown must not either (the
specification leaves that open). An expired tag is refused by the charger's clock.

One question at a time; a tag that is presented meanwhile is ignored, the driver presents it
again. The question is in `point.asking`: (idTag, does it stop a session).
"""

from firmware.ocpp.payloads import authorize
from firmware.ocpp.tag_records import PARENT, STATUS, accepted, record, same
from firmware.on_demand import load

_TAGS = "firmware.services.tags"
_LOCAL_STOP = "Local"


def present(point: "ChargePoint", id_tag: str) -> None:
    """A tag is at the reader: it starts; it, or one of the same parent, stops."""
    core = point.core
    session = core.session
    if point.reset_at_s >= 0:
        return
    if session.open:
        if same(id_tag, session.id_tag):
            core.stop(_LOCAL_STOP, id_tag)
        else:
            _other_tag(point, id_tag)
    elif core.connector.authorized and same(id_tag, core.id_tag):
        core.deauthorize()
    elif point.keeps_out(id_tag, None):
        point.log.info("tag", "not now: reserved for another tag")
    else:
        ask(point, id_tag)


def button(point: "ChargePoint", id_tag: str) -> None:
    """The start button: it stops any session, and starts as the tag `id_tag`, if there is one."""
    if point.core.session.open:
        point.core.stop(_LOCAL_STOP)
    elif id_tag:
        present(point, id_tag)


def _other_tag(point: "ChargePoint", id_tag: str) -> None:
    """Where the session's tag has no parent, another one stops nothing: nobody is asked."""
    if not _parent(point):
        point.log.info("tag", "another session is running")
        return
    row = load(_TAGS).known(point, id_tag)
    if row and row[PARENT] and accepted(row, point.clock.unix_s()):
        may_stop(point, id_tag, True, row[PARENT])
    else:
        ask(point, id_tag, True)


def _parent(point: "ChargePoint") -> str:
    """Parent of the tag that started the running session, "" when it has none or none is known."""
    id_tag = point.core.session.id_tag
    of_tag, parent = point.parent
    if parent and of_tag == id_tag:
        return parent
    row = load(_TAGS).known(point, id_tag)
    return row[PARENT] if row else ""


def ask(point: "ChargePoint", id_tag: str, stops: bool = False) -> bool:
    """Find out, then `permitted` or, if it `stops`, `may_stop`; at once or with the answer.

    False while another tag's answer is under way.
    """
    if point.asking:
        same_tag = same(point.asking[0], id_tag)
        if not same_tag:
            point.log.info("tag", "not now: another tag is being asked for")
        return same_tag
    row = load(_TAGS).known(point, id_tag)
    link = point.link
    if not link.online:
        _without_answer(point, id_tag, stops, row)
    elif point.keys.get("LocalPreAuthorize") and row and accepted(row, point.clock.unix_s()):
        _result(point, id_tag, stops, True, row[PARENT])
    else:
        point.asking = id_tag, stops
        link.send("Authorize", authorize(id_tag), point.asked)
    return True


def told(point: "ChargePoint", id_tag: str, stops: bool, payload: "dict | None") -> None:
    """The answer to Authorize; None: there was no good one."""
    if payload is None:
        _without_answer(point, id_tag, stops, load(_TAGS).known(point, id_tag))
        return
    row = record(payload.get("idTagInfo"))
    if row is None:
        _result(point, id_tag, stops, False, "")
        return
    _result(point, id_tag, stops, row[STATUS] == "Accepted", row[PARENT])
    point.hear(_TAGS, "note", id_tag, row)


def _without_answer(point: "ChargePoint", id_tag: str, stops: bool, row: "list | None") -> None:
    keys = point.keys
    allowed = keys.get("LocalAuthorizeOffline")
    if row:
        allowed = allowed and accepted(row, point.clock.unix_s())
    else:
        allowed = allowed and not point.link.online and keys.get("AllowOfflineTxForUnknownId")
    _result(point, id_tag, stops, allowed, row[PARENT] if row else "")


def _result(
    point: "ChargePoint", id_tag: str, stops: bool, is_accepted: bool, parent: str
) -> None:
    (may_stop if stops else permitted)(point, id_tag, is_accepted, parent)


def permitted(point: "ChargePoint", id_tag: str, is_accepted: bool, parent: str = "") -> None:
    """May it start: then the core has the permission."""
    core = point.core
    if not is_accepted:
        point.log.info("tag", "refused")
    elif point.keeps_out(id_tag, parent or ""):
        point.log.info("tag", "not now: reserved for another tag")
    elif not core.authorize(id_tag):
        point.log.info("tag", "not now: the connector is %s", core.connector.state)
    else:
        point.parent = id_tag, parent


def may_stop(point: "ChargePoint", id_tag: str, is_accepted: bool, parent: str) -> None:
    """Another tag than the session's: it stops when both have the same parent."""
    if is_accepted and parent and point.core.session.open and same(parent, _parent(point)):
        point.core.stop(_LOCAL_STOP, id_tag)
    else:
        point.log.info("tag", "does not stop this session")
