"""The lifetime energy register and the numbers that only ever grow, safe against power cuts.

Two files are written in turn; each holds a sequence number and a checksum, and the newer sound one
counts. A cut in the middle of a write costs that write, never the register.
"""

from binascii import crc32

from firmware.storage.files import read_bytes, write_atomic

_FIELDS = 5  # sequence, wh, mwh, transaction number, time


class EnergyRegister:
    """`path` + "0" and `path` + "1" are the two files; `clock` has `unix_s()`."""

    def __init__(self, path: str, clock: "Clock" = None) -> None:
        self._path = path
        self._clock = clock
        self._values = max(self._read("0"), self._read("1"))
        self.written_s = self._values[4]  # when, in the life before; 0 on a new charger

    def _read(self, which: str) -> "list[int]":
        parts = read_bytes(self._path + which).split(b" ")
        try:
            values = [int(part) for part in parts[:_FIELDS]]
            if len(values) == _FIELDS and int(parts[_FIELDS]) == _sum(values):
                return values
        except (ValueError, IndexError):
            pass
        return [0] * _FIELDS

    def _write(self) -> None:
        values = self._values
        values[0] += 1
        if self._clock:
            values[4] = self._clock.unix_s()
        text = " ".join([str(value) for value in values]) + " " + str(_sum(values))
        write_atomic(self._path + str(values[0] & 1), text.encode())

    def load(self) -> "tuple[int, int]":
        """The register as (Wh, mWh 0..999); (0, 0) on a new charger."""
        return self._values[1], self._values[2]

    def store(self, wh: int, mwh: int) -> None:
        """Write the register; a value below the stored one is ignored. Raises OSError."""
        if (wh, mwh) > self.load():
            self._values[1] = wh
            self._values[2] = mwh
            self._write()

    def next_transaction(self) -> int:
        """The next local transaction number, from 1; on flash before it is used."""
        self._values[3] += 1
        self._write()
        return self._values[3]


def _sum(values: "list[int]") -> int:
    return crc32(" ".join([str(value) for value in values]).encode())
