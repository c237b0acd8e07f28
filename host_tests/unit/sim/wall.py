"""The virtual charger's command line with the stand-in hardware and the test firmware."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2]), str(HERE)]

from stand_in import StandIn  # noqa: E402

from tools.sim.__main__ import leave, parse  # noqa: E402
from tools.sim.runner import Runner  # noqa: E402

if __name__ == "__main__":
    leave(Runner(parse(), StandIn(), HERE / "firmware").run())
