"""The chip's file system as one littlefs2 image: what is in it, and a manifest that says so."""
