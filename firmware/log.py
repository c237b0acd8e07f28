"""A small log: component first, text formatted only when the level lets it through.

On the chip the build has put the texts into a file on flash, and `text` is the place in it; a line
that is not printed costs nothing but its number. Lines go to `write` (the console by default).
Nothing secret may be handed in.
"""

DEBUG, INFO, WARNING, ERROR = range(4)
_LETTERS = "DIWE"


def _text_at(place: int) -> str:
    """The text that the build moved to `place`; the place itself when the file is not there."""
    try:
        with open(__file__.rpartition("/")[0] + "/log.txt", "rb") as file:
            file.seek(place)
            return file.readline()[:-1].decode()
    except OSError:
        return "(text %d)" % place


class Log:
    """Writes lines like `   12.345 W ocpp: retry in 4 s`."""

    def __init__(self, clock: "Clock", level: int = INFO, write: "Callable" = print) -> None:
        self._clock = clock
        self.level = level
        self._write = write

    def _line(self, level: int, component: str, text: "str | int", args: tuple) -> None:
        if level < self.level:
            return
        try:
            if isinstance(text, int):
                text = _text_at(text)
            if args:
                try:
                    text = text % args
                except (TypeError, ValueError):  # log.txt is missing or of another build
                    text = "%s %r" % (text, args)
            seconds, ms = self._clock.uptime()
            self._write("%5d.%03d %s %s: %s" % (seconds, ms, _LETTERS[level], component, text))
        except MemoryError:
            pass  # nothing may fail for want of a line

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
