"""Files that survive a power cut: atomic files, the append-only journal, the energy register."""
