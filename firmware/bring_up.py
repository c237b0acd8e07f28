"""Looks at an unknown board piece by piece from the REPL, outputs off (docs/bring-up.md).

Nothing here can switch power on: the outputs are only ever driven low, and a power module's
driver, as it is made, says "off" and nothing else. Every call ends by itself.
"""

import binascii
import time

import machine
from machine import Pin

from firmware.drivers.can import Frame
from firmware.errors import ChargerError
from firmware.log import Log
from firmware.net.clock import Clock
from firmware.on_demand import load

_LOOK_MS = 10
_OUTPUTS = ((25, "contactor coil"), (26, "coil enable"), (17, "lamp"))
_INPUTS = (  # GPIO, what it is, what low means, what high means
    (27, "contactor feedback", "closed", "open"),
    (32, "E-stop", "healthy", "pressed, or its wire is broken"),
    (33, "gun", "plugged", "unplugged"),
    (13, "button", "pressed", "not pressed"),
)
_NO_PULL = 34  # this GPIO and those above have no pull resistor of their own
_CONTACTS = ("door_pin", "earth_fault_pin")  # low: closed, healthy
_KINDS = ("bms", "power", "meter", "reader")


def outputs() -> None:
    """Drive every output low and say what the pins read back."""
    for number, what in _OUTPUTS:
        level = Pin(number, Pin.OUT, value=0)()
        print("GPIO %2d  %-18s %s" % (number, what, "low" if not level else "HIGH: shorted?"))


def inputs() -> None:
    """Every digital input as it is at this moment, and what the charger would make of it."""
    rows = list(_INPUTS)
    options = _options()
    for key in _CONTACTS:
        number = options[key]
        if number >= 0:
            rows.append((number, key[:-4], "closed", "open, or its wire is broken"))
    for number, what, low, high in rows:
        pull = Pin.PULL_UP if number < _NO_PULL else None
        level = Pin(number, Pin.IN, pull)()
        print("GPIO %2d  %-18s %d  %s" % (number, what, level, high if level else low))


def analog(number: int) -> int:
    """Millivolts at an ADC pin (32 to 39), the mean of 16 looks; printed, too."""
    adc = machine.ADC(Pin(number), atten=machine.ADC.ATTN_11DB)
    total_uv = 0
    for _ in range(16):
        total_uv += adc.read_uv()
    print("GPIO %2d  %d mV" % (number, total_uv // 16_000))
    return total_uv // 16_000


def can(kind: str, seconds: int = 5) -> dict:
    """What is heard on the CAN bus of `kind` ("bms" or "power"): id -> frames; nothing is sent.

    ChargerError: the options have no CAN there, or its controller does not answer.
    """
    wiring, wants = _wanted(kind, ("can",))
    bus = wiring.wire(kind, wants)
    bus.set_filters(())
    frame = Frame()
    heard = {}
    end = time.ticks_add(time.ticks_ms(), seconds * 1000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        while bus.receive(frame):
            if frame.id not in heard and len(heard) < 40:  # a bus has no more; noise might
                data = _hex(memoryview(frame.data)[: frame.len])
                print("%s  %s" % ("%08X" % frame.id if frame.ext else "%8X" % frame.id, data))
                heard[frame.id] = 0
            if frame.id in heard:
                heard[frame.id] += 1
        time.sleep_ms(_LOOK_MS)
    state = ("error-active", "warning", "passive: nobody acknowledges", "bus-off")[bus.state()]
    print("%d ids, %d frames; the controller: %s" % (len(heard), sum(heard.values()), state))
    if not heard:
        print("nothing heard: CAN-H and CAN-L swapped? bit rate? 120 ohms at both ends? power?")
    return heard


def uart(kind: str, seconds: int = 5) -> int:
    """Bytes heard on the UART of `kind`, printed; how many. Nothing is sent."""
    wiring, wants = _wanted(kind, ("uart",))
    wire = wiring.wire(kind, wants)
    buffer = bytearray(32)
    total = 0
    end = time.ticks_add(time.ticks_ms(), seconds * 1000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        count = wire.readinto(buffer) or 0
        if count and total < 2000:
            print(_hex(memoryview(buffer)[:count]))
        total += count
        time.sleep_ms(_LOOK_MS)
    print("%d bytes%s" % (total, "" if total else "; a device that is asked first stays silent"))
    return total


def driver(kind: str, seconds: int = 5) -> object:
    """Run the chosen driver of `kind` and print what it has read; a module stays off.

    ChargerError: there is no such kind, nothing is chosen, or a controller does not answer.
    """
    if kind not in _KINDS or getattr(_options(), kind) == "none":
        raise ChargerError("hardware.json: no %s is chosen" % kind)
    board = load("firmware.board.rivot_100a")
    wiring = board.Wiring(_settings(), _options(), _check_pins())
    reading = board.reading_of(kind)
    device = wiring.driver(kind, reading)
    _run(device, wiring.buses, seconds)
    values = reading.__dict__ if reading else {}
    for key in sorted(values):
        print("%-18s %s" % (key, values[key]))
    return reading


def _run(device: object, buses: list, seconds: int) -> None:
    frame = Frame()
    tag = None
    end = time.ticks_add(time.ticks_ms(), seconds * 1000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        for bus, drivers in buses:
            while bus.receive(frame):
                drivers[0].on_frame(frame)
        tag = device.poll(_LOOK_MS)
        if tag:
            print("tag", tag)
        time.sleep_ms(_LOOK_MS)


def _wanted(kind: str, kinds_of_wire: tuple) -> tuple:
    if kind not in _KINDS:
        raise ChargerError("%s: one of %s wanted" % (kind, ", ".join(_KINDS)))
    options = _options()
    name = options[kind]
    wants = load("firmware.drivers.%s.%s" % (kind, name)).WIRE if name != "none" else ()
    if not wants or wants[0] not in kinds_of_wire:
        raise ChargerError("hardware.json: %s=%s has no %s" % (kind, name, kinds_of_wire[0]))
    return load("firmware.board.rivot_100a").Wiring(_settings(), options, _check_pins()), wants


def _hex(data: memoryview) -> str:
    return binascii.hexlify(data, " ").decode()


def _options() -> "Options":
    return load("firmware.board.options").read(Log(Clock(machine.RTC())))


def _check_pins() -> "Callable":
    return load("firmware.board.options").check_pins


def _settings() -> "Settings":
    return load("firmware.settings").defaults()
