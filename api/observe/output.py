"""Standard output as logs use it: where nobody reads what is written, lines are lost, and nothing waits for that."""

import logging
import os
import select

OUT = 1  # the descriptor of standard output


def takes_more(descriptor: int) -> bool:
    """Whether a write of up to `PIPE_BUF` bytes would be done at once (POSIX, poll and write)."""
    return bool(select.select([], [descriptor], [], 0)[1])


class OutputHandler(logging.Handler):
    """Writes lines at once, in their order, as long as they are taken; says how many were not as soon as they are again."""

    def __init__(self, descriptor: int = OUT) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.lost = 0
        self._begun = b""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, and before it how many were lost."""
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if self.lost and self._write(self.format(_loss(self.lost))):
            self.lost = 0
        if not self._write(text):
            self.lost += 1

    def _write(self, text: str) -> bool:
        left = memoryview(self._begun + f"{text}\n".encode("utf-8", "backslashreplace"))
        try:
            while left and takes_more(self.descriptor):
                left = left[os.write(self.descriptor, left[: select.PIPE_BUF]) :]
                self._begun = b"\n" if left else b""  # ends a line that is cut off here
        except OSError:  # the disk is full, or who read is gone
            return False
        return not left


def _loss(number: int) -> logging.LogRecord:
    text = "%s lines were lost, for nobody took them"
    return logging.LogRecord("api", logging.WARNING, __file__, 0, text, (number,), None)
