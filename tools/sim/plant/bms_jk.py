"""A JK BMS on its UART, protocol "4E 57": read all, in one long answer.

Written from hardware-protocols.md section 1.4.
"""

from tools.sim.plant.uart_vehicle import CELLS, UartVehicle

READ_ALL, ACTIVATE = 0x06, 0x01
_FROM_BMS, _FROM_PC = 0, 3
_QUESTION, _ANSWER = 0, 1
_CHARGE_OV_BIT = 1 << 2
# Token and bytes of its value, of what this one tells, in the order of the wire; then its value
# where it does not change. 79, the cells, comes before them.
_TOKENS = (
    (0x80, 2, None), (0x81, 2, None), (0x82, 2, None), (0x83, 2, None), (0x84, 2, None),
    (0x85, 1, None), (0x86, 1, 2), (0x87, 2, 17), (0x89, 4, 1280), (0x8A, 2, CELLS),
    (0x8B, 2, None), (0x8C, 2, None), (0x8E, 2, None), (0x8F, 2, 5600), (0x90, 2, None),
    (0x91, 2, 4150), (0x92, 2, 5), (0x93, 2, 2800), (0x94, 2, 2900), (0x95, 2, 5),
    (0x96, 2, 300), (0x97, 2, 100), (0x98, 2, 300), (0x99, 2, None), (0x9A, 2, 30),
    (0x9B, 2, 3450), (0x9C, 2, 10), (0x9D, 1, 1), (0x9E, 2, 90), (0x9F, 2, 70), (0xA0, 2, 100),
    (0xA1, 2, 100), (0xA2, 2, 20), (0xA3, 2, 70), (0xA4, 2, 70), (0xA5, 2, 0), (0xA6, 2, 5),
    (0xA7, 2, 0xFFEC), (0xA8, 2, 0xFFF6), (0xA9, 1, CELLS), (0xAA, 4, None), (0xAB, 1, None),
    (0xAC, 1, 1), (0xAD, 2, 725), (0xAE, 1, 1), (0xAF, 1, 1), (0xB0, 2, 10), (0xB1, 1, 20),
    (0xB2, 10, b"123456"), (0xB3, 1, 0), (0xB4, 8, b"Input Us"), (0xB5, 4, b"2106"),
    (0xB6, 4, 91_136), (0xB7, 15, b"H7.X__S7.1.0H__"), (0xB8, 1, 0), (0xB9, 4, 0),
    (0xBA, 24, b"BT3072020120000200521001"), (0xC0, 1, None),
)  # fmt: skip


def checksum(data: bytes) -> bytes:
    """Of everything before it."""
    return (sum(data) & 0xFFFF).to_bytes(4, "big")


def frame(command: int, source: int, kind: int, body: bytes) -> bytes:
    """Either way; `body` is what stands between the kind and the record number."""
    size = 11 + len(body) + 9
    head = b"NW" + (size - 2).to_bytes(2, "big") + bytes(4) + bytes((command, source, kind))
    data = head + body + bytes(4) + b"\x68"
    return data + checksum(data)


def question(command: int = READ_ALL) -> bytes:
    """As a PC asks."""
    return frame(command, _FROM_PC, _QUESTION, b"\x00")


def answer(body: bytes, command: int = READ_ALL) -> bytes:
    """As the BMS answers."""
    return frame(command, _FROM_BMS, _ANSWER, body)


def current(amps: float, version: int) -> int:
    """Token 84; `amps` into the battery."""
    if version == 0:
        return 10_000 - round(amps * 100)
    return abs(round(amps * 100)) | (0x8000 if amps > 0 else 0)


def temperature(celsius: float) -> int:
    """Tokens 80 to 82: 101 is -1 degree."""
    degrees = round(celsius)
    return degrees if degrees >= 0 else 100 - degrees


def cells(millivolts: list[int]) -> bytes:
    """Token 79."""
    each = (bytes((i + 1,)) + mv.to_bytes(2, "big") for i, mv in enumerate(millivolts))
    return bytes((0x79, 3 * len(millivolts))) + b"".join(each)


class JkVehicle(UartVehicle):
    """Answers at 115200 baud; `VERSION` is that of the protocol."""

    WIRE = ("uart", 115_200, 8, None, 1)
    LATENCY_MS = 20.0
    SLEEPS = True
    VERSION = 1

    def split(self, heard: bytes) -> int:
        """Length of the question that `heard` begins with."""
        if not b"NW".startswith(heard[:2]):
            return -1
        if len(heard) < 4:
            return 0
        size = int.from_bytes(heard[2:4], "big") + 2
        if not 20 <= size <= 64:
            return -1
        if len(heard) < size:
            return 0
        return size if checksum(heard[: size - 4]) == heard[size - 4 : size] else -1

    def answer(self, question: bytes) -> bytes:
        """What it says to that."""
        if question[8] != READ_ALL or question[10] != _QUESTION:
            return b""
        return answer(self.body())

    def body(self) -> bytes:
        """All tokens."""
        now = self._changing()
        tokens = cells([self.cell_mv()] * CELLS)
        for token, size, fixed in _TOKENS:
            value = now[token] if fixed is None else fixed
            raw = (
                value.ljust(size, b"\0")
                if isinstance(value, bytes)
                else value.to_bytes(size, "big")
            )
            tokens += bytes((token,)) + raw
        return tokens

    def _changing(self) -> dict[int, int]:
        heat = temperature(self.celsius)
        return {
            0x80: heat,
            0x81: heat,
            0x82: heat,
            0x83: round(self.volts() * 100),
            0x84: current(self.amps(), self.VERSION),
            0x85: round(self.battery.soc),
            0x8B: 0 if self.allowed else _CHARGE_OV_BIT,
            0x8C: 3 if self.allowed else 2,
            0x8E: round(self.voltage_limit * 100) + CELLS * 5,
            0x90: self.cell_limit_mv(),
            0x99: round(self.trips_at_amps()),
            0xAA: round(self.battery.capacity_ah),
            0xAB: 1,
            0xC0: self.VERSION,
        }
