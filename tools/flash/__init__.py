"""Puts MicroPython and the charger's file system on a bare ESP32 board."""
