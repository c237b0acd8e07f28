"""Sets up many boards from one table: every row is checked before any board is touched."""
