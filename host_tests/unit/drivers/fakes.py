"""Stand-ins with behaviour for pins, buses and chips; they run on CPython and on MicroPython."""


class Pin:
    """A pin with a level; remembers what was written."""

    IN = 0
    OUT = 1

    def __init__(self, level=0):
        self.level = level
        self.writes = 0
        self.mode = None

    def __call__(self, level=None):
        if level is None:
            return self.level
        self.level = level
        self.writes += 1

    def init(self, mode, value=None):
        self.mode = mode
        if value is not None:
            self.level = value


class EdgePin(Pin):
    """An input that interrupts; `edges` were told, however many there were."""

    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, level):
        super().__init__(level)
        self.handler = None
        self.edges = 0

    def irq(self, handler, trigger=3):
        self.handler, self.trigger = handler, trigger

    def set(self, level):
        edge = self.IRQ_RISING if level > self.level else self.IRQ_FALLING
        self.level = level
        if self.handler and self.trigger & edge:
            self.edges += 1
            self.handler(self)


class Can:
    """A CAN back end: keeps what is sent, refuses while `free` is False."""

    def __init__(self):
        self.sent = []
        self.free = True
        self.keep = True

    def send(self, id, data, ext=True):
        if not self.free:
            return False
        if self.keep:
            self.sent.append((id, bytes(data)))
        return True

    def take(self):
        """What was sent since the last call, as (id, upper-case hex)."""
        sent, self.sent = self.sent, []
        return [(id, data.hex().upper()) for id, data in sent]


class Uart:
    """Bytes wait to be read."""

    def __init__(self, data=b""):
        self.waiting = bytearray(data)

    def any(self):
        return len(self.waiting)

    def readinto(self, buffer):
        if not self.waiting:
            return None
        count = min(len(buffer), len(self.waiting))
        for i in range(count):
            buffer[i] = self.waiting[i]
        self.waiting = self.waiting[count:]
        return count


class TwaiChip:
    """The registers behind `machine.mem32` as far as the driver needs them.

    In reset mode the buffer's addresses are the acceptance code and mask. `pending` is the frame
    in the transmit buffer; `acknowledge` puts it on the wire.
    """

    BASE = 0x3FF6B000

    def __init__(self):
        self.other = {0x3FF000C0: 0, 0x3FF000C4: 0}
        self.mode = 1
        self.registers = bytearray(32)
        self.code = bytearray(4)
        self.mask = bytearray(4)
        self.tx = bytearray(13)
        self.rx = [bytearray(13) for _ in range(4)]  # the FIFO, used in turn
        self.first = 0
        self.waiting = 0
        self.pending = False
        self.aborted = 0
        self.overrun = False
        self.bus_off = False
        self.errors = 0
        self.alive = True

    def deliver(self, info, *rest):
        """A frame from the wire; lost with an overrun when the FIFO is full."""
        if self.waiting == 4:
            self.overrun = True
            return
        frame = self.rx[(self.first + self.waiting) % 4]
        frame[0] = info
        for i in range(12):
            frame[1 + i] = rest[i] if i < len(rest) else 0
        self.waiting += 1

    def acknowledge(self):
        """Some other node takes the pending frame; returns it."""
        self.pending = False
        return bytes(self.tx)

    def clocked(self):
        return self.alive and self.other[0x3FF000C0] >> 19 & 1 and not self.other[0x3FF000C4]

    def __getitem__(self, address):
        register = (address - self.BASE) // 4
        if not 0 <= register < 32:
            return self.other[address]
        if not self.clocked():
            return 0
        if register == 0:
            return self.mode
        if register == 2:
            return (
                (1 if self.waiting else 0)
                | (2 if self.overrun else 0)
                | (0 if self.pending else 4)
                | (0x40 if self.errors >= 96 else 0)
                | (0x80 if self.bus_off else 0)
            )
        if register in (14, 15):
            return self.errors
        if 16 <= register < 29:
            return self.rx[self.first][register - 16]
        if register == 29:
            return self.waiting
        return self.registers[register]

    def __setitem__(self, address, value):
        register = (address - self.BASE) // 4
        if not 0 <= register < 32:
            self.other[address] = value
            return
        assert 0 <= value <= 0xFF
        if register == 0:
            self.mode = value
            if value & 1:
                self.pending = False
                self.waiting = 0
                self.bus_off = False
        elif register == 1:
            self.command(value)
        elif 16 <= register < 29:
            self.write_buffer(register - 16, value)
        else:
            assert self.mode & 1 or register == 4, "bus timing is writable in reset mode only"
            self.registers[register] = value

    def command(self, value):
        if value & 1:
            self.pending = True
        if value & 2 and self.pending:
            self.pending = False
            self.aborted += 1
        if value & 4 and self.waiting:
            self.first = (self.first + 1) % 4
            self.waiting -= 1
        if value & 8:
            self.overrun = False

    def write_buffer(self, i, value):
        if not self.mode & 1:
            self.tx[i] = value
        elif i < 4:
            self.code[i] = value
        else:
            self.mask[i - 4] = value


class Mcp2515Chip:
    """SPI slave with the MCP2515's commands; is `spi`, `cs` and INT pin in one place."""

    def __init__(self):
        self.registers = bytearray(128)
        self.cs = Pin(1)
        self.interrupt = Pin(1)
        self.alive = True
        self.dead_level = 0
        self.off_bus = False
        self.transfers = 0
        self.reset()

    def reset(self):
        for i in range(128):
            self.registers[i] = 0
        self.registers[0x0E] = 0x80
        self.registers[0x0F] = 0x87

    def deliver(self, buffer, *values):
        """Fill receive buffer 0 or 1 as a frame from the wire would: SIDH, SIDL, EID8 ..."""
        for i in range(len(values)):
            self.registers[0x61 + 16 * buffer + i] = values[i]
        self.registers[0x2C] |= 1 << buffer
        self.level()

    def acknowledge(self):
        """Some other node takes the pending frame; returns TXB0's id, length and data."""
        assert self.registers[0x30] & 8
        self.registers[0x30] &= ~8
        return bytes(self.registers[0x31:0x3E])

    def level(self):
        self.interrupt.level = 0 if self.registers[0x2B] & self.registers[0x2C] else 1

    def write(self, register, value):
        if register == 0x0F:
            self.registers[0x0E] = 0x00 if self.off_bus and not value & 0xE0 else value & 0xE0
            if self.off_bus and not value & 0xE0:
                self.registers[0x0E] = 0x80  # waits for a quiet bus
        elif register < 0x30 and register not in (0x2C, 0x2D) or register in (0x60, 0x70):
            assert self.registers[0x0E] == 0x80, "configuration mode only"
        self.registers[register] = value

    def write_readinto(self, out, into):
        assert self.cs.level == 0 and len(out) == len(into)
        self.transfers += 1
        if not self.alive:
            for i in range(len(into)):
                into[i] = self.dead_level
            return
        self.execute(out[0], out, into)
        self.level()

    def execute(self, command, out, into):
        registers = self.registers
        if command == 0xC0:
            self.reset()
        elif command == 0x03:
            into[2] = registers[out[1]]
        elif command == 0x02:
            for i in range(len(out) - 2):
                self.write(out[1] + i, out[2 + i])
        elif command == 0x05:
            assert out[1] in (0x0F, 0x2B, 0x2C, 0x2D, 0x30, 0x60, 0x70), "not bit-modifiable"
            self.write(out[1], registers[out[1]] & ~out[2] | out[3] & out[2])
        elif command == 0xA0:
            into[1] = registers[0x2C] & 3 | (registers[0x30] & 8) >> 1
        elif command == 0xB0:
            into[1] = (registers[0x2C] & 3) << 6
        elif command == 0x40:
            for i in range(len(out) - 1):
                registers[0x31 + i] = out[1 + i]
        elif command == 0x81:
            registers[0x30] |= 8
        elif command in (0x90, 0x94):
            buffer = (command - 0x90) // 4
            for i in range(len(into) - 1):
                into[1 + i] = registers[0x61 + 16 * buffer + i]
            registers[0x2C] &= ~(1 << buffer)
        else:
            raise AssertionError("unknown SPI command %02x" % command)
