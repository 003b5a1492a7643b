"""Failures ordered in advance: the bot meets them as Slack's own."""

from collections import defaultdict, deque
from dataclasses import dataclass

from bot.demo.slack.values import Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure; with `after_accepting` the call takes effect and only its answer is lost."""

    status: int
    error: str | None
    retry_after: int | None
    after_accepting: bool

    def refuse(self) -> None:
        """Raise what the caller is told, unless the call is to be accepted first."""
        if not self.after_accepting:
            usual = "ratelimited" if self.status == 429 else "internal_error"
            raise Refused(self.error or usual, status=self.status)


class Faults:
    """A queue of failures for each method; `response_url` counts as one."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def order(self, method: str, fault: Fault, times: int) -> None:
        """Let the next `times` calls fail."""
        self._waiting[method].extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault ordered for this call, if any; each is used once."""
        return self._waiting[method].popleft() if self._waiting[method] else None
