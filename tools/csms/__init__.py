"""The bench's central system: a small OCPP 1.6J server that answers everything a charger sends.

`CentralSystem` can be used inside a test or a tool; `python -m tools.csms` runs it alone.
It is a bench instrument, not a product: every identifier and every tag is accepted.
"""

from tools.csms.central_system import PATH, CentralSystem
from tools.csms.charger import CallFailed, Charger, NotConnected
from tools.csms.events import Event
from tools.csms.store import Store

__all__ = ["PATH", "CallFailed", "CentralSystem", "Charger", "Event", "NotConnected", "Store"]
