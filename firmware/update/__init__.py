"""Updates: signed files, unpacked into the idle code slot, on trial until they work."""
