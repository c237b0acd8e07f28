"""Chips at register level, so that the firmware's own drivers work on them."""
