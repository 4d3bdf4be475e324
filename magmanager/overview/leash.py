"""Runs a command that must not outlive its manager: `python -m magmanager.overview.leash PID COMMAND…`.

A manager that is told to stop ends its children itself. One that is killed with -9 cannot, so each child
takes a watcher along: twice a second it looks whether the manager is still there, and if not, it ends the
whole process group. (Linux has PR_SET_PDEATHSIG for this, but that follows the direct parent, here a helper
of honcho's that survives, and macOS has nothing like it.)
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

EVERY = 0.5
GRACE = 6.0


def main(manager: int, command: list[str]) -> None:
    """Becomes `command`, with a watcher beside it in the same process group."""
    own = os.getpid()
    if os.fork() == 0:
        _hang_up()
        _watch(manager, own)
        os._exit(0)
    os.execvp(command[0], command)  # noqa: S606  (the manager's own list of arguments, no shell)


def _watch(manager: int, command: int) -> None:
    """Returns when the command has ended by itself; ends the group when the manager is gone."""
    while os.getppid() == command:
        if not _is_alive(manager):
            _end_group(command)
            return
        time.sleep(EVERY)


def _end_group(command: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while os.getppid() == command and time.monotonic() < until:
        time.sleep(EVERY)
    os.killpg(0, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _hang_up() -> None:
    """Lets go of the manager's pipe, or it would wait for our output after the command has ended."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        with suppress(OSError):
            os.dup2(nothing, stream)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
