"""Feeds frames from a file to the table driver and prints what it made of each; any interpreter.

A line of the file is `id ext data`, in hex; `frames.txt` and `bms.tbl` are in one folder.
"""

from binascii import unhexlify

from firmware.charging.readings import BmsReading
from firmware.drivers.bms.table_can import TableCan, read_table
from firmware.drivers.can import Frame


class Listener:
    def set_filters(self, filters):
        print(filters)


def feed(folder):
    reading = BmsReading()
    driver = TableCan(Listener(), reading, read_table(folder + "/bms.tbl"), 84_000, 50_000)
    frame = Frame()
    with open(folder + "/frames.txt") as lines:
        for line in lines:
            words = line.split()
            data = unhexlify(words[2])
            frame.id = int(words[0], 16)
            frame.ext = words[1] == "1"
            frame.len = len(data)
            for i in range(len(data)):
                frame.data[i] = data[i]
            heard = driver.on_frame(frame)
            print(
                heard, driver.refused, reading.voltage_limit_mv, reading.current_limit_ma,
                reading.voltage_mv, reading.current_ma, reading.soc_c100,
                reading.temperature_c10, reading.allowed, reading.heating, reading.alarms,
                reading.complete,
            )  # fmt: skip
