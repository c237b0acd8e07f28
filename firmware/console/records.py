"""At the prompt: the log, and the messages that the server has refused."""

from firmware.on_demand import load

_FILE = "firmware.storage.log_file"
_LETTERS = "firmware.storage.dead_letters"
_OUTBOX = "outbox"


def log(charger: "Charger", count: int = 0) -> None:
    """The lines in RAM, or about `count` of those on flash, the newest."""
    module = load(_FILE)
    for line in module.read(count=count) if count else module.in_ram(charger.log):
        print(line)
    if not count:
        print("that was in RAM; charger.log(100) shows what is on flash")


def dead_letters(charger: "Charger", again: bool = False) -> None:
    """What is kept: number, action, transaction, text. `again`: it is sent after the restart."""
    module = load(_LETTERS)
    count = 0
    for letter in module.read(_OUTBOX):
        print(letter)
        count += 1
    if again and count:
        module.send_again(_OUTBOX)
        charger.log.warn("app", "dead letters are sent again")
        print("%d letters go to the end of the outbox after charger.run()" % count)
    else:
        print("%d dead letters" % count)
