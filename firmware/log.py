"""A small log: component first, text formatted only when the level lets it through.

On the chip the build has put the texts into a file on flash, and `text` is the place in it; a line
that is not printed costs nothing but its number. Lines go to `write` (the console by default) and
into a ring in RAM, from where log_keeper.py brings what matters to flash. A flood of
lines is cut short and counted. Nothing secret may be handed in, nor anything by the control tick:
a line allocates.
"""

from micropython import const

DEBUG, INFO, WARNING, ERROR = range(4)
_LETTERS = "DIWE"
_RING = const(1024)  # bytes of lines in RAM
_LONGEST = const(200)  # characters of a line
_BURST = const(40)  # lines at once; then one a second
_FOR_ERRORS = const(10)  # of them, so that a flood of warnings hides no error
KEY = ("app", "charge", "fault", "update")  # what they say is kept, whatever its level


def _text_at(place: int) -> str:
    """The text that the build moved to `place`; the place itself when the file is not there."""
    try:
        with open(__file__.rpartition("/")[0] + "/log.txt", "rb") as file:
            file.seek(place)
            return file.readline()[:-1].decode()
    except OSError:
        return "(text %d)" % place


class Log:
    """Writes lines like `   12.345 W ocpp: retry in 4 s`.

    `file_level`: from which level on lines are meant for flash. `made`: bytes of lines so far, of
    which `ring` has the last; `kept`: up to which they are on flash; `pending`: the rest has
    something for it, to be seen to at uptime `due_s`.
    """

    def __init__(
        self, clock: "Clock", level: int = INFO, write: "Callable" = print, size: int = _RING
    ) -> None:
        self._clock = clock
        self.level = level
        self.file_level = WARNING
        self._write = write
        self.ring = bytearray(size)
        self.made = self.kept = self.due_s = 0
        self.pending = False
        self._room = _BURST
        self._filled_s = 0
        self._suppressed = 0  # lines since the last one that was let through

    def _line(self, level: int, component: str, text: "str | int", args: tuple) -> None:
        if level < self.level:
            return
        try:
            if self.level and not self._let_through(level):  # everything is shown at DEBUG
                return
            if isinstance(text, int):
                text = _text_at(text)
            if args:
                try:
                    text = text % args
                except (TypeError, ValueError):  # log.txt is missing or of another build
                    text = "%s %r" % (text, args)
            self.put(level, component, text)
        except MemoryError:
            pass  # nothing may fail for want of a line

    def _let_through(self, level: int) -> bool:
        now_s = self._clock.uptime()[0]
        self._room = min(_BURST, self._room + now_s - self._filled_s)
        self._filled_s = now_s
        if self._room <= (0 if level == ERROR else _FOR_ERRORS):
            self._suppressed += 1
            return False
        self._room -= 1
        count, self._suppressed = self._suppressed, 0
        if count:
            self.put(WARNING, "log", "%d lines left out" % count)
        return True

    def put(self, level: int, component: str, text: str) -> None:
        """A line that is not refused and has nothing to fill in."""
        seconds, ms = self._clock.uptime()
        line = "%5d.%03d %s %s: %s" % (seconds, ms, _LETTERS[level], component, text[:_LONGEST])
        if "\n" in line:
            line = line.replace("\n", " ")
        self._write(line)
        if level >= self.file_level or component in KEY:
            self.pending = True
        data = (line + "\n").encode()
        ring = self.ring
        at = self.made % len(ring)
        first = len(ring) - at
        ring[at : at + len(data)] = data[:first]  # never longer: a slice that grows is a bug
        if first < len(data):
            ring[: len(data) - first] = data[first:]
        self.made += len(data)

    def debug(self, component: str, text: str, *args: object) -> None:
        """For the bench; off by default."""
        self._line(DEBUG, component, text, args)

    def info(self, component: str, text: str, *args: object) -> None:
        """What a person reading along wants to know."""
        self._line(INFO, component, text, args)

    def warn(self, component: str, text: str, *args: object) -> None:
        """Something went wrong that the charger handles by itself."""
        self._line(WARNING, component, text, args)

    def error(self, component: str, text: str, *args: object) -> None:
        """Something that needs somebody."""
        self._line(ERROR, component, text, args)
