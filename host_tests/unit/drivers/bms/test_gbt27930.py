"""GB/T 27930, the charger's side: every captured message, the order, pauses, ends, time-outs."""

import pytest

from firmware.charging.readings import STALE_MS, BmsReading
from firmware.drivers.bms.gbt27930 import FILTERS, Gbt27930, make
from firmware.drivers.can import Frame
from host_tests.unit.drivers.fakes import Can

CHM, CRM, CTS, CML = 0x1826F456, 0x1801F456, 0x1807F456, 0x1808F456
CRO, CCS, CST, CSD, CEM = 0x100AF456, 0x1812F456, 0x101AF456, 0x181DF456, 0x081FF456
BHM, BRO, BCL, BSM = 0x182756F4, 0x100956F4, 0x181056F4, 0x181356F4
BST, BSD, BEM = 0x101956F4, 0x181C56F4, 0x081E56F4
BRM, BCP, BCS = 0x02, 0x06, 0x11
CONTROL, PACKET, REPLY = 0x1CEC56F4, 0x1CEB56F4, 0x1CECF456

PARAMETERS = "7201DA052A02A510730803C60E"
GOOD_72V = "A401B80B16004803732C01F802"  # 84.0 V, 100 A, 30.0 %, 76.0 V
STATUS_72V = "F802A00F4C611E3C00"
PERMITTED, PAUSED = "004C014B0200D0", "004C014B0200C0"
OPERATION = "4803100E02"  # 84.0 V, 40 A, constant current


class Bus(Can):
    def set_filters(self, filters):
        self.filters = filters


class Rig:
    """The driver and the vehicle's side of the wire."""

    def __init__(self):
        self.can = Bus()
        self.reading = BmsReading()
        self.driver = make(self.can, self.reading, None)
        assert isinstance(self.driver, Gbt27930)
        self.driver.report(76_000, 0)

    def hear(self, id, text, ext=True):
        data = bytes.fromhex(text)
        frame = Frame()
        frame.id, frame.ext, frame.len = id, ext, len(data)
        frame.data[: len(data)] = data
        return self.driver.on_frame(frame)

    def hear_long(self, message, text):
        data = bytes.fromhex(text)
        packets = -(-len(data) // 7)
        self.hear(CONTROL, bytes((0x10, len(data), 0, packets, 0xFF, 0, message, 0)).hex())
        for number in range(packets):
            part = data[number * 7 :][:7].ljust(7, b"\xff")
            heard = self.hear(PACKET, bytes((number + 1,)).hex() + part.hex())
        return heard

    def run(self, ms, *says):
        """Time passes; every 50 ms the vehicle says these (id, data)."""
        for step in range(ms // 10):
            if says and step % 5 == 0:
                for id, text in says:
                    self.hear(id, text)
            self.reading.age_ms = min(self.reading.age_ms + 10, STALE_MS)
            self.driver.poll(10)

    def sent(self):
        """Ids that were sent, without those of the transport protocol, in order, each once."""
        return list(dict.fromkeys(id for id, _ in self.can.take() if id != REPLY))

    def to_ready(self, parameters=GOOD_72V):
        self.run(20)
        self.hear(BHM, "4803")
        self.run(20)
        self.hear_long(BRM, "010100" + "00" * 46)
        self.run(20)
        self.hear_long(BCP, parameters)
        self.run(20)
        self.hear(BRO, "00")
        self.hear(BRO, "AA")
        self.run(10)

    def to_charge(self):
        self.to_ready()
        self.driver.session(True)
        self.run(20)
        self.hear(BCL, OPERATION)
        self.hear_long(BCS, STATUS_72V)
        self.hear(BSM, PERMITTED)
        self.run(20, (BCL, OPERATION))
        self.can.take()


@pytest.fixture
def rig():
    return Rig()


# ---- the order ----


def test_handshake_in_order(rig):
    assert rig.can.filters == FILTERS
    rig.run(600)
    assert rig.can.take() == [(CHM, "010100")] * 3
    assert rig.hear(BHM, "A510")
    rig.run(300)
    assert rig.can.take() == [(CRM, "0001000000FFFFFF")] * 2
    rig.hear_long(BRM, "010100" + "00" * 38)
    rig.run(20)
    said = rig.can.take()
    assert said[-1] == (CRM, "AA01000000FFFFFF") and (REPLY, "13290006FF000200") in said
    assert not rig.reading.complete and not rig.reading.allowed
    rig.hear_long(BCP, PARAMETERS)
    rig.run(30)
    said = rig.can.take()
    assert (CML, "57033002B80BA00F") in said and (CTS, "FF" * 7) in said
    reading = rig.reading
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (426_100, 250_200)
    assert (reading.soc_c100, reading.voltage_mv) == (7760, 378_200)
    rig.hear(BRO, "00")
    rig.run(300)
    assert not reading.allowed and rig.sent() == [CML, CTS]
    rig.hear(BRO, "AA")
    assert reading.allowed and reading.complete and reading.age_ms == 0
    rig.run(300)
    assert rig.can.take() == [(CRO, "00")] * 2
    rig.driver.session(True)
    rig.run(300)
    assert rig.can.take() == [(CRO, "AA")] * 2
    assert reading.allowed and reading.current_limit_ma == 1_000


def test_charging_follows_the_demand(rig):
    rig.to_ready(PARAMETERS)
    rig.driver.session(True)
    rig.run(10)
    reading = rig.reading
    assert rig.hear(BCL, "A510D80E02")
    assert reading.current_limit_ma == 1_000  # no permission has come
    assert rig.hear(BSM, "1E3606350F0010")
    assert rig.hear(BCL, "A510D80E02")
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (426_100, 20_000)
    assert reading.temperature_c10 == 40 and reading.allowed and not reading.alarms
    assert rig.hear_long(BCS, "C50EA00F4C614D0000")
    assert (reading.voltage_mv, reading.current_ma, reading.soc_c100) == (378_100, 0, 7700)
    assert rig.hear_long(BCS, "920DA00F6A71225802")
    assert (reading.voltage_mv, reading.soc_c100) == (347_400, 3400)
    assert rig.hear(BSM, "494F034D1A00D0")
    assert reading.temperature_c10 == 290 and reading.allowed
    assert rig.hear(BCL, "D80FD00702")  # 200 A
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (405_600, 200_000)
    assert rig.hear(BCL, "D80F000002")  # 400 A: more than the battery's parameters
    assert reading.current_limit_ma == 250_200


@pytest.mark.parametrize("mv, ma, data", [
    (285_200, 0, "240BA00F0000FDFF"), (378_500, 16_300, "C90EFD0E0000FDFF"),
    (344_000, 0, "700DA00F0000FDFF"), (84_000, -500, "4803A00F0000FDFF"),
    (-1, 500_000, "000000000000FDFF"),
])  # fmt: skip
def test_status_of_the_charger(rig, mv, ma, data):
    rig.to_charge()
    rig.driver.report(mv, ma)
    rig.run(100, (BCL, OPERATION))
    assert rig.can.take() == [(CCS, data)] * 2


def test_minutes_are_counted(rig):
    rig.to_charge()
    for _ in range(61):
        rig.hear_long(BCS, STATUS_72V)
        rig.hear(BSM, PERMITTED)
        rig.run(1_000, (BCL, OPERATION))
    assert rig.can.take()[-1][1][8:] == "0100FDFF"
    rig.driver.session(False)
    rig.run(20)
    rig.hear(BST, "40000000")
    rig.hear(BSD, "4D4D014E013536")
    rig.run(20)
    assert rig.can.take()[-1] == (CSD, "0100FFFF01000000")


# ---- permission ----


def test_a_pause_and_its_end(rig):
    rig.to_charge()
    rig.hear(BSM, PAUSED)
    assert not rig.reading.allowed
    rig.run(60, (BCL, OPERATION))
    assert rig.can.take()[-1] == (CCS, "F802A00F0000FCFF")
    assert not rig.reading.allowed and rig.reading.age_ms <= 50
    rig.hear(BSM, "004C014B0200E0")  # untrusted: as before
    rig.hear(BCL, OPERATION)
    assert not rig.reading.allowed
    rig.hear(BSM, PERMITTED)
    rig.hear(BCL, OPERATION)
    assert rig.reading.allowed and rig.reading.current_limit_ma == 40_000


def test_an_old_permission_is_none(rig):
    rig.to_charge()
    rig.hear_long(BCS, STATUS_72V)
    rig.run(4_000, (BCL, OPERATION))
    assert 1_900 < rig.reading.age_ms < 2_100


@pytest.mark.parametrize("flags, alarm", [
    ("01D0", 0), ("04D0", 18), ("10D0", 8), ("40D0", 4), ("00D1", 17), ("00D4", 18), ("C0D0", 4),
])  # fmt: skip
def test_an_abnormal_state_ends_it(rig, flags, alarm):
    rig.to_charge()
    rig.hear(BSM, "004C014B02" + flags)
    assert not rig.reading.allowed and rig.reading.alarms == 1 << alarm
    rig.run(30)
    assert rig.can.take()[-1] == (CST, "1000F0F0")


def test_an_untrusted_state_is_what_it_was(rig):
    rig.to_charge()
    rig.hear(BSM, "004C014B02AADA")
    assert rig.reading.allowed and not rig.reading.alarms


# ---- the end ----


@pytest.mark.parametrize("end, why", [
    (lambda rig: rig.driver.session(False), "0400F0F0"),  # as captured: stopped by hand
    (lambda rig: rig.driver.report(76_000, 0, 1), "1000F0F0"),
    (lambda rig: rig.hear(BST, "010000F0"), "4000F0F0"),
    (lambda rig: rig.hear(BST, "40000000"), "4000F0F0"),
])  # fmt: skip
def test_every_end_is_told(rig, end, why):
    rig.to_charge()
    end(rig)
    rig.run(100)
    assert not rig.reading.allowed
    said = rig.can.take()
    assert said == [(CST, why)] * len(said) and len(said) >= 9  # every 10 ms
    rig.hear(BST, "40000000")
    rig.run(20)
    assert rig.sent() == [CST]
    rig.hear(BSD, "4D4D014E013536")
    rig.run(300)
    assert rig.can.take() == [(CSD, "0000FFFF01000000")] * 2
    rig.driver.session(False)
    rig.driver.report(76_000, 0)
    rig.run(2_000)
    assert rig.sent() == [CSD, CHM]  # ready for the next


def test_it_does_not_begin_again_in_the_same_session(rig):
    rig.to_charge()
    rig.hear(BST, "01000000")
    rig.hear(BSD, "4D4D014E013536")
    rig.run(60_000)
    assert rig.sent() == [CSD] and not rig.reading.allowed
    assert rig.reading.age_ms == 0  # it has said that it is done


def test_a_fault_keeps_the_charger_unready(rig):
    rig.to_ready()
    rig.driver.report(76_000, 0, 1)
    rig.driver.session(True)
    rig.run(300, (BRO, "AA"))
    assert rig.can.take()[-1] == (CRO, "00")


# ---- waiting for a session ----


def test_the_vehicle_loses_patience(rig):
    rig.to_ready()
    for _ in range(6):  # more often than restarts are allowed
        rig.run(60_000, (BRO, "AA"))
        assert rig.reading.allowed and rig.reading.age_ms <= 50
        assert rig.hear(BEM, "F0F1F0FC")
        assert not rig.reading.allowed
        rig.can.take()
        rig.run(20)
        assert rig.can.take() == [(CRM, "0001000000FFFFFF")]
        rig.hear_long(BRM, "010100" + "00" * 46)
        rig.hear_long(BCP, GOOD_72V)
        rig.hear(BRO, "AA")
        assert rig.reading.allowed and rig.reading.complete


def test_ready_withdrawn(rig):
    rig.to_ready()
    rig.hear(BRO, "00")
    assert not rig.reading.allowed
    rig.run(20)
    assert CML in rig.sent()


# ---- time-outs ----

CEMS = {
    "BRM": (lambda rig: rig.hear(BHM, "A510"), 5_000, "FDF0C0FC"),
    "BCP": (lambda rig: (rig.hear(BHM, "A510"), rig.hear_long(BRM, "00" * 49)), 5_000, "FCF1C0FC"),
    "BRO": (lambda rig: rig.to_ready(), 5_000, "FCF4C0FC"),
    "first BCL": (lambda rig: (rig.to_ready(), rig.driver.session(True)), 5_000, "FCF0C4FC"),
    "BCL": (lambda rig: rig.to_charge(), 1_000, "FCF0C4FC"),
    "BST": (lambda rig: (rig.to_charge(), rig.driver.session(False)), 10_000, "FCF0D0FC"),
    "BSD": (lambda rig: (rig.to_charge(), rig.hear(BST, "40000000")), 10_000, "FCF0C0FD"),
}


@pytest.mark.parametrize("missing", CEMS)
def test_what_stays_away_is_told(rig, missing):
    begin, ms, cem = CEMS[missing]
    begin(rig)
    rig.run(ms - 50)
    assert CEM not in rig.sent()
    rig.run(150)
    assert not rig.reading.allowed
    assert (CEM, cem) in rig.can.take()


def test_status_that_stays_away_is_told(rig):
    rig.to_charge()
    for _ in range(5):
        rig.hear(BSM, PERMITTED)
        rig.run(1_000, (BCL, OPERATION))
    rig.run(100, (BCL, OPERATION))
    assert rig.can.take()[-1] == (CEM, "FCF0C1FC") and not rig.reading.allowed


def test_ready_that_never_comes(rig):
    rig.run(10)
    rig.hear(BHM, "A510")
    rig.hear_long(BRM, "00" * 49)
    rig.hear_long(BCP, GOOD_72V)
    rig.run(59_900, (BRO, "00"))
    assert CEM not in rig.sent()
    rig.run(200, (BRO, "00"))
    assert CEM in rig.sent()


def test_three_restarts_and_no_more(rig):
    rig.to_charge()
    rig.run(2_050)
    assert rig.sent() == [CCS, CEM, CRM]
    rig.run(3 * 31_100)
    rig.can.take()
    rig.run(10_000)
    assert rig.sent() == [] and not rig.reading.allowed
    assert not rig.hear(0x181056F5, OPERATION)
    rig.hear(BRO, "AA")
    assert not rig.reading.allowed
    rig.reading.reset()  # another vehicle
    rig.run(20)
    assert rig.sent() == [CHM]


def test_a_restart_leads_back_to_charging(rig):
    rig.to_charge()
    rig.run(12_000)
    rig.hear_long(BRM, "00" * 41)
    rig.hear_long(BCP, GOOD_72V)
    rig.hear(BRO, "AA")
    rig.run(20)
    rig.hear(BCL, OPERATION)
    rig.hear(BSM, PERMITTED)
    rig.hear(BCL, OPERATION)
    assert rig.reading.allowed and rig.reading.current_limit_ma == 40_000


def test_the_vehicle_gives_up_while_charging(rig):
    rig.to_charge()
    rig.hear(BEM, "F0F0F1FC")
    assert not rig.reading.allowed
    rig.run(1_100)
    assert rig.sent() == [CEM, CRM]


# ---- what makes no sense ----


@pytest.mark.parametrize("id, text", [
    (BCL, "0000D80E02"), (BCL, "4803A10F02"), (BCL, "4803D80E"), (BSM, "004C014B0200"),
    (BHM, "48"), (BST, "400000"), (CONTROL, "10310006FF000200"), (CONTROL, "1031"), (PACKET, "01"),
    (BEM, ""),
])  # fmt: skip
def test_broken_messages_are_refused(rig, id, text):
    rig.to_charge()
    rig.run(100)
    before = vars(rig.reading).copy()
    assert not rig.hear(id, text)
    assert vars(rig.reading) == before and rig.driver.refused == 1


@pytest.mark.parametrize("text", [
    "A401A10F16004803732C01F802", "A401B80B16000000732C01F802", "A401B80B16004803" "73E903F802",
    "A401B80B16004803732C01F8",
])  # fmt: skip
def test_broken_parameters_are_refused(rig, text):
    rig.hear(BHM, "A510")
    rig.hear_long(BRM, "00" * 49)
    assert not rig.hear_long(BCP, text)
    assert rig.driver.refused == 1 and rig.reading.soc_c100 == -1


def test_a_status_above_100_per_cent_is_refused(rig):
    rig.to_charge()
    assert not rig.hear_long(BCS, "F802A00F4C61653C00")
    assert rig.reading.soc_c100 == 3000


def test_others_are_not_heard(rig):
    rig.run(10)
    assert not rig.hear(BHM, "4803", ext=False)
    assert not rig.hear(0x182756E5, "4803")
    assert not rig.hear(0x1C1756F4, "00")
    assert rig.reading.parts == 0 and rig.driver.refused == 0


def test_out_of_turn_means_nothing(rig):
    for id, text in ((BRO, "AA"), (BCL, OPERATION), (BSM, PERMITTED), (BST, "00" * 4),
                     (BSD, "00" * 7), (BEM, "00" * 4)):  # fmt: skip
        rig.hear(id, text)
    rig.hear_long(BCP, GOOD_72V)
    assert not rig.reading.allowed and rig.reading.age_ms == STALE_MS
    assert rig.reading.voltage_limit_mv == 0


def test_the_cell_voltages_are_taken_and_forgotten(rig):
    rig.to_charge()
    rig.hear_long(0x15, "0102" * 40)
    assert rig.can.take()[-1] == (REPLY, "1350000CFF001500")
    assert rig.driver.refused == 0


def test_unplugged_it_begins_anew(rig):
    rig.to_charge()
    rig.reading.reset()
    rig.driver.session(False)
    rig.run(20)
    assert rig.sent() == [CHM] and not rig.reading.allowed
    rig.to_ready()
    assert rig.reading.allowed and rig.reading.soc_c100 == 3000


def test_a_busy_bus_is_tried_again(rig):
    rig.can.free = False
    rig.run(1_000)
    rig.can.free = True
    rig.run(10)
    assert rig.can.take() == [(CHM, "010100")]
