"""The virtual charger: hardware as a CPython process, the real firmware as its child."""
