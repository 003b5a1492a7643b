"""Who sends calls: a program with an intake token, or a file that somebody imports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "cub_"
"""How an intake token begins, so that people and scanners of secrets know one when they see it."""
_GLOBAL = ("req_", "msg_")
"""How ids begin that Anthropic gives: the same call has the same one, whoever tells of it."""
_BETWEEN = "/"


@dataclass(frozen=True, slots=True)
class Client:
    """One sender; with a team, all its calls are that team's, whatever they say."""

    name: str
    team: str | None = None

    def own(self, ids: Iterable[str]) -> list[str]:
        """The ids under which calls of this sender are kept: two programs may both count their calls from one."""
        before = self.name + _BETWEEN
        return [call_id if call_id.startswith(_GLOBAL) else before + call_id for call_id in ids]


IMPORTED = Client("")
"""Whoever imports a file; no token can have this name."""


def fingerprint(token: str) -> str:
    """What is kept of a token. It is random and long, so that a plain hash can't be guessed back."""
    return sha256(token.encode("utf-8", "backslashreplace")).hexdigest()
