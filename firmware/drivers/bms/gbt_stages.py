"""GB/T 27930 as two tables: what each stage sends and awaits, and which message leads where.

Each row in one piece: as tuples they would cost four times the memory.
"""

# A row a stage: the two first bytes of the id of what is sent, its period in 10 ms, how long what
# is awaited may stay away in 100 ms, how long the stage may last in 0.5 s (0: for ever), which
# byte of CEM and which bits of it say what was awaited.
STAGES = (
    # 0 hello, 1 recognise, 2 parameters, 3 capability
    b"\x18\x26\x19\x00\x00\x00\x00"  # CHM; BHM
    b"\x18\x01\x19\x32\x3c\x00\x00"  # CRM(00); BRM
    b"\x18\x01\x19\x32\x00\x01\x00"  # CRM(AA); BCP
    b"\x18\x08\x19\x32\x78\x01\x02"  # CML (and CTS); BRO(AA)
    # 4 ready, 5 start, 6 charge
    b"\x10\x0a\x19\x32\x00\x01\x02"  # CRO(00); BRO(AA), a session
    b"\x10\x0a\x19\x32\x00\x02\x02"  # CRO(AA); BCL
    b"\x18\x12\x05\x0a\x00\x02\x02"  # CCS; BCL
    # 7 stop, 8 statistics, 9 end, 10 error, 11 failed
    b"\x10\x1a\x01\x64\x00\x02\x04"  # CST; BST
    b"\x10\x1a\x01\x64\x00\x03\x00"  # CST; BSD
    b"\x18\x1d\x19\x00\x04\x00\x00"  # CSD
    b"\x08\x1f\x19\x00\x02\x00\x00"  # CEM
    b"\x00\x00\x00\x00\x00\x00\x00"
)
# Messages of the vehicle by the byte of their id that tells them apart: least length, the first
# and the last stage in which it means something, the stage it leads to (0: none, or it depends).
MESSAGES = (
    b"\x27\x02\x00\x00\x01"  # BHM
    b"\x02\x29\x01\x01\x02"  # BRM
    b"\x06\x0d\x02\x02\x03"  # BCP
    b"\x09\x01\x03\x05\x00"  # BRO
    b"\x10\x05\x05\x06\x06"  # BCL
    b"\x11\x09\x05\x06\x00"  # BCS
    b"\x13\x07\x05\x06\x00"  # BSM
    b"\x19\x04\x05\x07\x08"  # BST
    b"\x1c\x07\x07\x08\x09"  # BSD
    b"\x1e\x04\x01\x06\x00"  # BEM
)
