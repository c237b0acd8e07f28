"""A BMS that sends its frames unasked: how old the reading is, and whether all of it permits.

The reading is as old as the oldest frame that limits, permission and voltage rest on, so that no
frame covers up the silence of another.
"""

from firmware.charging.readings import STALE_MS


class UnaskedBms:
    """Driver; fills `reading`. What the frames mean is a subclass's business (`on_frame`).

    It numbers the frames whose age counts from 0 up; `needed` are the bits of those that must
    have come since plug-in. Of the others each counts from the first time it has come, and
    nothing is fresh before `listen_ms`, the time in which whatever a BMS sends has come once. The
    parts of the reading are the same bits.
    """

    def __init__(self, reading: "BmsReading", counting: int, needed: int, listen_ms: int) -> None:
        self._reading = reading
        self._ages_ms = [0] * counting
        self._needed = needed
        self._listen_ms = listen_ms
        self._listened_ms = 0
        self._denied = 0  # bits
        self.refused = 0

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """It is told nothing."""

    def poll(self, dt_ms: int) -> None:
        """Let the frames age; call it often."""
        ages_ms = self._ages_ms
        for number in range(len(ages_ms)):
            ages_ms[number] = min(ages_ms[number] + dt_ms, STALE_MS)
        self._listened_ms = min(self._listened_ms + dt_ms, STALE_MS) if self._reading.parts else 0

    def _judge(self, number: int, denies: bool) -> None:
        """Permission by a frame; one whose age does not count has a number of its own."""
        self._denied = self._denied & ~(1 << number) | denies << number
        if denies:
            self._reading.allowed = False

    def _heard(self, number: int, denies: bool) -> None:
        """A sound frame has come; `denies`: it forbids to charge."""
        reading = self._reading
        if not reading.parts:  # another vehicle
            self._denied = 0
        self._judge(number, denies)
        reading.parts |= 1 << number
        self._ages_ms[number] = 0
        parts = reading.parts
        if parts & self._needed != self._needed or self._listened_ms < self._listen_ms:
            return
        oldest_ms = 0
        for number in range(len(self._ages_ms)):
            if parts >> number & 1:
                oldest_ms = max(oldest_ms, self._ages_ms[number])
        reading.age_ms = oldest_ms
        reading.allowed = self._denied == 0
        if reading.soc_c100 >= 0:
            reading.complete = True
