"""At boot: closes the session that a power cut left open. Loaded on demand, once."""

from firmware.ocpp import messages
from firmware.on_demand import load
from firmware.storage.files import read_json, remove

SNAPSHOT = "session.json"


def close_open_session(outbox: "Outbox", meter: "EnergyMeter", clock: "Clock", log: "Log") -> None:
    """Record summary and stop with reason PowerLoss, with the last numbers that are on flash."""
    txn = outbox.open_transaction()
    if not txn:
        return
    try:
        _close(txn, outbox, meter, clock)
        log.warn("charge", "session %d was cut by a power loss; closed", txn)
    except OSError as error:  # the next start of the charger tries again
        log.error("flash", "session %d cannot be closed: %s", txn, error)


def _close(txn: int, outbox: "Outbox", meter: "EnergyMeter", clock: "Clock") -> None:
    last = read_json(SNAPSHOT)
    if last.get("txn") != txn:
        last = {}
    if not outbox.has_summary(txn):
        mwh = (meter.wh - last.get("wh", meter.wh)) * 1000 + meter.mwh - last.get("mwh", meter.mwh)
        summary = load("firmware.ocpp.rivot").session_summary(
            last.get("soc_c100", -1), max(mwh, 0), last.get("ms", 0)
        )
        outbox.add("DataTransfer", summary, txn)
    unix_s = last.get("unix_s", clock.unix_s())
    stop = messages.stop_transaction(meter.wh, unix_s, messages.TID, "PowerLoss")
    outbox.add("StopTransaction", stop, txn)
    remove(SNAPSHOT)
