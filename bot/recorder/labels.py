"""Whose call it is, as the program around it says: by the recorder, and more closely by `recorder.context(…)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Labels(NamedTuple):
    """None: nothing is said."""

    team: str | None = None
    user: str | None = None
    feature: str | None = None

    def under(self, closer: Labels) -> Labels:
        """These, where the closer ones say nothing."""
        return Labels(closer.team or self.team, closer.user or self.user, closer.feature or self.feature)


_NONE = Labels()
_said: ContextVar[Labels] = ContextVar("claude_usage_labels", default=_NONE)


def said() -> Labels:
    """What holds here: in this thread or task, and in what it starts."""
    return _said.get()


@contextmanager
def saying(labels: Labels) -> Iterator[None]:
    token = _said.set(_said.get().under(labels))
    try:
        yield
    finally:
        _said.reset(token)
