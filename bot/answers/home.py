"""App Home: one person's teams, how their month goes, what is wrong, what is sent, and what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alerts import AlertLine, reasons
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Table, Tone
from bot.answers.budget import as_bars, is_over
from bot.answers.forecast import example_days
from bot.answers.pieces import day_label
from bot.answers.settings import when
from bot.core import wording
from bot.core.alerts.episode import State
from bot.core.configuration import PeopleData
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Scope, Standing
from bot.core.outlook.forecast import forecast
from bot.core.question import Subject, written
from bot.core.schedule import Cadence, Digest

MOST_BUTTONS = 8
_SEEN_BY = {
    PeopleData.ADMINS: "admins",
    PeopleData.OWNERS: "admins and owners",
    PeopleData.EVERYONE: "everybody",
}
_WITHHELD = "not shown to you"


@dataclass(frozen=True, slots=True)
class TeamMonth:
    """A team's month so far beside the same days of the one before; None: not in yet."""

    id: str
    name: str
    spent: Money | None
    before: Money | None
    budgets: tuple[Standing, ...] = ()
    withheld: bool = False
    """It is a single person's, whom the reader may not see."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What is configured, to be read here and changed where it comes from."""

    zone: str
    admins: tuple[str, ...]
    people_data: PeopleData
    source: str
    """The file's name; empty where none was applied."""
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """What one person sees. `owner`: the teams are theirs; else they own none and see the largest of all."""

    owner: bool
    teams: tuple[TeamMonth, ...]
    hidden: int
    """Teams that are not listed, because the list would be too long."""
    before: str
    """What the month is compared with: "1–21 Oct"."""
    alerts: tuple[AlertLine, ...]
    digests: tuple[tuple[Digest, str], ...]
    """Each with the name of what it is about."""
    in_force: InForce
    data_through: datetime | None


def answer(home: Home) -> Answer:
    over = any(is_over(standing) for team in home.teams for standing in team.budgets)
    return Answer(
        title="Claude usage",
        headline=_headline(home),
        tables=tuple(table for table in _tables(home) if table.rows),
        paragraphs=tuple(_hints(home)),
        notes=(f"And {wording.exactly(home.hidden, 'more team')}: press All teams.",) if home.hidden else (),
        actions=tuple(_actions(home)),
        data_through=home.data_through,
        tone=Tone.WARNING if over or home.alerts else Tone.PLAIN,
    )


def _headline(home: Home) -> str:
    """Whose teams these are, then what is wrong with them."""
    if not home.teams:
        return "There are no teams yet: nothing is configured."
    whose = (
        f"{_counted(len(home.teams), 'team')} yours."
        if home.owner
        else "You own no team, so these are the organisation's."
    )
    standings = [standing for team in home.teams for standing in team.budgets]
    budgets = f"{_budgets(sum(map(is_over, standings)), len(standings))} " if standings else ""
    return f"{whose} {budgets}{_counted(len(home.alerts), 'alert')} open."


def _budgets(over: int, all_: int) -> str:
    if all_ == 1:
        return "The budget is over or heading over." if over else "The budget holds."
    return f"{over or 'None'} of {all_} budgets {'are' if over > 1 else 'is'} over or heading over."


def _counted(count: int, thing: str) -> str:
    return f"{count or 'No'} {thing} is" if count < 2 else f"{count} {thing}s are"


def _tables(home: Home) -> Sequence[Table]:
    names = (
        Column("Team", numeric=False),
        Column("This month"),
        Column(f"vs {home.before}" if home.before else "Change"),
    )
    standings = [(team.name, standing) for team in home.teams for standing in team.budgets]
    return (
        Table("Your teams" if home.owner else "Teams", names, tuple(map(_month, home.teams))),
        as_bars(standings),
        Table(
            "Open alerts",
            (
                *(Column("Alert", numeric=False), Column("Since", numeric=False), Column("Reached", numeric=False)),
                *(Column("Limit", numeric=False), Column("Rule", numeric=False)),
            ),
            tuple(_alert(one) for one in home.alerts),
        ),
        Table(
            "Your digests" if home.owner else "Digests",
            (
                *(Column("Digest", numeric=False), Column("When", numeric=False)),
                *(Column("Where", numeric=False), Column("About", numeric=False)),
            ),
            tuple(
                (digest.id, when(digest, home.in_force.zone), digest.channel or "to you", about)
                for digest, about in home.digests
            ),
        ),
        Table(
            "Settings", (Column("Setting", numeric=False), Column("In force", numeric=False)), _settings(home.in_force)
        ),
    )


def _month(team: TeamMonth) -> tuple[Cell, ...]:
    if team.withheld:
        return (team.name, _WITHHELD, "–")
    return (team.name, Amount(team.spent), wording.delta(team.spent, team.before))


def _alert(alert: AlertLine) -> tuple[Cell, ...]:
    state = f", {alert.state}" if alert.state in (State.ACKNOWLEDGED, State.SILENCED) else ""
    since = f"since {day_label(alert.since)}{state}"
    return (alert.who, since, alert.reached, f"limit {alert.limit}" if alert.limit else "–", alert.name)


def _settings(in_force: InForce) -> tuple[tuple[Cell, ...], ...]:
    applied = f"{in_force.source}, applied {wording.instant(in_force.applied_at, in_force.zone)}"
    return (
        ("Time zone", in_force.zone),
        ("Admins", ", ".join(in_force.admins) or "nobody"),
        ("Figures of single people", f"seen by {_SEEN_BY[in_force.people_data]}, and by themselves"),
        ("Configuration", applied if in_force.source else "none applied yet"),
    )


def _hints(home: Home) -> Sequence[str]:
    if not home.in_force.source:
        return ("Whoever runs this bot sets teams, budgets, alerts and digests with `claude-usage config apply FILE`.",)
    hints = ["Press Settings to see what is in force and to change what you may."]
    if not home.digests:
        hints.insert(0, "No digest reports on these teams: press Subscribe for one.")
    return hints


def _actions(home: Home) -> Sequence[Action]:
    """The figures of each team, why each alert fired, and where to read on."""
    alerts = reasons(home.alerts)
    teams = [Action(team.name, _about(team.id)) for team in home.teams if not team.withheld]
    beside = [Action("All teams", "teams"), Action("Subscribe", "subscribe"), Action("Settings", "settings")]
    beside += [Action("Status", "status"), Action("Help", "help")]
    return [*alerts[: MOST_BUTTONS // 2], *teams[:MOST_BUTTONS], *beside]


def _about(team_id: str) -> str:
    return f"team {written(Subject.TEAM, team_id)}" if team_id else "summary"


def _standing(team: str, amount: str) -> Standing:
    """The examples' days of November, held against an amount for the month."""
    days, stop = example_days(), date(2026, 11, 21)
    budget = Budget(f"{team}-month", Scope("team", team), Money.from_dollars(amount))
    span = budget.span(stop)
    assert span is not None
    spent = Money(sum(day.units for day in days[-20:] if day is not None))
    ahead = forecast([None, *days], stop - timedelta(days=len(days) + 1), span.start, span.end)
    return Standing(budget, span, spent, 20, Money(spent.units // 20), ahead)


_IN_FORCE = InForce(
    "Europe/Berlin",
    ("cfo@example.com", "U0ADMIN01"),
    PeopleData.OWNERS,
    "teams.yml",
    datetime(2026, 11, 2, 8, 15, tzinfo=UTC),
)
_DAY_CAP = AlertLine(
    *("day_cap", "Team Alpha", State.FIRING, date(2026, 11, 20), "$214.10", "$200.00 a day"),
    question="team alpha 2026-11-20",
)
_ALPHA_BUDGET = _standing("alpha", "1150")
_ALPHA = TeamMonth("alpha", "Team Alpha", _ALPHA_BUDGET.spent, Money.from_dollars("1101.50"), (_ALPHA_BUDGET,))
_BETA = TeamMonth("beta", "Team Beta", Money.from_dollars("402.08"), Money.from_dollars("0"))
_MORNING = Digest("morning", "C0GENERAL1", Cadence.DAILY, time(9), "Europe/Berlin")
_WEEK = Digest("alpha-week", "C0ALPHA01", Cadence.WEEKLY, time(9), None, team="alpha")
_OWNER = Home(
    owner=True,
    teams=(_ALPHA, _BETA),
    hidden=0,
    before="1–21 Oct",
    alerts=(_DAY_CAP,),
    digests=((_WEEK, "Team Alpha"), (_MORNING, examples.ORGANISATION)),
    in_force=_IN_FORCE,
    data_through=examples.THROUGH,
)
_HOSTILE_TEAM = TeamMonth("alpha", examples.HOSTILE, None, None, (_standing("alpha", "0.01"),))
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "owner": answer(_OWNER),
        "nobody's owner": answer(replace(_OWNER, owner=False, alerts=(), digests=(), hidden=12)),
        "well": answer(replace(_OWNER, teams=(_BETA,), alerts=(), digests=())),
        "a budget that holds": answer(replace(_OWNER, teams=(replace(_ALPHA, budgets=(_standing("alpha", "9000"),)),))),
        "withheld": answer(replace(_OWNER, teams=(_ALPHA, replace(_BETA, spent=None, before=None, withheld=True)))),
        "nothing configured": answer(
            Home(False, (), 0, "", (), (), InForce("UTC", (), PeopleData.OWNERS, "", None), None)
        ),
        "hostile names": answer(
            replace(
                _OWNER,
                teams=(_HOSTILE_TEAM,),
                alerts=(replace(_DAY_CAP, who=examples.HOSTILE, reached="$10,000,000.00"),),
                digests=((replace(_MORNING, id="a" * 200), examples.HOSTILE),),
                in_force=replace(_IN_FORCE, admins=(examples.HOSTILE,), source=examples.HOSTILE),
            )
        ),
    }
)
