"""Tag readers: `poll(dt_ms)` gives the idTag of a card that has just been presented, or None."""
