"""Sources of data that have gone silent: their days should be whole by now, and are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.core.alerts.episode import Episode, step
from bot.core.alerts.lag import LEARNT_DAYS, silent_after
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Observation, Target
from bot.core.usage import LEDGER_SOURCES
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.memory import Memory
from bot.store.readings import lags, syncs

SOURCE = "source"
"""What the episodes' rule is called."""
_HOUR = timedelta(hours=1)


def silent(lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """Each report of each organisation whose newest whole day is older than it usually gets."""
    for status in syncs.statuses(lookout.connection):
        if status.source not in LEDGER_SOURCES or status.through is None or status.succeeded_at is None:
            continue
        target = Target(SOURCE, f"{status.organization_id}/{status.source}")
        episode: Episode | None = memory.episode(SOURCE, str(target))
        late = lookout.now - status.through
        reason = Reason.STILL_SILENT if episode is not None and episode.open else Reason.SILENT
        since = lookout.now - timedelta(days=LEARNT_DAYS)
        limit = silent_after(lags.lags(lookout.connection, status.organization_id, status.source, since))
        if late <= limit:
            reason = Reason.REPORTING
        seen = Observation(status.through, late // _HOUR, complete=False)
        decided = Decision(reason, seen, limit // _HOUR)
        yield Judged(SOURCE, target, (step(episode, decided, SOURCE, str(target), Kind.SOURCE, lookout.now),))
