"""`settings`: what is in force, where it was configured and by whom, and how to change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alert import words
from bot.answers.answer import Action, Answer, Fact
from bot.answers.unowned import Unowned, table
from bot.core import wording
from bot.core.alerts.rule import Kind, Metric, Rule, Severity
from bot.core.alerts.window import Window
from bot.core.configuration.merged import What
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Every, Scope
from bot.core.periods import WEEKDAYS
from bot.core.schedule import Cadence, Digest

TITLES = {
    What.DIGEST: "Digests",
    What.BUDGET: "Budgets",
    What.RULE: "Alert rules",
    What.SILENCE: "Silences",
    What.OWNERS: "Owners of teams",
    What.CLAIM: "Things given to teams",
}
_WORDS = {What.DIGEST: "digest", What.BUDGET: "budget", What.RULE: "alert rule", What.SILENCE: "silence"}
THE_FILE = "the file"
_PARAGRAPH = 2500
_SCOPES = {
    "all": "the whole organisation",
    "each_team": "each team",
    "each_key": "each key",
    "each_model": "each model",
    "each_feature": "each feature",
    "each_workspace": "each workspace",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is configured. `by` is the Slack user who did, None where the file says it."""

    what: What
    id: str
    said: str
    by: str | None = None
    at: datetime | None = None
    aside: str = ""
    """Why it is not in force, of what Slack has and does not hold beside the file."""
    changeable: bool = False
    """The reader may change or remove it."""
    key: str = ""
    """What a form calls it, where that is not its id."""
    named: tuple[str, ...] = ()
    """The people and channels in `said`, by Slack's ids: a medium that knows their names shows those."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One change made in Slack: "added", "changed" or "removed", from what, to what."""

    at: datetime
    by: str
    what: What
    id: str
    before: str
    after: str

    @property
    def did(self) -> str:
        return "added" if not self.before else "changed" if self.after else "removed"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one person sees of it. `log` and `unowned` are for admins."""

    zone: str
    admins: tuple[str, ...]
    file: str
    """Its name; empty where none was applied."""
    applied_at: datetime | None
    lines: tuple[Line, ...]
    log: tuple[LogLine, ...] = ()
    unowned: tuple[Unowned, ...] = ()
    admin: bool = False
    owner: bool = False
    question: str = "settings"


def subscribed(settings: Settings, question: str) -> Answer:
    """`subscribe` where no form can open: what is sent already, and how to have more."""
    told = tuple(line for line in settings.lines if line.what in (What.DIGEST, What.RULE))
    return replace(
        answer(replace(settings, lines=told, log=(), unowned=(), question=question)),
        title="Digests and alerts",
    )


def answer(settings: Settings) -> Answer:
    kinds = {what: [line for line in settings.lines if line.what is what] for what in TITLES}
    counts = [wording.exactly(len(kinds[what]), word) for what, word in _WORDS.items() if kinds[what]]
    aside = sum(bool(line.aside) for line in settings.lines)
    return Answer(
        title="Settings",
        headline=f"In force: {wording.listed(counts)}." if counts else "Nothing is configured yet.",
        facts=(
            Fact(
                "File",
                settings.file or "none",
                wording.instant(settings.applied_at, settings.zone) if settings.applied_at else "",
            ),
            Fact("Time zone", settings.zone),
            Fact("Admins", ", ".join(settings.admins) or "nobody"),
        ),
        tables=(table(settings.unowned),) if settings.unowned else (),
        paragraphs=(*_listed(settings, kinds), *_how(settings)),
        notes=(_aside(aside),) if aside else (),
        actions=(Action("Subscribe", "subscribe"), Action("Alerts", "alerts"), Action("Help", "help")),
        question=settings.question,
    )


def digest_line(digest: Digest, zone: str, about: str) -> str:
    """Every Monday at 09:00 Europe/Berlin to C0ALPHA, about Team Alpha"""
    whose = f"the own use of {digest.to}" if digest.own else about
    return f"{when(digest, zone)} to {digest.place or 'the channel of each team'}, about {whose}"


def when(digest: Digest, zone: str) -> str:
    at = f"at {digest.at:%H:%M} {digest.zone or zone}"
    match digest.cadence:
        case Cadence.DAILY:
            return f"every day {at}"
        case Cadence.WEEKLY:
            return f"every {WEEKDAYS[digest.weekday].capitalize()} {at}"
        case Cadence.MONTHLY:
            return f"on the 1st of the month {at}"
        case Cadence.QUARTERLY:
            return f"on the 1st of the quarter {at}"


def budget_line(budget: Budget, about: str) -> str:
    """$500.00 a month for Team Alpha, told at 50, 80 and 100 %, and before it is heading over"""
    period = "once" if budget.every is Every.DATES else f"a {budget.every}"
    marks = wording.listed([str(mark) for mark in budget.marks])
    ahead = ", and when it is heading over" if budget.forecast else ""
    return f"{wording.to_the_cent(budget.amount)} {period} for {about}, told at {marks} %{ahead}"


def rule_line(rule: Rule, about: str) -> str:
    """spend above $200.00 a day of Team Alpha, critical, told to owners"""
    told = f"{rule.severity.value}, told to {wording.listed(rule.notify)}"
    metric = words.name(rule.metric)
    if rule.kind is Kind.NEW:
        return f"the first call of {about}, {told}"
    if rule.kind is Kind.RUNAWAY:
        return f"more than {words.limit_of(rule)}, steadily and at an unusual hour, of {about}, {told}"
    if rule.kind is Kind.ANOMALY:
        least = f" by {wording.to_the_cent(Money.from_dollars(rule.min_impact))} or more" if rule.min_impact else ""
        return f"unusual {metric}{least} of {about}, {told}"
    side = "above" if rule.below is None else "below"
    noun = "tokens" if metric.endswith("tokens") else metric
    limit = words.limit_of(rule).replace(f" {noun}", "", 1)  # not "tokens above 30.0k tokens"
    return f"{metric} {side} {limit} of {about}, {told}"


def scope_name(scope: str, name: str) -> str:
    """What a scope is called in the middle of a sentence."""
    return _SCOPES.get(scope, name)


def _aside(count: int) -> str:
    what = "1 thing that was set up in Slack is" if count == 1 else f"{count} things that were set up in Slack are"
    return f"{what} not in force; why stands beside it."


def _listed(settings: Settings, kinds: Mapping[What, Sequence[Line]]) -> Iterator[str]:
    """A paragraph for each kind of thing: sentences are too long for tables."""
    for what, lines in kinds.items():
        yield from _paragraphs(
            TITLES[what], [f"{line.id}: {line.said} ({_origin(line, settings.zone)})" for line in lines]
        )
    changes = [
        f"{wording.instant(one.at, settings.zone)} {one.by} {one.did} {one.what} {one.id}: "
        f"{' → '.join(filter(None, (one.before, one.after)))}"
        for one in settings.log
    ]
    yield from _paragraphs("Changes in Slack", changes)


def _paragraphs(title: str, lines: Sequence[str]) -> Iterator[str]:
    """As many as Slack needs to show all of it."""
    text = title
    for line in lines:
        if len(text) + len(line) > _PARAGRAPH:
            yield text
            text = f"{title}, continued"
        text = f"{text}\n• {line.replace('`', chr(39))}"
    if lines:
        yield text


def _origin(line: Line, zone: str) -> str:
    if line.by is None:
        return f"in {THE_FILE}"
    made = f"in Slack by {line.by}" + (f", {wording.instant(line.at, zone)}" if line.at else "")
    return f"{made}; not in force: {line.aside}" if line.aside else made


def _how(settings: Settings) -> Iterator[str]:
    yield (
        "In Slack `/claude-usage settings` and `/claude-usage subscribe` open forms. What the file configures is "
        "changed in it, and put in force with `claude-usage config apply FILE`."
    )
    if settings.admin:
        yield "You are an admin: you may change everything that was configured in Slack."
    elif settings.owner:
        yield "You may change what is about a team of yours, and have a digest of your own use."
    else:
        yield "You may have a digest of your own use in a direct message: `/claude-usage subscribe`."


_AT = datetime(2026, 11, 20, 15, 4, tzinfo=UTC)
_WEEK = Digest("alpha-weekly", "C0ALPHA01", Cadence.WEEKLY, time(9), "Europe/Berlin", team="alpha")
_MORNING = Digest("morning", "C0GENERAL1", Cadence.DAILY, time(8, 30), None)
_BUDGET = Budget("alpha-month", Scope("team", "alpha"), Money.from_dollars("1150"), forecast=True)
_DAY_CAP = Rule("day_cap", Metric.COST, Decimal(200), Window.DAY, "alpha", Severity.CRITICAL)
_UNUSUAL = Rule("anomaly", Metric.COST, kind=Kind.ANOMALY, min_impact=Decimal(25))
_SETTINGS = Settings(
    zone="Europe/Berlin",
    admins=("cfo@example.com", "U0ADMIN01"),
    file="teams.yml",
    applied_at=datetime(2026, 11, 2, 8, 15, tzinfo=UTC),
    lines=(
        Line(
            *(What.DIGEST, "morning", digest_line(_MORNING, "Europe/Berlin", scope_name("all", ""))),
            named=("C0GENERAL1",),
        ),
        Line(
            *(What.DIGEST, "alpha-weekly", digest_line(_WEEK, "Europe/Berlin", "Team Alpha"), "U0ANA", _AT),
            changeable=True,
            named=("C0ALPHA01",),
        ),
        Line(What.BUDGET, "alpha-month", budget_line(_BUDGET, "Team Alpha")),
        Line(What.RULE, "day_cap", rule_line(_DAY_CAP, "Team Alpha")),
        Line(
            *(What.RULE, "anomaly", rule_line(_UNUSUAL, scope_name("each_team", "")), "U0ANA", _AT),
            aside="The configuration file has an alert of this id, and that one counts.",
        ),
        Line(
            *(What.SILENCE, "every rule", "Team Alpha, until 2026-11-23 08:00 UTC", "U0ANA"), changeable=True, key="3"
        ),
        Line(What.OWNERS, "beta", "Team Beta is owned by U0BEN", "U0ADMIN01", _AT, named=("U0BEN",)),
    ),
    owner=True,
)
_LOG = (
    LogLine(_AT, "U0ANA", What.DIGEST, "alpha-weekly", "", "cadence: weekly, on: monday"),
    LogLine(_AT, "U0ADMIN01", What.BUDGET, "old", "amount: 500.00", ""),
)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "for an owner": answer(_SETTINGS),
        "for an admin": answer(
            replace(
                _SETTINGS,
                admin=True,
                log=_LOG,
                unowned=(Unowned("api_key", "apikey_1", "ci", Money.from_dollars("18.20")),),
            )
        ),
        "nothing yet": answer(Settings("UTC", (), "", None, ())),
        "hostile names": answer(
            replace(
                _SETTINGS,
                file=examples.HOSTILE,
                admins=(examples.HOSTILE,),
                lines=(Line(What.BUDGET, "x", budget_line(_BUDGET, examples.HOSTILE), "U0ANA", _AT, examples.HOSTILE),),
            )
        ),
    }
)
