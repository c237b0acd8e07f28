"""Energy meters on Modbus RTU: a PZEM-017, and one with the registers of two table meters.

Written from hardware-protocols.md section 5. They measure at the gun, behind the contactor.
"""

import struct
from collections.abc import Callable
from typing import Protocol

from tools.sim.chips.uart import Uart

_LATENCY_MS = 15.0
_SILENCE_MS = 3.0
_START_WH = 12_345.0  # it has been in use before
_READ_HOLDING, _READ_INPUT, _WRITE_ONE, _RESET_ENERGY = 3, 4, 6, 0x42
_NO_FUNCTION, _NO_REGISTER = 1, 2


class Circuit(Protocol):
    """Where it is wired."""

    wh: float

    def terminals(self) -> tuple[float, float]:
        """Volts and amps."""
        ...


def crc16(data: bytes) -> bytes:
    """CRC of Modbus as it is sent."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def framed(body: bytes) -> bytes:
    """With its checksum."""
    return body + crc16(body)


def low_word_first(value: int) -> bytes:
    """Two registers."""
    return struct.pack(">HH", value & 0xFFFF, value >> 16 & 0xFFFF)


def pzem_page(volts: float, amps: float, watts: float, wh: int) -> bytes:
    """Its eight input registers."""
    page = struct.pack(">HH", round(volts * 100), round(max(amps, 0) * 100))
    return page + low_word_first(round(max(watts, 0) * 10)) + low_word_first(wh) + bytes(4)


class ModbusSlave:
    """A meter at address 1; subclasses have the registers."""

    WIRE: tuple[object, ...] = ("uart", 9600, 8, None, 2)
    ADDRESS = 1

    def __init__(self, wire: Uart, now_ms: Callable[[], float], circuit: Circuit) -> None:
        self._uart = wire
        self._circuit = circuit
        self._heard = bytearray()
        self._heard_ms = 0.0
        self._reset_wh = circuit.wh - _START_WH
        self.on = True
        self.questions: list[bytes] = []  # those it answered, for tests
        wire.peer = self

    def switch(self, on: bool) -> None:
        """Power; its register outlasts a cut."""
        self.on = on
        self._heard.clear()

    def wh(self) -> float:
        """Since its register was last set to 0."""
        return self._circuit.wh - self._reset_wh

    def clear_energy(self) -> None:
        """Somebody sets its register to 0."""
        self._reset_wh = self._circuit.wh

    def receive(self, data: bytes, at_ms: float) -> None:
        """Bytes of the charger; a silence ends a frame."""
        if not self.on:
            return
        if at_ms - self._heard_ms > _SILENCE_MS + len(data) * 1.2:
            self._heard.clear()
        self._heard_ms = at_ms
        self._heard += data
        frame = bytes(self._heard)
        size = 4 if frame[1:2] == bytes((_RESET_ENERGY,)) else 8
        if len(frame) < size:
            return
        self._heard.clear()
        if len(frame) == size and frame[0] == self.ADDRESS and crc16(frame[:-2]) == frame[-2:]:
            self.questions.append(frame)
            self._uart.arrive(framed(self._answer(frame[1:-2])), at_ms + _LATENCY_MS)

    def _answer(self, question: bytes) -> bytes:
        function = question[0]
        head = bytes((self.ADDRESS, function))
        if function == _RESET_ENERGY:
            self.clear_energy()
            return head
        if function not in (_READ_HOLDING, _READ_INPUT):
            return bytes((self.ADDRESS, function | 0x80, _NO_FUNCTION))
        first, count = struct.unpack(">HH", question[1:5])
        page = self.page(function)
        data = b"".join(page.get(register, b"") for register in range(first, first + count))
        if len(data) != 2 * count:
            return bytes((self.ADDRESS, function | 0x80, _NO_REGISTER))
        return head + bytes((len(data),)) + data

    def page(self, function: int) -> dict[int, bytes]:
        """Register -> its two bytes."""
        raise NotImplementedError


def _registers(first: int, data: bytes) -> dict[int, bytes]:
    return {first + i // 2: data[i : i + 2] for i in range(0, len(data), 2)}


class Pzem017(ModbusSlave):
    """Input registers 0 to 7, holding registers 0 to 3."""

    def page(self, function: int) -> dict[int, bytes]:
        """As they are now."""
        if function == _READ_HOLDING:
            return _registers(0, struct.pack(">HHHH", 30000, 700, self.ADDRESS, 0))
        volts, amps = self._circuit.terminals()
        return _registers(0, pzem_page(volts, amps, volts * amps, int(self.wh())))


class TableMeter(ModbusSlave):
    """Function 4: floats where an SDM230 has them; function 3: words as in a DJSF1352.

    An SDM230 is an AC meter; here it shows the DC side, so that one truth serves both.
    """

    WIRE = ("uart", None, 8, None, 1)

    def page(self, function: int) -> dict[int, bytes]:
        """As they are now."""
        volts, amps = self._circuit.terminals()
        if function == _READ_HOLDING:
            return _registers(0, struct.pack(">HHhH", round(volts * 100), 1, round(amps * 100), 1))
        power = struct.pack(">f", volts * amps)
        page = _registers(0x00, struct.pack(">f", volts) + bytes(8))
        page |= _registers(0x06, struct.pack(">f", amps) + bytes(8))
        page |= _registers(0x0C, power)
        return page | _registers(0x48, struct.pack(">f", self.wh() / 1000))
