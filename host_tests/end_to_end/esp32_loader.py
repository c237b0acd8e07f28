"""An ESP32's boot loader on a pseudo terminal, for the real esptool.

It speaks the serial protocol of Espressif's documents ("Serial Protocol", ROM loader and stub):
SLIP frames, register access, upload of the stub to RAM, erase, writes, MD5. What is
written lands in `flash`.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib

ESP32 = 0x00F01D83
ESP32_S2 = 0x000007C6
_MAGIC_REGISTER = 0x40001000
_SPI = 0x3FF42000
_EFUSE = 0x3FF5A000
_MAC = bytes.fromhex("3c71bf112233")
_SYNC, _MEM_BEGIN, _MEM_END, _MEM_DATA = 0x08, 0x05, 0x06, 0x07
_UNKNOWN = b"\x01\x05"


class BootLoader:
    """A chip in download mode. `port` is the terminal to open.

    chip: what its magic register holds; size_mb: of its flash; dies_after: bytes of frames after
    which the cable is pulled; bad_byte: flash address whose byte reads back otherwise.
    """

    def __init__(
        self, chip: int = ESP32, size_mb: int = 4, dies_after: int | None = None,
        bad_byte: int | None = None, deaf: bool = False,
    ) -> None:  # fmt: skip
        self.flash = bytearray(b"\x00" * (size_mb << 20))  # what was in it before
        self.erased = False
        self.stub = False
        self.log: list[int] = []
        self._deaf = deaf
        self._dies_after = dies_after
        self._bad_byte = bad_byte
        self._heard = 0
        self._over = threading.Event()
        self._registers = {
            _MAGIC_REGISTER: chip,
            _EFUSE + 4: int.from_bytes(_MAC[2:], "big"),
            _EFUSE + 8: int.from_bytes(_MAC[:2], "big"),
        }
        self._flash_id = 0x4020 << 0 | (20 + size_mb.bit_length() - 1) << 16
        self._at = 0
        self._inflate: zlib._Decompress | None = None
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "BootLoader":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)

    def _run(self) -> None:
        rest = b""
        try:
            while not self._over.is_set():
                if not select.select([self._master], [], [], 0.02)[0]:
                    continue
                data = os.read(self._master, 65536)
                self._heard += len(data)
                if self._dies_after is not None and self._heard > self._dies_after:
                    return
                if self._deaf:
                    continue
                # What stands between two ends is a frame, or nothing.
                *frames, rest = (rest + data).split(b"\xc0")
                for frame in frames:
                    self._handle(_unescaped(frame))
        except OSError:
            pass
        finally:  # the cable is pulled
            os.close(self._slave)
            os.close(self._master)

    def _handle(self, frame: bytes) -> None:
        if len(frame) < 8 or frame[0] != 0:
            return
        _, op, size, _ = struct.unpack_from("<BBHI", frame)
        data = frame[8 : 8 + size]
        self.log.append(op)
        handler = _HANDLERS.get(op)
        if handler is None:
            self._answer(op, status=_UNKNOWN)
        elif op == _SYNC:
            for _ in range(8):
                self._answer(op, value=0x20120707)
        else:
            value, body = handler(self, data) or (0, b"")
            self._answer(op, value, body)
            if op == _MEM_END and data[4:] != bytes(4):
                self.stub = True
                self._send(b"OHAI")

    def _answer(self, op: int, value: int = 0, body: bytes = b"", status: bytes = b"\0\0") -> None:
        if not self.stub:
            status += b"\0\0"
        body += status
        self._send(struct.pack("<BBHI", 1, op, len(body), value) + body)

    def _send(self, packet: bytes) -> None:
        escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        try:
            os.write(self._master, b"\xc0" + escaped + b"\xc0")
        except OSError:
            pass

    # --- commands: data -> (value, body) ---

    def _read_register(self, data: bytes) -> tuple[int, bytes]:
        (address,) = struct.unpack_from("<I", data)
        return self._registers.get(address, 0), b""

    def _write_register(self, data: bytes) -> None:
        address, value, _, _ = struct.unpack_from("<IIII", data)
        if address == _SPI:  # runs a command of the flash chip, which is done at once
            answers = {0x9F: self._flash_id}
            opcode = self._registers.get(_SPI + 0x24, 0) & 0xFF
            self._registers[_SPI + 0x80] = answers.get(opcode, 0)
        else:
            self._registers[address] = value

    def _nothing(self, data: bytes) -> None:
        pass

    def _erase(self, data: bytes) -> None:
        self.flash[:] = b"\xff" * len(self.flash)
        self.erased = True

    def _begin(self, data: bytes) -> None:
        size, _, _, offset = struct.unpack_from("<IIII", data)
        end = -(-(offset + size) // 4096) * 4096
        self.flash[offset:end] = b"\xff" * (end - offset)
        self._at = offset
        self._inflate = None

    def _begin_deflated(self, data: bytes) -> None:
        self._begin(data)
        self._inflate = zlib.decompressobj()

    def _data(self, data: bytes) -> None:
        size, *_ = struct.unpack_from("<IIII", data)
        plain = data[16 : 16 + size]
        if self._inflate:
            plain = self._inflate.decompress(plain)
        self.flash[self._at : self._at + len(plain)] = plain
        self._at += len(plain)
        if self._bad_byte is not None and self._bad_byte < self._at:
            self.flash[self._bad_byte] ^= 1
            self._bad_byte = None

    def _md5(self, data: bytes) -> tuple[int, bytes]:
        address, size, _, _ = struct.unpack_from("<IIII", data)
        digest = hashlib.md5(self.flash[address : address + size])
        return 0, digest.digest() if self.stub else digest.hexdigest().encode()


def _unescaped(frame: bytes) -> bytes:
    return frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


_HANDLERS = {
    _SYNC: BootLoader._nothing,
    _MEM_BEGIN: BootLoader._nothing,
    _MEM_DATA: BootLoader._nothing,
    _MEM_END: BootLoader._nothing,
    0x09: BootLoader._write_register,
    0x0A: BootLoader._read_register,
    0x0B: BootLoader._nothing,  # flash parameters
    0x0D: BootLoader._nothing,  # attach the flash
    0x0F: BootLoader._nothing,  # baud rate
    0x02: BootLoader._begin,
    0x03: BootLoader._data,
    0x04: BootLoader._nothing,
    0x10: BootLoader._begin_deflated,
    0x11: BootLoader._data,
    0x12: BootLoader._nothing,
    0x13: BootLoader._md5,
    0xD0: BootLoader._erase,
}
