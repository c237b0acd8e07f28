"""The central system's memory: SQLite, with the tables the integration guide asks servers to keep.

`vehicle_info` and `session_summary` are the guide's to the letter; `transactions`, `meter_values`,
`status` and `messages` (the raw conversation) stand beside them. Knows no network, prints nothing.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

FIRST_TRANSACTION = 130  # the guide's example
_KEEP_MESSAGES = 100_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vehicle_info (
    id INTEGER PRIMARY KEY, charge_box_id VARCHAR(50), connector_id INT, timestamp TIMESTAMP,
    initial_soc FLOAT, max_current FLOAT, voltage FLOAT, current FLOAT, temperature FLOAT);
CREATE TABLE IF NOT EXISTS session_summary (
    id INTEGER PRIMARY KEY, transaction_id INT, charge_box_id VARCHAR(50), timestamp TIMESTAMP,
    final_soc FLOAT, energy_delivered FLOAT, duration_minutes FLOAT);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY, charge_box_id VARCHAR(50), connector_id INT, id_tag VARCHAR(20),
    start_timestamp TIMESTAMP, meter_start INT,
    stop_timestamp TIMESTAMP, meter_stop INT, stop_reason VARCHAR(20));
CREATE TABLE IF NOT EXISTS meter_values (
    id INTEGER PRIMARY KEY, charge_box_id VARCHAR(50), connector_id INT, transaction_id INT,
    timestamp TIMESTAMP, measurand TEXT, context TEXT, phase TEXT, unit TEXT, value TEXT);
CREATE TABLE IF NOT EXISTS status (
    id INTEGER PRIMARY KEY, charge_box_id VARCHAR(50), connector_id INT, timestamp TIMESTAMP,
    status VARCHAR(20), error_code VARCHAR(30), info TEXT);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, charge_box_id VARCHAR(50), timestamp TIMESTAMP, direction TEXT,
    type INT, unique_id TEXT, action TEXT, payload TEXT, raw TEXT, problem TEXT);
CREATE INDEX IF NOT EXISTS transactions_of ON transactions (charge_box_id);
CREATE INDEX IF NOT EXISTS meter_values_of ON meter_values (transaction_id);
CREATE INDEX IF NOT EXISTS session_summary_of ON session_summary (transaction_id);
CREATE INDEX IF NOT EXISTS messages_of ON messages (charge_box_id, timestamp);
"""
# A summary that was sent twice counts once, the newest.
_SESSIONS = """
SELECT t.id AS transaction_id, t.charge_box_id, t.connector_id, t.id_tag, t.start_timestamp,
    t.stop_timestamp, t.stop_reason, t.meter_start, t.meter_stop,
    (SELECT value FROM meter_values WHERE transaction_id = t.id AND measurand = 'SoC'
     ORDER BY id LIMIT 1) AS first_soc,
    s.final_soc, s.energy_delivered, s.duration_minutes
FROM transactions t LEFT JOIN session_summary s ON s.id = (
    SELECT max(id) FROM session_summary
    WHERE transaction_id = t.id AND charge_box_id = t.charge_box_id)
WHERE ?1 IN ('', t.charge_box_id) ORDER BY t.id DESC LIMIT ?2
"""
TABLES = ("vehicle_info", "session_summary", "transactions", "meter_values", "status", "messages")


class Store:
    """One SQLite file, or a store in memory that dies with the process.

    Raises sqlite3.Error when the file cannot be opened or is no database.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # A bench does not need each row to outlive a power cut of the PC; a fsync each would cost.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        self._db.close()

    def rows(self, table: str, charge_box_id: str = "", limit: int = 1000) -> list[dict[str, Any]]:
        """The newest `limit` rows of a table, oldest first, of one charger or of all."""
        if table not in TABLES:
            raise ValueError(f"no table {table!r}")
        found = self._db.execute(
            f"SELECT * FROM {table} WHERE ?1 IN ('', charge_box_id) ORDER BY id DESC LIMIT ?2",
            (charge_box_id, limit),
        )
        return [dict(row) for row in found][::-1]

    def _insert(self, table: str, **values: Any) -> int:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        done = self._db.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values())
        )
        return done.lastrowid or 0

    def message(self, at: str, charge_box_id: str, data: dict[str, Any]) -> None:
        """Keep one message of the conversation, in the shape of a `message` event."""
        row = self._insert(
            "messages",
            charge_box_id=charge_box_id,
            timestamp=at,
            direction=data["direction"],
            type=data["type"],
            unique_id=data["unique_id"],
            action=data["action"],
            payload=json.dumps(data["payload"], separators=(",", ":")),
            raw=data["raw"],
            problem=data["problem"],
        )
        if row % 1000 == 0:
            self._db.execute("DELETE FROM messages WHERE id <= ?", (row - _KEEP_MESSAGES,))

    def vehicle_info(
        self, charge_box_id: str, connector_id: int, at: str, data: dict[str, float]
    ) -> None:
        """Keep the guide's VehicleInfo."""
        self._insert(
            "vehicle_info",
            charge_box_id=charge_box_id,
            connector_id=connector_id,
            timestamp=at,
            initial_soc=data["soc"],
            max_current=data["maxCurrent"],
            voltage=data["voltage"],
            current=data["current"],
            temperature=data["temperature"],
        )

    def session_summary(
        self, charge_box_id: str, transaction_id: int | None, at: str, data: dict[str, float]
    ) -> None:
        """Keep the guide's SessionSummary; it names no transaction, so the caller does."""
        self._insert(
            "session_summary",
            transaction_id=transaction_id,
            charge_box_id=charge_box_id,
            timestamp=at,
            final_soc=data["finalSoc"],
            energy_delivered=data["energyDelivered"],
            duration_minutes=data["durationMinutes"],
        )

    def status(self, charge_box_id: str, connector_id: int, at: str, data: dict[str, str]) -> None:
        """Keep one StatusNotification."""
        self._insert(
            "status",
            charge_box_id=charge_box_id,
            connector_id=connector_id,
            timestamp=at,
            status=data["status"],
            error_code=data["error_code"],
            info=data["info"],
        )

    def meter_value(
        self,
        charge_box_id: str,
        connector_id: int,
        transaction_id: int | None,
        at: str,
        sample: dict[str, str],
    ) -> None:
        """Keep one sampled value, with the defaults of OCPP 1.6 7.43 filled in."""
        self._insert(
            "meter_values",
            charge_box_id=charge_box_id,
            connector_id=connector_id,
            transaction_id=transaction_id,
            timestamp=at,
            measurand=sample.get("measurand", "Energy.Active.Import.Register"),
            context=sample.get("context", "Sample.Periodic"),
            phase=sample.get("phase", ""),
            unit=sample.get("unit", "Wh"),
            value=sample["value"],
        )

    def start_transaction(
        self, charge_box_id: str, connector_id: int, id_tag: str, at: str, meter_start: int
    ) -> int:
        """The transaction's id: a new, larger one; the old one when a start is sent again."""
        again = self._db.execute(
            "SELECT id FROM transactions WHERE charge_box_id = ? AND connector_id = ?"
            " AND id_tag = ? AND start_timestamp = ? AND meter_start = ?",
            (charge_box_id, connector_id, id_tag, at, meter_start),
        ).fetchone()
        if again:
            return int(again["id"])
        # One statement, so that two servers on one file cannot give out the same number.
        done = self._db.execute(
            "INSERT INTO transactions"
            " (id, charge_box_id, connector_id, id_tag, start_timestamp, meter_start)"
            " SELECT max(?, coalesce(max(id), 0) + 1), ?, ?, ?, ?, ? FROM transactions",
            (FIRST_TRANSACTION, charge_box_id, connector_id, id_tag, at, meter_start),
        )
        return done.lastrowid or 0

    def stop_transaction(
        self, charge_box_id: str, transaction_id: int, at: str, meter_stop: int, reason: str
    ) -> bool:
        """Close a transaction of this charger; False when there is none of that number."""
        done = self._db.execute(
            "UPDATE transactions SET stop_timestamp = ?, meter_stop = ?, stop_reason = ?"
            " WHERE id = ? AND charge_box_id = ?",
            (at, meter_stop, reason, transaction_id, charge_box_id),
        )
        return done.rowcount > 0

    def open_transaction(self, charge_box_id: str, transaction_id: int) -> dict[str, Any] | None:
        """What is known of a transaction of this charger that has not been stopped, or None."""
        found = self._db.execute(
            "SELECT id AS transaction_id, connector_id, id_tag, meter_start,"
            " start_timestamp AS timestamp FROM transactions"
            " WHERE id = ? AND charge_box_id = ? AND stop_timestamp IS NULL",
            (transaction_id, charge_box_id),
        ).fetchone()
        return dict(found) if found else None

    def sessions(self, charge_box_id: str = "", limit: int = 1000) -> list[dict[str, Any]]:
        """The newest `limit` transactions, newest first, each with its SessionSummary if one came
        (else null) and the state of charge of its first sample."""
        found = self._db.execute(_SESSIONS, (charge_box_id, limit))
        return [dict(row) for row in found]

    def samples(self, transaction_id: int, limit: int = 100_000) -> list[dict[str, Any]]:
        """The first `limit` sampled values of a transaction, in the order they came."""
        found = self._db.execute(
            "SELECT timestamp, measurand, context, phase, unit, value FROM meter_values"
            " WHERE transaction_id = ? ORDER BY id LIMIT ?",
            (transaction_id, limit),
        )
        return [dict(row) for row in found]

    def started_at(self, transaction_id: int) -> str:
        """The time stamp of a transaction's start, '' when there is no such transaction."""
        found = self._db.execute(
            "SELECT start_timestamp FROM transactions WHERE id = ?", (transaction_id,)
        ).fetchone()
        return str(found[0]) if found else ""

    def known_chargers(self, limit: int = 1000) -> dict[str, str]:
        """The charge boxes of the conversation and the time of each one's last message."""
        found = self._db.execute(
            "SELECT charge_box_id, max(timestamp) AS seen FROM messages"
            " GROUP BY charge_box_id ORDER BY seen DESC LIMIT ?",
            (limit,),
        )
        return {row["charge_box_id"]: row["seen"] for row in found}

    def newest_transaction(self, charge_box_id: str) -> dict[str, Any] | None:
        """The transaction this charger started last, open or closed."""
        found = self.rows("transactions", charge_box_id, 1)
        return found[0] if found else None
