"""The history as CSV (RFC 4180): all sessions, or the samples of one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

SESSIONS = (
    *("transaction_id", "charge_box_id", "connector_id", "id_tag", "start_timestamp"),
    *("stop_timestamp", "stop_reason", "meter_start", "meter_stop", "first_soc", "final_soc"),
    *("energy_delivered", "duration_minutes"),
)
SAMPLES = ("timestamp", "measurand", "context", "phase", "unit", "value")


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    """One line of names, then one a row; null is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A charger's text must not become a formula in a spreadsheet; numbers may be negative."""
    if isinstance(value, str) and value[:1] in tuple("=+-@\t\r"):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value
