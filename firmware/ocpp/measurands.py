"""What can be measured: names, letters and units, in the order of samples.pack's arguments."""

LETTERS = "EWSVIOT"
UNITS = ("Wh", "W", "Percent", "V", "A", "A", "Celsius")
MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "SoC",
    "Voltage",
    "Current.Import",
    "Current.Offered",
    "Temperature",
)
