"""Why an alert is what it is: its rule, what was decided when and on what, who was told, and what keeps it quiet; and
for a team that expected an alert, what each rule saw and why it said nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alert import words
from bot.answers.alert.samples import SAMPLE
from bot.answers.answer import Answer, Column, Fact, Table
from bot.core.alerts.episode import Episode, Event, Happened, State
from bot.core.alerts.feedback import Silence
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind, Metric, Rule
from bot.core.wording import and_more

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        Reason.ABOVE_LIMIT: "above its limit",
        Reason.BELOW_LIMIT: "below its limit",
        Reason.STILL_ABOVE: "above its limit, and told already",
        Reason.STILL_BELOW: "below its limit, and told already",
        Reason.WITHIN_LIMIT: "within its limit",
        Reason.BACK_WITHIN_LIMIT: "a whole window within its limit",
        Reason.NO_DATA: "the figures are not in yet, which is neither good nor bad news",
        Reason.WINDOW_STILL_OPEN: "the window is not over, so it can't resolve yet",
        Reason.RESTATED: "Anthropic restated the figures of the window that was told",
        Reason.CROSSED_MARK: "a mark was crossed",
        Reason.BELOW_MARKS: "below every mark",
        Reason.SAID_BEFORE: "nothing that was not said before in this period",
        Reason.HEADING_OVER: "the forecast lies above the budget",
        Reason.HEADING_WITHIN: "the forecast lies within the budget",
        Reason.BACK_WITHIN: "the forecast lies below 95 % of the budget again",
        Reason.OVER_ALREADY: "it is over the budget already, which its marks tell",
        Reason.NO_FORECAST: "too little is known to forecast",
        Reason.PERIOD_OVER: "the period is over",
        Reason.UNUSUAL: "far from what its own days and hours usually reach",
        Reason.STILL_UNUSUAL: "still unusual, and told already",
        Reason.MUCH_WORSE: "nearly three times as unusual as what was told",
        Reason.USUAL: "as usual",
        Reason.BACK_TO_USUAL: "a whole day as usual",
        Reason.NEW_NORMAL: "it lasted long enough to be the new normal",
        Reason.NEW_SPENDER: "its first spend",
        Reason.DROPPED: "two whole days at less than half of what is usual",
        Reason.DRIFTED: "half more than eight weeks ago",
        Reason.EXPLAINED_WITHIN: "told as what a narrower scope did",
        Reason.FIRST_CALL: "its first call",
        Reason.RUNS_AWAY: "calls minute after minute, at an hour that hardly ever has any",
        Reason.STILL_RUNNING: "it goes on, and was told already",
        Reason.NOT_STEADY: "many calls, but not minute after minute",
        Reason.TOO_FEW_DAYS: "many calls, but too few days to say what is usual at this hour",
        Reason.CALMED_DOWN: "no more calls than at other times",
        Reason.SILENT: "its newest whole day is older than it ever should be",
        Reason.STILL_SILENT: "still silent, and told already",
        Reason.REPORTING: "it goes on again",
        Reason.RULE_GONE: "the rule, or what it was about, is not configured any more",
    }
)
_NOT_TOLD: Mapping[str, str] = MappingProxyType(
    {
        "called_expected": "not told: somebody called this much expected",
        "planned": "not told: somebody said that it is planned",
        "called_not_useful": "not told: somebody called this much not useful",
        "nobody_to_tell": "not told: there are no owners and no admins",
        "nobody_was_told": "not told: nobody had been told of it",
        "over_before_the_silence_was": "not told: it was over before the silence was",
        "told_elsewhere": "not told: the same people have it already, of a narrower scope",
    }
)


MOST = 20
"""Events, or rules, that fit into one answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """One receiver's message: when, and what became of it."""

    receiver: str
    at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One episode with all that the books have of it."""

    episode: Episode
    rule: Rule | None
    said: str
    """What it is held against, in words."""
    who: str
    state: State
    events: Sequence[tuple[Event, str]]
    """Each with why nobody was told of it; "" where somebody was, or it tells nothing."""
    told: Sequence[Told]
    silences: Sequence[Silence]
    until: datetime
    """When the newest of its windows ends."""
    zone: str
    data_through: datetime | None


def answer(explained: Explained) -> Answer:
    episode, zone = explained.episode, explained.zone
    metric = None if episode.kind is Kind.SOURCE else explained.rule.metric if explained.rule else Metric.COST
    first = explained.events[0][0] if explained.events else None
    why = reason(first.reason) if first else ""
    fired = first.value if first and first.value is not None else episode.value
    return Answer(
        title=f"Why: {episode.rule_id.replace(':', ' ')}, {explained.who}",
        headline=f"It fired on {words.moment(episode.fired_at, zone)}: {_value(metric, fired)}, {why}. "
        f"It is {explained.state.value} now.",
        facts=(
            Fact("Rule", episode.rule_id.replace(":", " "), explained.said),
            _window(explained),
            *((Fact("Usual", _value(metric, episode.expected)),) if episode.expected is not None else ()),
        ),
        tables=(_told(explained),) if explained.told else (),
        paragraphs=tuple(_happened(explained, metric, event, why) for event, why in explained.events[-MOST:]),
        notes=tuple(f"{one.by} silenced it until {words.moment(one.until, zone)}." for one in explained.silences),
        data_through=explained.data_through,
        episode=episode.id or None,
    )


def _window(explained: Explained) -> Fact:
    since = words.moment(explained.episode.since, explained.zone)
    if explained.episode.kind is Kind.SOURCE:
        return Fact("Silent since", since)
    return Fact("Window", since, f"to {words.moment(explained.until, explained.zone)}")


def reason(text: str) -> str:
    """Why, as a person reads it."""
    return _REASONS.get(text, text.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Quiet:
    """What one rule saw of a team, and why it said nothing (or that it fires)."""

    rule: str
    held_against: str
    value: str
    reason: str
    episode: int | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Every rule and budget that watches a team."""

    who: str
    seen: Sequence[Quiet]
    data_through: datetime | None


def why_not(quiet: WhyNot) -> Answer:
    """For a team that expected an alert."""
    many, fires = len(quiet.seen), sum(one.episode is not None for one in quiet.seen)
    if not many:
        headline = f"No rule and no budget watches {quiet.who}. Add one under alerts: or budgets: in the configuration."
    elif many == 1:
        headline = f"One rule or budget watches {quiet.who}, and it {'fires' if fires else 'has nothing to say'} now."
    elif fires:
        verb = "fires" if fires == 1 else "fire"
        headline = f"{fires} of the {many} rules and budgets that watch {quiet.who} {verb} now."
    else:
        headline = f"None of the {many} rules and budgets that watch {quiet.who} has anything to say now."
    lines = tuple(
        f"{one.rule} ({one.held_against}): {f'{one.value} now, ' if one.value else ''}{one.reason}."
        for one in quiet.seen[:MOST]
    )
    notes = (and_more(len(quiet.seen) - MOST),) if len(quiet.seen) > MOST else ()
    title = f"Alerts of {quiet.who}, and why"
    return Answer(title, headline, paragraphs=lines, notes=notes, data_through=quiet.data_through)


def _happened(explained: Explained, metric: Metric | None, event: Event, why: str) -> str:
    """One event as a sentence."""
    what = f"{event.what.value.replace('_', ' ')}{f' by {event.by}' if event.by else ''}"
    value = f" at {_value(metric, event.value)}" if event.value is not None else ""
    reasons = "; ".join(filter(None, (reason(event.reason) if event.reason else "", not_told(why))))
    return f"{words.moment(event.at, explained.zone)}: {what}{value}{f': {reasons}' if reasons else ''}."


def not_told(why: str) -> str:
    """Why nobody was told, as a person reads it; "" where somebody was."""
    return _NOT_TOLD.get(why, why.replace("_", " "))


def _told(explained: Explained) -> Table:
    columns = (Column("Receiver", numeric=False), Column("When", numeric=False), Column("Outcome", numeric=False))
    return Table(
        "Who was told",
        columns,
        tuple(
            (one.receiver, words.moment(one.at, explained.zone) if one.at else "", one.outcome)
            for one in explained.told
        ),
    )


def _value(metric: Metric | None, value: int | None) -> str:
    return f"{value} hours" if metric is None else words.said(metric, value)


def _explained(*, hostile: bool = False) -> Explained:
    now = examples.NOW
    name = examples.HOSTILE if hostile else "ana@example.com"
    return Explained(
        SAMPLE.episode,
        SAMPLE.rule,
        "more than $200.00 a day",
        examples.HOSTILE if hostile else "Team Alpha",
        State.SILENCED,
        (
            (SAMPLE.event, ""),
            (Event(Happened.ACKNOWLEDGED, now + timedelta(minutes=12), by=name), ""),
            (Event(Happened.WORSENED, now + timedelta(hours=9), 300 * 10**10, reason=Reason.MUCH_WORSE), "planned"),
        ),
        (Told(name, now, "sent"), Told("U0QUIET", None, "Slack does not let the bot write there.")),
        (Silence("day_cap", "alpha", now + timedelta(days=1), name),),
        SAMPLE.episode.since + timedelta(days=1),
        "UTC",
        examples.THROUGH,
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "an alert": answer(_explained()),
        "hostile names": answer(_explained(hostile=True)),
        "no alert": why_not(
            WhyNot(
                "Team Alpha",
                (
                    Quiet("day_cap", "more than $200.00 a day", "$180.02", reason(Reason.WITHIN_LIMIT)),
                    Quiet("anomaly", "unusual spend of at least $25.00", "", reason(Reason.USUAL)),
                    Quiet("budget alpha-month", "50, 80, 100 % of $500.00", "$402.10", reason(Reason.SAID_BEFORE), 12),
                ),
                examples.THROUGH,
            )
        ),
        "one rule": why_not(
            WhyNot(
                "Team Beta", (Quiet("day_cap", "more than $200.00 a day", "$9.00", reason(Reason.WITHIN_LIMIT)),), None
            )
        ),
        "nothing watches": why_not(WhyNot("Team Beta", (), examples.THROUGH)),
    }
)
