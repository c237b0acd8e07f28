"""The virtual board: wiring, interlocks, commands, and the plant's truth."""

import pytest

from tools.sim.chips.can_bus import Device
from tools.sim.hardware import Hardware, HardwareError

IN, OUT, OPEN_DRAIN, PULL_DOWN, PULL_UP = 1, 3, 7, 1, 2
COIL, ENABLE, LAMP, FEEDBACK, E_STOP, GUN, BUTTON, CS, INT = 25, 26, 17, 27, 32, 33, 13, 5, 4
CONTROL = 0x068181FE


class Board:
    """The firmware's side in short, and a master on CAN1 instead of the TWAI."""

    def __init__(self, **options):
        self.hardware = Hardware(options)
        for pin in (FEEDBACK, E_STOP, GUN, BUTTON):
            self.hardware.pin_mode(pin, IN, PULL_UP)
        self.hardware.pin_mode(COIL, OUT, 0)
        self.master = Device(self.hardware.can1, lambda: True, lambda frame: None)

    def run(self, ms):
        """Time passes in steps of 1 ms, as with the firmware; the module is kept alive."""
        hardware = self.hardware
        for _ in range(round(ms)):
            if hardware.now_ms % 1000 < 1:
                self.master.send(0x068182FE, bytes.fromhex("0184000000000000"), hardware.now_ms)
                hardware.can_changed()
            hardware.advance(hardware.now_ms + 1)
        return self

    def command(self, text):
        assert self.hardware.command(text.split()) == {"ok": True}
        return self

    def request(self, function, value=0, switch=0):
        data = bytes((1, function, 0, switch)) + value.to_bytes(4, "big")
        self.master.send(CONTROL, data, self.hardware.now_ms)
        self.hardware.can_changed()
        return self.run(3)

    def coil(self, level):
        self.hardware.pin_write(COIL, level)
        return self

    def module(self, volts, amps):
        """Set points, then on."""
        self.request(0x00, round(volts * 1024)).request(0x03, int(amps * 30.5))
        return self.request(0x32)

    def charging(self, amps=20.0):
        """Plugged, matched, closed, current flows."""
        self.command("plug").run(50).module(76.38, 1).run(300).coil(1).run(50)
        return self.module(84, amps).run(300)

    def read(self, pin):
        return self.hardware.pin_read(pin)

    @property
    def plant(self):
        return self.hardware.plant_state()


@pytest.fixture
def board():
    return Board()


# ---- pins ----


def test_start_state(board):
    assert board.plant == {
        "plugged": False, "contactor": False, "module_on": False, "volts": 0.0, "amps": 0.0,
        "soc": 87.0, "wh_delivered": 0.0, "edge_to_off_ms": None,
    }  # fmt: skip
    assert [board.read(pin) for pin in (FEEDBACK, E_STOP, GUN, BUTTON, INT)] == [1, 0, 1, 1, 1]


def test_inputs_need_their_pull_up(board):
    board.hardware.pin_mode(GUN, IN, 0)
    assert board.read(GUN) == 0  # floating
    board.hardware.pin_mode(GUN, IN, PULL_UP)
    assert board.read(GUN) == 1
    board.command("plug").run(10)
    assert board.read(GUN) == 0


def test_outputs_read_back_and_latch_before_direction(board):
    board.hardware.pin_write(LAMP, 1)
    assert board.read(LAMP) == 0  # not an output yet: the pull-down
    board.hardware.pin_mode(LAMP, OUT, 0)
    assert board.read(LAMP) == 1
    board.hardware.pin_mode(LAMP, OPEN_DRAIN, PULL_UP)
    assert board.read(LAMP) == 1
    board.hardware.pin_write(LAMP, 0)
    assert board.read(LAMP) == 0


@pytest.mark.parametrize(
    ("access", "name"),
    [
        (lambda h: h.pin_read(6), "GPIO 6"),
        (lambda h: h.pin_write(20, 1), "GPIO 20"),
        (lambda h: h.pin_mode(99, IN, 0), "GPIO 99"),
        (lambda h: h.pin_mode(COIL, 5, 0), "mode 5"),
        (lambda h: h.pin_mode(COIL, IN, 9), "pull 9"),
        (lambda h: h.pin_mode(36, OUT, 0), "GPIO 36"),
        (lambda h: h.pin_mode(GUN, OUT, 0), "short circuit"),
        (lambda h: h.mem_read(0x3FF00000), "0x3ff00000"),
        (lambda h: h.mem_write(0x3FF6B001, 0), "0x3ff6b001"),
        (lambda h: h.spi_init(1, 1_000_000, 0, 0), "SPI 1"),
        (lambda h: h.spi_init(2, 1_000_000, 0, 1), "modes"),
        (lambda h: h.spi_init(2, 20_000_000, 0, 0), "10 MHz"),
        (lambda h: h.spi_transfer(2, b"\x00"), "SPI 2"),
        (lambda h: h.uart_any(0), "UART 0"),
        (lambda h: h.adc_read_uv(13), "GPIO 13"),
        (lambda h: h.pwm(8, 1000, 0), "GPIO 8"),
        (lambda h: Hardware({"socks": 1}), "socks"),
    ],
)
def test_what_is_not_there_is_named(board, access, name):
    with pytest.raises(HardwareError, match=name):
        access(board.hardware)


def test_gun_and_button_bounce_for_5_ms(board):
    for command, pin in (("plug", GUN), ("button", BUTTON)):
        board.command(command)
        levels = []
        for _ in range(10):
            levels.append(board.read(pin))
            board.run(1)
        assert levels == [0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    board.run(280)
    assert board.read(BUTTON) == 0
    board.run(20)
    assert board.read(BUTTON) == 1


# ---- the chips are where the wiring says ----


def test_mcp2515_answers_behind_chip_select_and_pulls_int(board):
    hardware = board.hardware
    hardware.spi_init(2, 8_000_000, 0, 0)
    hardware.pin_write(CS, 1)
    hardware.pin_mode(CS, OUT, 0)

    def spi(*data):
        hardware.pin_write(CS, 0)
        answer = hardware.spi_transfer(2, bytes(data))
        hardware.pin_write(CS, 1)
        return answer

    assert hardware.spi_transfer(2, b"\x03\x0e\x00") == b"\xff" * 3
    spi(0xC0)
    assert spi(0x03, 0x0E, 0)[2] == 0x80
    for command in ("02 28 02 AD 00", "02 60 60", "02 70 60", "02 2B 03", "02 0F 00"):
        spi(*bytes.fromhex(command))
    board.command("plug").run(105)
    assert board.read(INT) == 0
    assert spi(0x92, *bytes(8))[1:] == bytes.fromhex("03 48 03 84 00 00 00 00")
    assert board.read(INT) == 1
    hardware.release_outputs()  # a reset of the ESP32 is none of the MCP2515
    hardware.spi_init(2, 8_000_000, 0, 0)
    hardware.pin_mode(CS, OUT, 0)
    assert spi(0x03, 0x0E, 0)[2] == 0x00  # still in normal mode


def test_twai_reaches_the_module_through_memory():
    hardware = Hardware()
    base = 0x3FF6B000
    hardware.pin_mode(21, OUT, 0)
    hardware.pin_mode(22, IN, 0)
    for address, value in (
        (0x3FF000C0, 1 << 19), (0x3FF44530 + 84, 123), (0x3FF44130 + 376, 22 | 0x80),
        (base, 1), (base + 0x7C, 0x88), (base + 0x18, 0x87), (base + 0x1C, 0x3E), (base, 8),
    ):  # fmt: skip
        hardware.mem_write(address, value)
    request = bytes([0x88]) + (CONTROL << 3).to_bytes(4, "big") + bytes.fromhex("0132000000000000")
    for i, byte in enumerate(request):
        hardware.mem_write(base + 0x40 + 4 * i, byte)
    hardware.mem_write(base + 4, 1)
    hardware.advance(2)
    assert hardware.module.on
    assert hardware.mem_read(base + 0x74) == 1  # its answer
    hardware.release_outputs()
    assert hardware.mem_read(base) == 0 and hardware.module.on


def test_tag_frame_comes_three_times_at_9600_baud(board):
    hardware = board.hardware
    hardware.uart_init(2, 9600, 8, None, 1, None, 16)
    board.command("tag 0a1b2c3d4e").run(1)
    assert hardware.uart_any(2) == 0
    board.run(14)
    frame = hardware.uart_read(2, 100)
    assert frame == b"\x020A1B2C3D4E4E\x03"  # 0A ^ 1B ^ 2C ^ 3D ^ 4E = 4E
    board.run(44)
    assert hardware.uart_any(2) == 0
    board.run(200)
    assert hardware.uart_read(2, 100) == frame * 2


@pytest.mark.parametrize(("baud", "rx"), [(115_200, 16), (9600, 13), (None, None)])
def test_tag_is_garbled_or_lost_on_a_wrong_uart(board, baud, rx):
    if baud:
        board.hardware.uart_init(2, baud, 8, None, 1, None, rx)
    board.command("tag 0A1B2C3D4E").run(300)
    assert b"0A1B2C3D4E" not in board.hardware.uart_read(2, 512)


def test_uart_buffer_drops_what_is_too_much(board):
    board.hardware.uart_init(2, 9600, 8, None, 1, None, 16)
    for _ in range(15):
        board.command("tag 0A1B2C3D4E")
    board.run(3000)
    assert board.hardware.uart_any(2) == 512
    board.hardware.release_outputs()
    assert board.hardware.uart_any(2) == 0


# ---- contactor and interlocks ----


def test_contactor_takes_its_time_and_feedback_follows(board):
    board.command("plug").coil(1).run(29)
    assert board.read(FEEDBACK) == 1 and not board.plant["contactor"]
    board.run(1)
    assert board.read(FEEDBACK) == 0 and board.plant["contactor"]
    board.coil(0).run(14)
    assert board.plant["contactor"]
    board.run(1)
    assert not board.plant["contactor"] and board.hardware.counters["operations"] == 1


def test_a_short_pulse_does_not_move_it(board):
    board.command("plug").coil(1).run(20).coil(0).run(100)
    assert board.hardware.counters["operations"] == 0


@pytest.mark.parametrize("command", ["estop on", "unplug"])
def test_interlocks_open_it_whatever_the_pin_says(board, command):
    board.command("plug").coil(1).run(40).command(command).run(15)
    assert not board.plant["contactor"] and board.read(COIL) == 1


def test_interlocks_keep_it_open(board):
    board.coil(1).run(100)
    assert not board.plant["contactor"]
    board.command("estop on").command("plug").run(100)
    assert not board.plant["contactor"] and board.read(E_STOP) == 1


def test_reset_of_the_chip_opens_it(board):
    board.command("plug").coil(1).run(40)
    board.hardware.release_outputs()
    board.run(15)
    assert not board.plant["contactor"]


def test_weld_keeps_it_closed_and_shows_so(board):
    board.command("weld on")
    assert board.plant["contactor"] and board.read(FEEDBACK) == 0
    board.command("weld off").run(16)
    assert not board.plant["contactor"]


def test_charge_pump_needs_edges():
    board = Board(charge_pump=True)
    board.hardware.pin_mode(ENABLE, OUT, 0)
    board.command("plug").coil(1).run(100)
    assert not board.plant["contactor"]
    for _ in range(20):
        board.hardware.pin_write(ENABLE, 1)
        board.run(50)
        board.hardware.pin_write(ENABLE, 0)
        board.run(50)
    assert board.plant["contactor"] and board.hardware.pump_edges == 40
    board.run(220)
    assert not board.plant["contactor"]


# ---- the power path ----


def test_terminals_by_gun_and_contactor(board):
    assert board.module(80, 1).run(300).plant["volts"] == 0
    board.command("plug")
    assert board.plant["volts"] == 76.38  # the sensor is on the gun's side
    board.command("weld on").command("unplug").run(10)
    assert board.plant["volts"] == pytest.approx(80, abs=0.1)
    board.command("weld off").run(16)
    assert board.plant["volts"] == 0


def test_energy_is_the_integral_at_the_gun(board):
    board.charging(20)
    amps = board.plant["amps"]
    assert amps == pytest.approx(20, abs=0.04)
    before = board.plant
    board.run(10_000)
    assert board.plant["wh_delivered"] - before["wh_delivered"] == pytest.approx(
        76.38 * amps * 10 / 3600, rel=1e-4
    )
    assert board.plant["soc"] - before["soc"] == pytest.approx(amps * 10 / 36 / 90, abs=2e-4)
    assert board.hardware.counters["closed_onto_difference"] == 0


def test_guide_numbers_are_exact(board):
    board.charging(90).command("bms soc=87.07 voltage=77.15 current_limit=1.85").run(100)
    assert (board.plant["volts"], board.plant["amps"]) == (77.15, 1.85)
    assert board.plant["soc"] == pytest.approx(87.07, abs=0.001)


def test_automatic_voltage_follows_the_curve(board):
    board.command("bms voltage=auto soc=50 voltage_limit=84").command("plug").run(10)
    assert board.plant["volts"] == pytest.approx(75.0)
    board.module(75, 1).run(300).coil(1).run(50).module(84, 40).run(500)
    assert board.plant["volts"] == pytest.approx(76.0, abs=0.05)
    assert board.plant["amps"] == pytest.approx(40, abs=0.05)


def test_contactor_abuse_is_counted(board):
    board.command("plug").coil(1).run(40)  # the module's capacitor is empty
    assert board.hardware.counters["closed_onto_difference"] == 1
    board.module(84, 20).run(300).coil(0).run(20)
    assert board.hardware.counters["opened_under_load"] == 1 and board.plant["amps"] == 0
    board.coil(1).run(300).command("unplug")
    assert board.hardware.counters["unplugged_under_load"] == 1 and board.plant["amps"] == 0


# ---- the stopping edge ----


@pytest.mark.parametrize(
    "command",
    ["estop on", "unplug", "bms off", "bms allowed=0", "module fault=1", "module off",
     "module temperature=71"],
)  # fmt: skip
def test_edge_to_off(board, command):
    board.charging().command(command)
    assert board.plant["edge_to_off_ms"] is None
    board.run(40).coil(0).request(0x32, switch=1).run(50)
    assert 40 <= board.plant["edge_to_off_ms"] <= 60
    assert not board.plant["module_on"] and not board.plant["contactor"]


def test_edge_waits_for_the_module_alone_when_welded(board):
    board.charging().command("weld on").run(100)
    assert board.plant["edge_to_off_ms"] is None
    board.coil(0).request(0x32, switch=1).run(50)
    assert 100 <= board.plant["edge_to_off_ms"] <= 110 and board.plant["contactor"]


def test_last_edge_counts_and_repeats_are_none(board):
    board.command("estop on").run(10)
    assert board.plant["edge_to_off_ms"] == 0
    board.command("estop off").charging()
    assert board.plant["edge_to_off_ms"] == 0
    board.command("bms off").run(10).command("unplug").run(20).request(0x32, switch=1).run(20)
    assert 20 <= board.plant["edge_to_off_ms"] <= 30
    done = board.plant["edge_to_off_ms"]
    board.run(100).command("unplug").command("bms off")
    assert board.plant["edge_to_off_ms"] == done


# ---- commands ----


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("", "plug"),
        ("pluck", "unplug"),
        ("plug in", "nothing"),
        ("tag 0A1B2C3D4", "ten hex digits"),
        ("tag 0A1B2C3D4G", "ten hex digits"),
        ("estop", "estop on or estop off"),
        ("weld maybe", "weld on or weld off"),
        ("bms", "soc=0 to 100"),
        ("bms soc", "soc=0 to 100"),
        ("bms soc=101", "0 to 100"),
        ("bms soc=nan", "0 to 100"),
        ("bms voltage=high", "0 to 120 or auto"),
        ("bms allowed=2", "0 or 1"),
        ("bms allowed=0.5", "0 or 1"),
        ("bms soc=50 soc=60", "twice"),
        ("bms soc=50 on", "alone"),
        ("module voltage=3", "temperature=-40 to 150 or auto"),
        ("module fault=yes", "0 or 1"),
    ],
)
def test_bad_commands_say_what_is_allowed(board, command, hint):
    assert hint in board.hardware.command(command.split())["error"]


def test_nothing_is_applied_when_one_value_is_bad(board):
    before = board.hardware.vehicle.limits()
    assert "error" in board.hardware.command(["bms", "soc=12", "current_limit=5", "allowed=7"])
    assert board.hardware.vehicle.limits() == before and board.plant["soc"] == 87.0


def test_start_values(board):
    started = Board(plugged=True, soc=42.0, voltage="auto", current_limit=30)
    assert started.read(GUN) == 0
    assert started.plant["soc"] == 42.0 and 73 < started.plant["volts"] < 75


def test_temperature_is_the_air_round_everything(board):
    board.command("bms temperature=31.5")
    assert board.hardware.module.temperature_c == 31.5
    board.command("module temperature=50").command("bms temperature=20")
    assert board.hardware.module.temperature_c == 50
    board.command("module temperature=auto")
    assert board.hardware.module.temperature_c == 20


# ---- time ----


def test_how_time_is_cut_does_not_matter():
    states = []
    for step_ms in (1, 7, 50):
        hardware = Hardware({"plugged": True})
        Device(hardware.can1, lambda: True, lambda frame: None)
        hardware.module.wanted_on, hardware.module.set_volts = True, 76.0
        for at_ms in range(step_ms, 4201, step_ms):
            hardware.advance(at_ms)
        hardware.advance(4200)
        states.append((hardware.plant_state(), hardware.can1.frames, hardware.module.volts))
    assert states[0] == states[1] == states[2]


def test_time_does_not_run_backwards(board):
    board.run(10)
    board.hardware.advance(3)
    assert board.hardware.now_ms == 10
