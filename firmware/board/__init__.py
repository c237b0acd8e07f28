"""One file a board: its pins, its buses, and which driver sits where."""
