"""What surrounds the chips: battery, vehicle, power module, contactor, tag reader."""
