"""Where writes to flash take time (--erase-ms): when interrupts that came meanwhile are told.

On the chip no bytecode runs within a call of the file system, but between any two: of its own
methods and of those of a file that is written.
"""

import io

import link


class Files:
    """The file system."""

    def __init__(self, files: object) -> None:
        self._files = files

    def __getattr__(self, name: str) -> object:
        link.interrupted()
        return getattr(self._files, name)

    def open(self, path: str, mode: str) -> object:
        link.interrupted()
        file = self._files.open(path, mode)
        return file if mode[0] == "r" else Written(file)


class Written(io.IOBase):
    """A file that is written; json.dump writes to it, too."""

    def __init__(self, file: object) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        link.interrupted()
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        link.interrupted()
        return self._file.write(data)

    def __enter__(self) -> object:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        link.interrupted()
        self._file.close()
        link.interrupted()
