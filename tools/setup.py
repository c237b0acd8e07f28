"""Makes .venv with the pinned packages of requirements.txt. `make setup` runs it.

It runs on whatever `python3` is, before anything is installed: standard library only, and a
syntax that an old Python still understands well enough to say that it is too old.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = os.path.join(ROOT, "requirements.txt")
OLDEST = (3, 11)


def say(text):
    """One line of progress."""
    print("  " + text, flush=True)


def make_venv():
    """Create .venv, also in place of one whose interpreter is gone. Exits with a hint."""
    if os.path.exists(PYTHON):
        check = "import sys; sys.exit(sys.version_info < (3, 11))"
        if subprocess.call([PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0:
            return
        say("the old .venv does not work any more: making it anew")
        shutil.rmtree(VENV)
    say("python %s in .venv" % sys.version.split()[0])
    made = subprocess.call([sys.executable, "-m", "venv", VENV])
    if made != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("python3 cannot make a virtual environment (Debian: apt install python3-venv)")


def install():
    """Install the pinned packages: one line for each, pip's own words only when it fails."""
    words = [PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    words += ["--progress-bar", "off", "-r", REQUIREMENTS]
    pip = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    lines = []
    for line in pip.stdout or ():
        lines.append(line)
        found = re.match(r"Collecting (\S+)", line)
        if found:
            say(found.group(1).replace("==", " "))
        elif line.startswith("Installing collected"):
            say("installing")
    if pip.wait() != 0:
        sys.stderr.writelines(lines[-15:])
        sys.exit("the packages of requirements.txt could not be installed")


def main():
    """Set up the PC side. Exits with one clear line when it cannot."""
    if sys.version_info < OLDEST:
        sys.exit(
            "Python %d.%d or newer is needed, python3 is %s. Name another one: "
            "make setup PYTHON=python3.12" % (OLDEST + (sys.version.split()[0],))
        )
    print("Setting up (once):", flush=True)
    make_venv()
    install()


if __name__ == "__main__":
    main()
