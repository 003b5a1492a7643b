"""Who holds a turn: a process, named so that another on the same machine can tell when it is gone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NUMBERS = Path("/proc/self/ns/pid")
"""The namespace of process ids: process 7 of another container is another one."""
_STARTED = 19
"""Which field behind a process's name is when it started, in ticks since the machine did."""


def new() -> str:
    """A name that nobody else has, with the process it stands for where the system can tell it from all others."""
    return "/".join(filter(None, (secrets.token_hex(8), _process(os.getpid()))))


def gone(holder: str) -> bool:
    """Whether its process has ended. False where that can't be known: on another machine, boot or container, or
    where the system does not say."""
    _, _, process = holder.partition("/")
    here, _, number = process.rpartition("/")[0].rpartition("/")
    if not process or here != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)  # only asks whether it exists: /proc may hide another user's processes
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    now = _process(int(number))
    return bool(now) and now != process  # its number belongs to another process by now


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
