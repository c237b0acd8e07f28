"""A board on a pseudo terminal: MicroPython's unix port on a littlefs image, with a raw REPL.

The port's own REPL has no raw mode before 1.27; a small program in it answers as the ESP32's does.
The flash is an image file, mounted as the root by MicroPython itself.
"""

import os
import pty
import signal
import subprocess
import tty
from pathlib import Path

from tools.image.filesystem import make, read
from tools.micropython import command

# argv: image file, what the charger answers when asked ("" at the prompt already).
_PROGRAM = """
import gc, io, os, sys, vfs
class Flash:
    def __init__(self, name):
        self.file = open(name, "r+b")
        self.blocks = os.stat(name)[6] // 4096
    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buf)
    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            offset = 0
        self.file.seek(block * 4096 + offset)
        self.file.write(buf)
        self.file.flush()
    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return 4096
        if op == 6:
            self.file.seek(arg * 4096)
            self.file.write(ERASED)
            self.file.flush()
        return 0
ERASED = b"\\xff" * 4096
class Machine:
    def WDT(self, timeout):
        print("watchdog", timeout)
    def reset(self):
        os.umount("/") if hasattr(os, "umount") else vfs.umount("/")
        sys.exit(3)
flash = Flash(sys.argv[1])
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(flash), "/")
os.chdir("/")
sys.modules["machine"] = Machine()
running = sys.argv[2]
byte = sys.stdin.buffer.read
def say(text):
    sys.stdout.write(text)
def friendly():
    global running
    while True:
        key = byte(1)
        if not key:
            sys.exit(0)
        if key == b"\\x16" and running:
            say("rivot: %s\\r\\n" % running)
        elif key == b"\\x03":
            if running:
                say("stopped from the console\\r\\n")
            running = ""
            say("\\r\\n>>> ")
        elif key == b"\\x01" and not running:
            say("raw REPL; CTRL-B to exit\\r\\n>")
            return
        elif key == b"\\x04":
            say("MPY: soft reboot\\r\\n")
def raw():
    text = b""
    while True:
        key = byte(1)
        if not key:
            sys.exit(0)
        if key == b"\\x02":
            say("\\r\\nMicroPython on a pty\\r\\n>>> ")
            return
        if key == b"\\x01" and text == b"\\x05A":
            say("R\\x00")
            text = b""
        elif key == b"\\x04":
            run(text)
            text = b""
        elif key != b"\\r" or text:
            text += key
def run(text):
    say("OK")
    wrong = io.StringIO()
    try:
        exec(text.decode(), names)
    except Exception as error:
        sys.print_exception(error, wrong)
    say("\\x04%s\\x04>" % wrong.getvalue())
    gc.collect()
names = {}
while True:
    friendly()
    raw()
"""


class PtyBoard:
    """`with PtyBoard(folder, files, running="Available -") as board:` its `port` is the terminal.

    running: what its charger answers when asked, "" when it stands at the prompt.
    """

    def __init__(
        self, folder: Path, files: dict[str, bytes], running: str = "", on: str = "micropython"
    ) -> None:
        self.image = folder / "board.img"
        self.image.write_bytes(make(files))
        words = command(on)
        assert words, "MicroPython is missing: make setup"
        self._master, slave = pty.openpty()
        self._slave = slave
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        # The program's terminal is the other end.
        self._process = subprocess.Popen(
            [*words, "-X", "heapsize=112k", "-c", _PROGRAM, str(self.image), running],
            stdin=self._master,
            stdout=self._master,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> "PtyBoard":
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self) -> None:
        """The cable is pulled, the chip's power with it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        for descriptor in (self._slave, self._master):
            try:
                os.close(descriptor)
            except OSError:
                pass
        self._slave = self._master = -1

    def was_reset(self) -> bool:
        """The chip has restarted by its own reset."""
        return self._process.wait(10) == 3

    def files(self) -> dict[str, bytes]:
        """What is on the flash."""
        return read(self.image.read_bytes())
