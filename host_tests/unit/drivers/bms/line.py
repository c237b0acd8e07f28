"""A UART with a BMS at its other end, for the drivers' tests; on CPython and on MicroPython."""


class Line:
    """Answers what `answers` says: {question: answer}; what is not in it stays unanswered.

    `noise` comes before every answer, with `echo` also the question itself. With `bits` set, only
    that many bytes of what is waiting can be read at once.
    """

    def __init__(self, answers, noise=b"", echo=False, bits=0):
        self.answers = answers
        self.noise = noise
        self.echo = echo
        self.bits = bits
        self.asked = []
        self.waiting = bytearray()

    def any(self):
        return min(len(self.waiting), self.bits or len(self.waiting))

    def readinto(self, buffer):
        count = min(len(buffer), self.any())
        if not count:
            return None
        for i in range(count):
            buffer[i] = self.waiting[i]
        self.waiting = self.waiting[count:]
        return count

    def write(self, data):
        question = bytes(data)
        self.asked.append(question)
        answer = self.answers.get(question)
        if self.echo:
            self.waiting.extend(question)
        if answer is not None:
            self.waiting.extend(self.noise)
            self.waiting.extend(answer)
        return len(question)


def run(driver, reading, ms, dt_ms=10):
    """Poll for `ms`; the reading ages as in the core."""
    for _ in range(ms // dt_ms):
        reading.age_ms += dt_ms
        driver.poll(dt_ms)


def shown(reading):
    """What a BMS says, as a tuple."""
    return (
        reading.allowed,
        reading.voltage_mv,
        reading.current_ma,
        reading.soc_c100,
        reading.temperature_c10,
        reading.voltage_limit_mv,
        reading.current_limit_ma,
        reading.alarms,
    )
