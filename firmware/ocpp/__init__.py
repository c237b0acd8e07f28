"""OCPP without I/O: frames, RPC, messages. Bytes go in, events come out; time is an argument."""
