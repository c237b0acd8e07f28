"""Battery management systems: `report`, `poll`, `on_frame`, and a `BmsReading`."""
