"""The wire between the firmware's process (shim/link.py) and the hardware.

Request: 12 bytes little-endian (op u8, unit u8, payload length u16, arg i32, value u32), payload.
Reply: 8 bytes (status u8, flags u8, payload length u16, value u32), payload. Flag 1: a pin has
interrupted, ask by PIN_INTERRUPTED.
Requests from 0x80 on are posted: they have no reply, and an error of theirs comes with the next
one. The order of requests is the order of the stream. The shim repeats the numbers as constants;
host_tests/unit/sim/test_protocol.py compares them.
"""

import struct
from enum import IntEnum

REQUEST = struct.Struct("<BBHiI")
REPLY = struct.Struct("<BBHI")
POSTED = 0x80
NO_PIN = 255

OK = 0
FAULT = 1  # an access that the hardware does not know: RuntimeError in the firmware
OS_ERROR = 2  # what a real chip would report: OSError in the firmware


class Op(IntEnum):
    """What the firmware asks for."""

    PIN_READ = 0x01
    MEM_READ = 0x02  # arg address
    SPI_TRANSFER = 0x03  # payload out -> payload in
    SPI_READ = 0x04  # arg length, value filler
    UART_ANY = 0x05
    UART_READ = 0x06  # arg longest
    ADC_READ = 0x07
    RTC_READ = 0x08  # seconds since 1970
    RTC_MEMORY_READ = 0x09  # unit 1: how many bytes there are; 0: the bytes
    RESET_CAUSE = 0x0A
    RESET = 0x0B
    WLAN = 0x0C  # unit 0: active, 1: status
    RESOLVE = 0x0D  # payload "host port" -> port on 127.0.0.1
    FLASH_PROGRAM = 0x0E  # arg block, value offset
    FLASH_ERASE = 0x0F  # arg block
    ADVANCE = 0x10  # arg ms, -1 for ever -> ms that passed
    HELLO = 0x11  # value: bytes of the shim in the firmware's heap
    FLASH_COUNT = 0x12  # a folder as flash: a write begins -> 1: tear it; arg 1: torn, die
    PIN_INTERRUPTED = 0x13  # -> the pin of the oldest edge not told yet, or NO_PIN

    LISTEN = 0x14  # arg the firmware's port -> port on 127.0.0.1 to bind to, 0: any
    LINK = 0x15  # unit 1 access point, 2 LAN, 3 PPP; arg 0: active, 1: has it an address
    SCAN = 0x16  # -> names of Wi-Fi networks, one a line

    PIN_MODE = 0x80  # arg mode, value pull
    PIN_WRITE = 0x81
    MEM_WRITE = 0x82  # arg address
    SPI_INIT = 0x83  # arg baud, value polarity | phase << 1
    SPI_WRITE = 0x84
    UART_INIT = 0x85  # arg baud, value bits | parity << 8 | stop << 16, payload tx, rx
    UART_WRITE = 0x86
    PWM = 0x87  # arg Hz, value duty
    WDT_START = 0x88  # arg ms
    WDT_FEED = 0x89
    RTC_WRITE = 0x8A
    RTC_MEMORY_WRITE = 0x8B
    WLAN_SET = 0x8C  # unit 0: active (arg), 1: connect (name, password), 2: disconnect
    LINK_SET = 0x8E  # unit as LINK; arg 0 off, 1 on, 2 connect, 3 disconnect, 4 configure; texts
    PIN_INTERRUPT = 0x8D  # arg edges: 1 rising, 2 falling, 0 none
