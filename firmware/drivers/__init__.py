"""Drivers of the hardware outside the chip; each is handed its bus or pins, none makes one."""
