"""Work on a board that runs: new code, its console, its log, its data to the PC and back."""
