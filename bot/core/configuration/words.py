"""The words of a configuration file: which keys and values there are, and what each must look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import available_timezones

from bot.core.alerts.rule import ADMINS, CHANNEL, EACH, EACH_OF_CALLS, OWNERS, WHOLE_ORGANISATION, Metric
from bot.core.alerts.window import Window
from bot.core.configuration.entry import Entry, suggestion
from bot.core.configuration.yaml import Items, Kind, Scalar, described, is_credential, seen, shown
from bot.core.directory import UNALLOCATED
from bot.core.errors import MoneyError
from bot.core.money import Money
from bot.core.outlook.budget import Every
from bot.core.periods import WEEKDAYS
from bot.core.schedule import Cadence, Skip

FILE_KEYS = ("timezone", "admins", "people_data", "quiet_hours", "teams", "budgets", "digests", "alerts")
ENTRY_KEYS = {
    "teams": ("id", "name", "owners", "channel", "parent", "matches"),
    "budgets": (
        *("id", "team", "scope", "amount", "period", "fiscal_start", "from", "until"),
        *("notify_at", "forecast", "uplift"),
    ),
    "digests": ("id", "channel", "to", "cadence", "on", "at", "timezone", "scope", "skip"),
    "alerts": (
        *("id", "metric", "kind", "scope", "severity", "notify"),
        *("above", "below", "window", "per", "min_impact", "escalate_after"),
    ),
}
REQUIRED_KEYS = {
    "teams": ("id",),
    "budgets": ("id", "amount"),
    "digests": ("id", "cadence"),
    "alerts": ("id", "kind"),
}
MATCH_KINDS = ("workspace", "api_key", "user", "workspace_tag", "call_team")
CADENCES = tuple(Cadence)
OWN = "own"
WEEKENDS = "weekends"
BUDGET_PERIODS = tuple(Every)
BUDGET_SCOPES = ("team", "model", "workspace", "key", "user")
METRICS = tuple(Metric)
KINDS = ("threshold", "anomaly", "new", "runaway")
RESERVED_TEAMS = (UNALLOCATED, *EACH, *EACH_OF_CALLS, WHOLE_ORGANISATION)
_RECEIVERS = (OWNERS, ADMINS, CHANNEL)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)
_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>(),;:\"]{1,64}@[^@\s<>(),;:\"]+\.[^@\s<>(),;:\".]+")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}", re.ASCII)
_LONGEST_NAME = 80
_MOST_PERCENT = 200
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_TURNS_TEXT_ROUND = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional controls: in a name they would reorder the rest of the line it is shown in."""


def identity(entry: Entry, *, reserved: Iterable[str] = ()) -> str:
    """The entry's id, "" where there is none. A malformed one is noted and still returned: others may name it."""
    text = entry.text("id")
    if text is None:
        return ""
    if text in reserved:
        entry.wrong("id", "is a word of this bot's own. Choose another id.")
    elif not _ID.fullmatch(text):
        entry.wrong("id", 'is not an id. Use a-z, 0-9, "-" and "_", at most 63 of them, a letter or digit first.')
    return text


def name(entry: Entry, key: str) -> str | None:
    """What people call something: anything they can read on one line."""
    text = entry.text(key)
    if text is None:
        return None
    if not text.strip():
        entry.wrong(key, "is empty. Write a name or leave the key out.")
    elif len(text) > _LONGEST_NAME:
        entry.wrong(key, f"has {len(text)} characters. Use at most {_LONGEST_NAME}.")
    elif any(
        unicodedata.category(c) in _UNPRINTABLE or unicodedata.bidirectional(c) in _TURNS_TEXT_ROUND for c in text
    ):
        entry.wrong(key, "has a control character in it. Delete it or type the name again.")
    return text


def pattern(entry: Entry, key: str) -> str | None:
    """What a match looks for; None and a mistake for nothing at all or a pasted credential."""
    text = entry.text(key)
    if text is None:
        return None
    if not text.strip():
        entry.wrong(key, "is empty. Write a name, an id or a pattern such as support-*.")
        return None
    if is_credential(text):
        entry.wrong(key, "is a credential. Revoke it, and write the key's name or id (apikey_…) here.")
        return None
    return text


def people(entry: Entry, key: str) -> tuple[str, ...]:
    """E-mail addresses and Slack user ids."""
    for item in (found := entry.texts(key)):
        if not (_SLACK_USER.fullmatch(item.text) or _EMAIL.fullmatch(item.text)):
            entry.mistake(
                item.line,
                f'{shown(item.text)} in "{key}" of {entry.what} is neither an e-mail address nor a Slack user id. '
                "Write ana@example.com or U0123ABC.",
            )
    return tuple(dict.fromkeys(item.text for item in found))


def person(entry: Entry, key: str) -> str | None:
    """One person by e-mail address or Slack user id."""
    text = entry.text(key)
    if text is not None and not (_SLACK_USER.fullmatch(text) or _EMAIL.fullmatch(text)):
        entry.wrong(
            key, f"is {shown(text)}, not a person. Write an e-mail address or a Slack user id such as U0123ABC."
        )
    return text


def skip(entry: Entry, key: str) -> Skip:
    """Days without a digest: "weekends", weekdays and dates, one of them or a list."""
    node = entry.node(key)
    weekdays: set[int] = set()
    dates: set[date] = set()
    for item in node.items if isinstance(node, Items) else (node,) if node is not None else ():
        text = item.text if isinstance(item, Scalar) else ""
        if text == WEEKENDS:
            weekdays |= {5, 6}
        elif text in WEEKDAYS:
            weekdays.add(WEEKDAYS.index(text))
        elif (found := calendar_day(text)) is not None:
            dates.add(found)
        else:
            entry.mistake(
                item.line,
                f'{seen(item)} in "{key}" of {entry.what} is no day to skip. '
                "Write weekends, a weekday or a date such as 2026-12-25.",
            )
    if len(weekdays) == len(WEEKDAYS):
        entry.wrong(key, "leaves no day of the week. Take one away, or remove the digest.")
    return Skip(frozenset(weekdays), frozenset(dates))


def channel(entry: Entry, key: str) -> str | None:
    text = entry.text(key)
    if text is not None and not _SLACK_CHANNEL.fullmatch(text):
        entry.wrong(
            key,
            f"is {shown(text)}, not a Slack channel id. Copy the id that begins with C or G from the foot of the "
            "channel's details in Slack.",
        )
    return text


def zone(entry: Entry, key: str) -> str | None:
    """A time zone that exists; None and a mistake for another."""
    text = entry.text(key)
    if text is None:
        return None
    known = sorted(available_timezones())
    if text in known:
        return text
    hint = suggestion(text, known, "") if len(text) <= 64 else ""
    example = hint if hint.startswith("Did") else "Write one like Europe/Berlin."
    entry.wrong(key, f"is {shown(text)}, which is no time zone. {example}")
    return None


def day(entry: Entry, key: str) -> date | None:
    """A date such as 2026-11-01; None and a mistake for anything else."""
    node = entry.node(key)
    if node is None:
        return None
    found = calendar_day(node.text if isinstance(node, Scalar) else "")
    if found is None:
        entry.wrong(key, "is no date. Write one like 2026-11-01.")
    return found


def calendar_day(text: str) -> date | None:
    """The date a text is; None for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        return None


def clock(entry: Entry, key: str) -> time | None:
    """A time of day; None and a mistake for another."""
    node = entry.node(key)
    if node is None:
        return None
    if isinstance(node, Scalar) and (found := _CLOCK.fullmatch(node.text)):
        return time(int(found[1]), int(found[2]))
    entry.wrong(key, f'is {seen(node)}, not a time of day. Write it from "00:00" to "23:59".')
    return None


def money(entry: Entry, key: str) -> Decimal | None:
    """Dollars above 0, exact."""
    amount = entry.decimal(key, example="500.00")
    if amount is not None:
        try:
            Money.from_dollars(amount)
        except MoneyError:
            entry.wrong(key, "is more than this bot can hold ($922 million). Write less.")
    return amount


def share(entry: Entry, key: str) -> Decimal | None:
    part = entry.decimal(key, example="0.4")
    if part is not None and part > 1:
        entry.wrong(key, f"is {part}, more than the whole. Write 0.4 for 40 %.")
    return part


def percentages(entry: Entry, key: str) -> tuple[int, ...]:
    """Whole percentages at which people are told."""
    found = []
    for item in entry.items(key):
        if isinstance(item, Scalar) and _PERCENT.fullmatch(item.text) and 1 <= int(item.text) <= _MOST_PERCENT:
            found.append(int(item.text))
        else:
            entry.mistake(
                item.line,
                f'{seen(item)} in "{key}" of {entry.what} is not a percentage. '
                f"Write whole numbers from 1 to {_MOST_PERCENT}.",
            )
    return tuple(found)


def window(entry: Entry, key: str) -> Window | None:
    """A length of time to watch; None and a mistake for another."""
    text = entry.text(key)
    if text is None:
        return None
    found = Window.parse(text)
    if found is None:
        entry.wrong(key, f"is {shown(text)}, which is no length of time. Write 5m, 24h, 1d or month.")
    return found


def receivers(entry: Entry, key: str) -> tuple[str, ...]:
    """Who is told: a word, a Slack id or an e-mail address, or several of them."""
    node = entry.node(key)
    items = entry.texts(key) if isinstance(node, Items) else (node,) if isinstance(node, Scalar) else ()
    if node is not None and not isinstance(node, (Items, Scalar)):
        entry.wrong(key, f"must be text or a list, not {described(node)}. Write owners.")
    for item in items:
        forms = (_SLACK_USER, _SLACK_CHANNEL, _EMAIL)
        if item.kind is not Kind.TEXT or not (
            item.text in _RECEIVERS or any(form.fullmatch(item.text) for form in forms)
        ):
            entry.mistake(
                item.line,
                f'{shown(item.text)} in "{key}" of {entry.what} is nobody to tell. '
                f"{suggestion(item.text, _RECEIVERS, 'Write a Slack id, an e-mail address or one of')}",
            )
    return tuple(item.text for item in items) or (OWNERS,)
