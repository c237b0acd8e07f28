"""The firmware of the Rivot DC charger; `app.py` builds it, `main.py` runs it."""

VERSION = "2.1.0"
