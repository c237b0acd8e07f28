"""`make run`: a central system, a virtual charger, and the guide's session between them."""
