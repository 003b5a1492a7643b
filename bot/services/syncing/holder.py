"""Who holds a turn: a process, called so that the next one on the same machine can tell that it is gone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NUMBERS = Path("/proc/self/ns/pid")
"""Of the space that process numbers are of: another container's 7 is another process."""
_STARTED = 19
"""Where a process' start stands behind its name, in ticks since the machine's."""


def new() -> str:
    """A name that nobody else has, with the process it stands for where the system tells that one from all others."""
    return "/".join(filter(None, (secrets.token_hex(8), _process(os.getpid()))))


def gone(holder: str) -> bool:
    """Whether its process has ended. False where that can't be known: of another machine, boot or container, or of a
    system that does not say."""
    _, _, process = holder.partition("/")
    here, _, number = process.rpartition("/")[0].rpartition("/")
    if not process or here != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)  # asks for nothing but whether it is there: /proc may hide what is another user's
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    now = _process(int(number))
    return bool(now) and now != process  # its number is another process' by now


def _process(number: int) -> str:
    """`boot/numbers/number/start`; "" where the system does not say."""
    try:
        started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[_STARTED]
    except (OSError, IndexError):
        return ""
    place = _place()
    return f"{place}/{number}/{started}" if place else ""


def _place() -> str:
    try:
        return f"{_BOOT.read_text().strip()}/{_NUMBERS.readlink()}"
    except OSError:
        return ""
