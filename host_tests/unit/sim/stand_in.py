"""A tiny virtual hardware for the tests of the bench itself: pins, memory, nothing behind them."""


class HardwareError(Exception):
    """An access to something that is not there."""


class StandIn:
    """Pins 0 to 39 that remember; pin 33 is the gun."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.interrupts: list[int] = []
        self.levels = {33: 1}
        self.memory: dict[int, int] = {}
        self.advances = 0
        self.released = 0
        self.history: list[tuple[float, int, int]] = []

    def advance(self, to_ms: float) -> None:
        assert to_ms >= self.now_ms
        self.now_ms = to_ms
        self.advances += 1

    def _pin(self, pin: int) -> None:
        if not 0 <= pin < 40:
            raise HardwareError(f"no pin {pin}")

    def pin_mode(self, pin: int, mode: int, pull: int) -> None:
        self._pin(pin)

    def pin_write(self, pin: int, value: int) -> None:
        self._pin(pin)
        if self.levels.get(pin) != value:
            self.history.append((self.now_ms, pin, value))
        self.levels[pin] = value

    def pin_read(self, pin: int) -> int:
        self._pin(pin)
        return self.levels.get(pin, 0)

    def mem_read(self, address: int) -> int:
        return self.memory.get(address, 0)

    def mem_write(self, address: int, value: int) -> None:
        self.memory[address] = value

    def spi_init(self, bus: int, baudrate: int, polarity: int, phase: int) -> None:
        pass

    def spi_transfer(self, bus: int, data: bytes) -> bytes:
        return bytes(byte ^ 0xFF for byte in data)

    def uart_init(self, uart, baudrate, bits, parity, stop, tx, rx) -> None:
        self.uart = (uart, baudrate, bits, parity, stop, tx, rx)

    def uart_any(self, uart: int) -> int:
        return 3

    def uart_read(self, uart: int, n: int) -> bytes:
        return b"abc"[:n]

    def uart_write(self, uart: int, data: bytes) -> None:
        pass

    def adc_read_uv(self, pin: int) -> int:
        return 1_500_000

    def pwm(self, pin: int, freq: int, duty: int) -> None:
        pass

    def release_outputs(self) -> None:
        self.released += 1
        self.levels[25] = 0

    def command(self, words: list[str]) -> dict:
        if words == ["plug"]:
            self.levels[33] = 0
            return {"ok": True}
        return {"error": f"unknown command {' '.join(words)}"}

    def plant_state(self) -> dict:
        return {"plugged": not self.levels[33], "contactor": bool(self.levels.get(25))}
