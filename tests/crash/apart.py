"""A server in a process of its own: `python -m MODULE` prints its address, and serves until its input is closed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from bot.demo.serving import serve


async def here(app: ASGIApp) -> None:
    """Be that server."""
    async with serve(app) as address:
        print(address, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def running(module: str) -> Iterator[str]:
    """Start that server; its address."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()  # its input may still be open in workers that were forked after it was
