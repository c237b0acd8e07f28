"""The asyncio tasks: control loop, fieldbus, central-system link, charge point, housekeeping."""
