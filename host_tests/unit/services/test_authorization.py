"""May this tag charge: the server's word, or the keys' when it cannot be reached."""

import pytest

from firmware.ocpp.keys import Keys
from firmware.services.authorization import Authorization
from host_tests.unit.services.station_bench import Link, Log


class Asker:
    """An authorization with its link, and what it has said."""

    def __init__(self, online=True, **keys):
        self.keys = Keys(lambda stored: None)
        for key, value in keys.items():
            assert self.keys.set(key, value) == "Accepted"
        self.authorization = Authorization(self.keys, Log())
        self.link = self.authorization.link = Link()
        self.link.online = online
        self.results = []

    def ask(self, tag="TAG"):
        self.authorization.ask(tag, lambda *result: self.results.append(result))

    def answer(self, payload, index=-1):
        self.link.callbacks[index](payload)


@pytest.mark.parametrize(
    "payload, accepted",
    [
        ({"idTagInfo": {"status": "Accepted"}}, True),
        ({"idTagInfo": {"status": "Blocked"}}, False),
        ({"idTagInfo": {"status": "ConcurrentTx"}}, False),
        ({"idTagInfo": {}}, False),
        ({"idTagInfo": "Accepted"}, False),
        ({"idTagInfo": None}, False),
        ({}, False),
        (None, False),  # the server is there, and answered with an error
    ],
)
def test_the_servers_word_counts(payload, accepted):
    asker = Asker()
    asker.ask()
    assert asker.link.sent == [("Authorize", {"idTag": "TAG"})]
    assert asker.results == []
    asker.answer(payload)
    assert asker.results == [("TAG", accepted)]


@pytest.mark.parametrize("local", ["true", "false"])
@pytest.mark.parametrize("unknown", ["true", "false"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_without_the_server_the_keys_decide(local, unknown, when):
    asker = Asker(LocalAuthorizeOffline=local, AllowOfflineTxForUnknownId=unknown)
    if when == "before":
        asker.link.online = False
    asker.ask()
    if when == "meanwhile":
        asker.link.online = False
        asker.answer(None)
    assert len(asker.link.sent) == (when == "meanwhile")
    assert asker.results == [("TAG", local == unknown == "true")]


def test_the_same_tag_is_asked_for_once():
    asker = Asker()
    asker.ask()
    asker.ask()
    assert len(asker.link.sent) == 1
    asker.answer({"idTagInfo": {"status": "Accepted"}})
    assert len(asker.results) == 1
    asker.ask()
    assert len(asker.link.sent) == 2


def test_another_tag_has_its_own_question():
    asker = Asker()
    asker.ask("A")
    asker.ask("B")
    asker.answer({"idTagInfo": {"status": "Invalid"}}, 0)
    asker.answer({"idTagInfo": {"status": "Accepted"}}, 1)
    assert asker.results == [("A", False), ("B", True)]
