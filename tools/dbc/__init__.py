"""Compiles a vehicle's DBC file into the table of the driver table_can (docs/dbc.md)."""
