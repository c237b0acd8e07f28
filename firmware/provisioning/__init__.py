"""The first start without a PC: an access point with a page. Loaded only while it is open."""
