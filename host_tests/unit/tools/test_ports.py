"""tools.ports: a port that was ours a moment ago is still ours."""

import socket

import pytest

from tools.ports import Door, free_port


def _taken(port: int) -> bool:
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=2).close()


def test_a_free_port_is_none_that_the_system_gives_to_outgoing_connections():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    ports = {free_port() for _ in range(20)}
    assert len(ports) > 15 and max(ports) < lowest
    assert not any(_taken(port) for port in ports)


def test_a_door_keeps_its_port_while_it_refuses_connections():
    door = Door()
    for _ in range(3):
        assert _taken(door.port)
        with pytest.raises(ConnectionRefusedError):
            _connect(door.port)
        with door.open() as listener:
            _connect(door.port)
            listener.accept()[0].close()
    door.close()
    assert not _taken(door.port)


def test_a_port_somebody_listens_at_cannot_be_a_door():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError):
        Door(other.getsockname()[1])
