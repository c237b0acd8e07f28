"""Run by test_no_allocation on MicroPython: what must not allocate, under a locked heap.

Each case is called a few times with the heap open, then with the heap locked; a MemoryError there
means that it allocates. Prints one line a case.
"""

import gc
import sys

import micropython

from firmware.charging.readings import BmsReading, ModuleReading
from firmware.drivers.bms.rivot import RivotBms
from firmware.drivers.button import Button
from firmware.drivers.can import Frame
from firmware.drivers.can.mcp2515 import Mcp2515
from firmware.drivers.can.twai import Twai
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from firmware.drivers.power.rivot import RivotModule
from firmware.drivers.reader.rdm6300 import Rdm6300
from host_tests.unit.drivers.fakes import Can, Mcp2515Chip, Pin, TwaiChip, Uart

ID = 0x1806E5F4
DATA = b"\x03\x70\x01\xc5\x00\x00\x00\x00"
frame = Frame()
twai_chip = TwaiChip()
twai = Twai(twai_chip, Pin(), Pin(), 21, 22)
mcp_chip = Mcp2515Chip()
mcp = Mcp2515(mcp_chip, mcp_chip.cs, mcp_chip.interrupt)
quiet = Can()
quiet.keep = False
module_reading = ModuleReading()
module = RivotModule(quiet, module_reading)
bms_reading = BmsReading()
bms = RivotBms(quiet, bms_reading)
pin = Pin(1)
pump = Pin(0)
gun = DigitalInput(pin, True, 100, 0)
button = Button(pin)
contactor = Contactor(Pin(), DigitalInput(pin), pump)
lamp = Lamp(Pin())
reader = Rdm6300(Uart())
step = 0
for _ in range(4):  # what the chips' receive buffers hold from now on
    twai_chip.deliver(0x88, 0xC0, 0x37, 0x2F, 0xA0, 3, 4)
mcp_chip.deliver(0, 0xC0, 0x2A, 0xE5, 0xF4, 8, 1, 2)
mcp_chip.deliver(1, 0xC0, 0x2A, 0xE5, 0xF4, 8, 1, 2)


def twai_send() -> None:
    twai.send(ID, DATA)
    twai.send(ID, DATA)  # refused
    twai_chip.pending = False
    twai.send(0x325, DATA, False)
    twai_chip.pending = False


def twai_receive() -> None:
    twai.receive(frame)
    twai_chip.waiting = 1
    twai.receive(frame)
    twai_chip.waiting = 4
    twai_chip.overrun = True
    twai.receive(frame)
    twai.state()


def mcp_send() -> None:
    mcp.send(ID, DATA)
    mcp.send(ID, DATA)  # refused
    mcp_chip.registers[0x30] = 0


def mcp_receive() -> None:
    mcp.receive(frame)
    mcp_chip.registers[0x2C] = 3
    mcp_chip.level()
    mcp.receive(frame)
    mcp.receive(frame)
    mcp_chip.registers[0x2D] = 0x40
    mcp.state()


def hear(driver: object, id: int, b1: int, b3: int, b7: int) -> None:
    frame.id = id
    frame.ext = True
    frame.len = 8
    data = frame.data
    for i in range(8):
        data[i] = 0
    data[0] = 1
    data[1] = b1
    data[3] = b3
    data[7] = b7
    driver.on_frame(frame)


def module_poll() -> None:
    global step
    step += 1
    module.set(84_000 + step % 7 * 100, 90_000 + step % 5 * 1000)
    module.enable(step % 40 < 20)
    module.flush()
    module.poll(50)


def module_frames() -> None:
    hear(module, 0x0681817E, 0x32, 0, 0)
    hear(module, 0x0681817E, 0x32, 1, 0)
    hear(module, 0x0681827E, 0x84, 0, 9)
    hear(module, 0x0681827E, 0x82, 0, 9)
    hear(module, 0x0681827E, 0x80, 0, 9)
    hear(module, 0x00473F01, 0, 0, 2)
    hear(module, 0x18FF50E5, 0, 0, 0)


def bms_poll() -> None:
    bms.report(77_150, 1_850, 1)
    bms.poll(50)


def bms_frames() -> None:
    hear(bms, ID, 0x70, 0xC5, 0)


def inputs() -> None:
    pin.level ^= 1
    for _ in range(4):
        gun.update(50)
        button.update(50)
        button.take()
        contactor.update(50)
    contactor.command(not contactor.commanded)
    lamp.show("Faulted" if pin.level else "Charging")
    lamp.update(125)
    reader.poll(50)


CASES = (twai_send, twai_receive, mcp_send, mcp_receive, module_poll, module_frames, bms_poll,
         bms_frames, inputs)  # fmt: skip


def check(case: object, times: int = 100) -> str:
    """ "ok", or what went wrong."""
    for _ in range(3):
        case()
    gc.collect()
    micropython.heap_lock()
    try:
        for _ in range(times):
            case()
    except MemoryError as error:
        micropython.heap_unlock()
        sys.print_exception(error)
        return "allocates"
    micropython.heap_unlock()
    return "ok"


for case in CASES:
    print(case.__name__, check(case))
