"""PURE: connector states, supervisor, charge sequence, regulator, energy meter, session."""
