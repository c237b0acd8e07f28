"""Where writes to flash take time (--erase-ms): when interrupts that came meanwhile are told."""

import link


class Files:
    """The file system; on the chip no bytecode runs within one of its calls, but between two."""

    def __init__(self, files: object) -> None:
        self._files = files

    def __getattr__(self, name: str) -> object:
        link.interrupted()
        return getattr(self._files, name)
