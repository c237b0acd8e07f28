"""What the answers to StartTransaction and StopTransaction say of a tag. Loaded on demand.

A start that is not Accepted ends its session or, with StopTransactionOnInvalidId false, holds its
energy back: MaxEnergyOnInvalidId more may flow, then it is SuspendedEVSE until it is stopped or
unplugged (OCPP 1.6 4.8, 9.1). Power that fails while it is held ends it.
"""

import json

from micropython import const

from firmware.ocpp.tag_records import PARENT, STATUS, record
from firmware.on_demand import load

_MOST_MWH = const(1 << 29)


def answered(
    point: "ChargePoint", action: str, txn: int, payload: dict, sent: "str | list[str]"
) -> None:
    """The answer to what was `sent` of the local transaction `txn`, running or long over."""
    session = point.core.session
    row = record(payload.get("idTagInfo"))
    if action == "StartTransaction":
        if not row or row[STATUS] != "Accepted":
            _withdraw(point, txn, row[STATUS] if row else "no idTagInfo")
        if row and row[PARENT] and session.txn == txn:
            point.parent = session.id_tag, row[PARENT]
            point.transactions.started["parent"] = row[PARENT]  # for after a power cut
    if row:
        id_tag = _id_tag(sent)
        if id_tag:
            point.hear("firmware.services.tags", "note", id_tag, row)


def _id_tag(sent: "str | list[str]") -> str:
    """The idTag of a StartTransaction or StopTransaction, "" when it has none."""
    text = sent if isinstance(sent, str) else sent[0]
    try:
        head = text.partition(',"transactionData"')[0].rstrip("}")  # it comes last
        return str(json.loads(head + "}").get("idTag", ""))
    except ValueError:
        return ""


def _withdraw(point: "ChargePoint", txn: int, status: str) -> None:
    """The server does not accept the tag of a start."""
    books = point.transactions
    session = point.core.session
    if books.pending and books.pending["txn"] == txn:
        load("firmware.services.recovery").close(books, "DeAuthorized")
    if not (session.open and session.txn == txn):
        return
    point.log.warn("ocpp", "the server does not accept the tag: %s", status)
    if point.keys.get("StopTransactionOnInvalidId"):
        point.core.stop("DeAuthorized")
    elif session.allowed_mwh < 0:
        more_mwh = point.keys.get("MaxEnergyOnInvalidId") * 1000
        session.allowed_mwh = min(session.energy_mwh + more_mwh, _MOST_MWH)
        books.started["tag"] = ""  # recovery.py: it does not go on
        try:
            books.snapshot()
        except OSError as error:
            point.log.error("flash", "no snapshot: %s", error)
