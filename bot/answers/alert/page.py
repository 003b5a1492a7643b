"""The message: its headline, its figures, what drives it, what was done about it, and where to look."""

from __future__ import annotations

from datetime import date, timedelta

from bot.answers.alert import words
from bot.answers.alert.headline import told
from bot.answers.alert.notice import Drivers, Notice
from bot.answers.answer import Action, Amount, Answer, Column, Control, Fact, Percent, Table, Tokens, Tone
from bot.core import wording
from bot.core.alerts.episode import Happened
from bot.core.alerts.rule import Kind, Metric, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.periods import local_date
from bot.core.question import Subject, written
from bot.core.report import Row

END_SILENCE = "end_silence"
"""What the button of an alert that is silenced does."""
SHOWN = 3


def answer(notice: Notice) -> Answer:
    episode, event = notice.episode, notice.event
    over = not episode.open
    title, headline = told(notice)
    return Answer(
        title=title,
        headline=headline,
        facts=_facts(notice),
        tables=tuple(map(_table, notice.drivers)),
        paragraphs=_paragraphs(notice),
        notes=_notes(notice),
        actions=_actions(notice),
        data_through=None if _of_calls(notice) else notice.data_through,
        tone=Tone.PLAIN if over or event.what in (Happened.RESOLVED, Happened.RESTATED) else Tone.WARNING,
        episode=episode.id or None,
        acknowledged=over or episode.acknowledged_at is not None,
        controls=(Control("End the silence", END_SILENCE, str(episode.id)),) if notice.silenced and episode.id else (),
    )


def _facts(notice: Notice) -> tuple[Fact, ...]:
    episode, event = notice.episode, notice.event
    since = words.moment(episode.since, notice.zone)
    if episode.kind is Kind.SOURCE:
        silent = f"{event.value or 0} hours"
        if event.what is Happened.RESOLVED:
            silent = words.lasting(event.at - episode.since)
        return (Fact("Silent", silent, f"since {since}"),)
    if episode.kind is Kind.NEW:
        calls = Fact("Requests", words.cell(notice.metric, event.value), f"since {since}")
        return (calls, Fact("Rule", episode.rule_id.removeprefix(NOTICE), notice.severity.value))
    label = words.name(notice.metric).capitalize()
    base = "Usual" if episode.kind is Kind.ANOMALY else f"{event.mark} % mark" if event.mark else "Limit"
    if episode.kind is Kind.FORECAST:
        label, base = "Heading for", "Budget"
    name = episode.rule_id.removeprefix(NOTICE).replace(":", " ")
    return (
        Fact(label, words.cell(notice.metric, _value(notice)), f"since {since}"),
        Fact(base, words.cell(notice.metric, event.limit)),
        Fact("Rule", name, notice.severity.value),
    )


def _value(notice: Notice) -> int | None:
    """What it came to since it began: of what is over not what is usual again."""
    episode, event = notice.episode, notice.event
    if event.what is Happened.RESOLVED and episode.kind is not Kind.FORECAST:
        return episode.value if notice.total is None else notice.total
    return event.value


def _table(drivers: Drivers) -> Table:
    """The largest first, beside what they came to before."""
    compared = any(row.previous is not None for row in drivers.rows)
    before = (Column(drivers.before[:1].upper() + drivers.before[1:]),) if compared else ()
    return Table(
        f"Largest {drivers.what}s" if drivers.what != "person" else "Largest people",
        (
            Column(drivers.what.capitalize(), numeric=False),
            Column("Billed"),
            *before,
            Column("Share"),
            Column("Tokens"),
        ),
        tuple(_row(row, compared=compared) for row in drivers.rows[:SHOWN]),
    )


def _row(row: Row, *, compared: bool) -> tuple[str | Amount | Percent | Tokens, ...]:
    before = (Amount(row.previous.billed_cost if row.previous else None),) if compared else ()
    return (row.name, Amount(row.figures.billed_cost), *before, Percent(row.share), Tokens(row.figures.total_tokens))


def _paragraphs(notice: Notice) -> tuple[str, ...]:
    done = tuple(filter(None, (words.happened(one, notice.zone) for one in notice.history)))
    over, begins = notice.episode.resolved_at, notice.event.what in (Happened.FIRED, Happened.WORSENED)
    alarm = not notice.episode.rule_id.startswith(NOTICE)
    if notice.event.what is Happened.ESCALATED:
        fired, now = words.moment(notice.episode.fired_at, notice.zone), words.moment(notice.event.at, notice.zone)
        done = (f"It fired on {fired}, and nobody had acknowledged it by {now}: so you are told.", *done)
    ended = (f"It was over on {words.moment(over, notice.zone)}.",) if over and begins and alarm else ()
    if notice.episode.kind is Kind.SOURCE:
        return (*done, *ended, "What the last sync said: `/claude-usage status`")
    return (*done, *ended, *_to_do(notice), f"To look closer: `/claude-usage {_question(notice)}`")


def _to_do(notice: Notice) -> tuple[str, ...]:
    """How to end it, where somebody should."""
    if not notice.episode.open or not notice.event.what.alarms:
        return ()
    if notice.episode.kind is Kind.RUNAWAY:
        return (
            "If nobody expected this, look at what runs there; a key is stopped at once in the Console (API keys → "
            "Disable).",
        )
    if notice.episode.kind is Kind.ANOMALY and not notice.episode.rule_id.startswith(NOTICE):
        return (
            "If nobody expected this, look at what runs there; a key is stopped at once in the Console (API keys → "
            "Disable). If it is planned or expected, say so with a button, and it is not told again.",
        )
    return ()


def _notes(notice: Notice) -> tuple[str, ...]:
    notes = [f"{name} should have been told and can't be reached in Slack." for name in notice.unreachable]
    if notice.event.what.alarms and notice.calls:
        price = ", at list price" if notice.metric is Metric.COST else ""
        calls = wording.counted(notice.calls, "call")
        notes.append(f"An estimate: it holds {calls} that Anthropic has not reported yet{price}.")
    if notice.event.what.alarms and notice.running:
        notes.append("These figures can still grow.")
    if notice.event.what.alarms and notice.episode.open:
        notes.append(_again(notice))
    return tuple(notes)


def _again(notice: Notice) -> str:
    """When the reader hears of it again."""
    match notice.episode.kind:
        case Kind.BUDGET:
            return "You are told once of each mark, and nothing repeats within the period."
        case Kind.FORECAST:
            return "You are told once, and again if it is no longer so."
    return "You are told once, and again when it is over."


def _actions(notice: Notice) -> tuple[Action, ...]:
    if notice.episode.kind is Kind.SOURCE:
        return (Action("Status", "status"),)
    if _of_calls(notice):
        return (Action("Its calls", _question(notice)), Action("All calls", "calls today by hour"))
    question, about = _question(notice), _about(notice)
    return (
        Action("Why?", f"why {question}"),
        Action("Receipt", question, receipt=True),
        Action("By key", f"{question} by key"),
        Action("By model", f"{question} by model"),
        Action("By day", f"{about} last 14 days by day"),
    )


def _of_calls(notice: Notice) -> bool:
    """Only live calls tell of it: there is no bill to show."""
    return notice.episode.kind in (Kind.NEW, Kind.RUNAWAY) or bool(notice.rule and notice.rule.live)


def _about(notice: Notice) -> str:
    target = Target.of(notice.episode.scope)
    return f"{target.kind} {written(Subject(target.kind), target.id)}" if target.kind else "summary"


def _question(notice: Notice) -> str:
    """What was told, as a question: its days."""
    first, last = _days(notice)
    if _of_calls(notice):
        target = Target.of(notice.episode.scope)
        if target.kind == "team":
            return f"calls {_about(notice)} {last}"
        if target.kind is None:
            return f"calls {last}"
        return f"{_about(notice)} {last}" if target.kind == "feature" else f"calls {last} by {target.kind}"
    if notice.episode.kind is Kind.THRESHOLD and notice.rule and notice.rule.window.unit == "month":
        return f"{_about(notice)} {first:%Y-%m}"
    return f"{_about(notice)} {first}..{last}" if last > first else f"{_about(notice)} {first}"


def _days(notice: Notice) -> tuple[date, date]:
    """The first and last day of what was told."""
    episode, zone = notice.episode, notice.zone
    if episode.kind is Kind.THRESHOLD and notice.rule:
        period = notice.rule.window.period(notice.window, zone)
        return local_date(period.start, zone), local_date(period.end - timedelta.resolution, zone)
    first, today = local_date(episode.since, zone), local_date(notice.now, zone)
    last = notice.ends or local_date(episode.last_window - timedelta.resolution, zone)
    return first, max(first, min(last, today))
