"""Energy meters: `poll(dt_ms)`, and a `MeterReading`."""
