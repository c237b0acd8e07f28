"""Energy meters: one file a protocol."""
