"""Everything that runs on the PC: set-up, checks, build, the virtual charger, the bench."""
