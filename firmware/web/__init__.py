"""The charger's own page. Only listener.py stays in memory, the rest is loaded while in use."""
