# What is frozen into the program: the port's own modules, the firmware and the board's libraries.
# From their sources, not from build/mpy: frozen code stays in flash, its names cost no RAM.
include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821
package("firmware", base_path="../..", opt=2)  # noqa: F821
package("microdot", base_path="../../lib", opt=2)  # noqa: F821
