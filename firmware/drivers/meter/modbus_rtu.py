"""Modbus RTU, our side: reads registers, one question at a time; finds the answer among noise.

hardware-protocols.md sections 0 and 5. The line is emptied before a question. An echo of our own
question, as some RS485 transceivers give it, is noise like any other.
"""

from struct import pack_into

from micropython import const

WAITING = const(0)
ANSWERED = const(1)
EXCEPTION = const(2)  # the meter says that it does not have this
SILENT = const(3)  # nothing in time, or nothing whole

_TIMEOUT_MS = const(300)
_QUESTION = const(8)
_AROUND = const(5)  # bytes of an answer that are not registers
_NOISE = const(16)


def crc16(data: "bytes | bytearray | memoryview") -> int:
    """The checksum, sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


class ModbusRtu:
    """The line to the meter at `address`; answers of up to `registers`. `uart` never waits.

    `data` are the registers of the last answer, until the next question.
    """

    def __init__(self, uart: "UART", address: int, registers: int) -> None:
        self._uart = uart
        self._address = address
        self._question = bytearray(_QUESTION)
        self._buffer = bytearray(_QUESTION + _NOISE + _AROUND + 2 * registers)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._waited_ms = 0
        self.data = self._view[:0]

    def ask(self, function: int, register: int, count: int) -> None:
        """Ask for `count` registers with function 3 or 4."""
        # Until nothing comes any more, but not for ever: the line may be held by a babbler.
        for _ in range(32):
            if not self._uart.any() or not self._uart.readinto(self._buffer):
                break
        question = self._question
        pack_into(">BBHH", question, 0, self._address, function, register, count)
        pack_into("<H", question, 6, crc16(memoryview(question)[:6]))
        self._filled = 0
        self._waited_ms = 0
        # Should it not be taken whole, no answer comes and it is asked again.
        self._uart.write(question)

    def poll(self, dt_ms: int) -> int:
        """What has become of the question; `dt_ms` since the last call."""
        self._waited_ms += dt_ms
        if self._uart.any():
            if self._filled == len(self._buffer):
                self._drop(self._filled // 2)
            self._filled += self._uart.readinto(self._view[self._filled :]) or 0
            outcome = self._find()
            if outcome:
                return outcome
        return SILENT if self._waited_ms >= _TIMEOUT_MS else WAITING

    def _drop(self, count: int) -> None:
        left = self._filled - count
        self._view[:left] = bytes(self._view[count : self._filled])
        self._filled = left

    def _find(self) -> int:
        view, question = self._view, self._question
        for at in range(self._filled - _AROUND + 1):
            if view[at] != question[0] or view[at + 1] & 0x7F != question[1]:
                continue
            size = _AROUND
            if view[at + 1] == question[1]:
                if view[at + 2] != 2 * question[5]:
                    continue
                size += view[at + 2]
            end = at + size
            # The checksum over frame and checksum is 0.
            if end <= self._filled and crc16(view[at:end]) == 0:
                self.data = view[at + 3 : end - 2]
                return EXCEPTION if size == _AROUND else ANSWERED
        return WAITING
