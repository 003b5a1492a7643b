"""What one person sees of everything that is configured, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.answers.settings import Line, LogLine, Settings, budget_line, digest_line, rule_line, scope_name
from bot.core import wording
from bot.core.alerts.rule import WHOLE_ORGANISATION, Target
from bot.core.authority import authority
from bot.core.configuration.merged import Entry, Preference, What
from bot.core.configuration.splice import written
from bot.core.outlook.budget import Budget
from bot.core.receivers import is_slack_id
from bot.services.alerts.telling import unsilencing
from bot.services.configuration import beside
from bot.services.configuring import unowned
from bot.services.configuring.ground import Ground
from bot.store import preferences
from bot.store.alerts import silences

LOG = 30
"""Changes shown, the newest."""


def read(ground: Ground) -> Settings:
    connection, configuration = ground.connection, ground.configuration
    applied = preferences.newest_file(connection)
    kept = {one.key: one for one in preferences.kept(connection)}
    aside = beside(connection).aside if kept else {}
    return Settings(
        zone=ground.zone,
        admins=configuration.admins,
        file=applied.name if applied else "",
        applied_at=applied.applied_at if applied else None,
        lines=tuple(_lines(ground, kept, aside)),
        log=tuple(map(_logged, preferences.changes(connection, LOG))) if ground.admin else (),
        unowned=unowned.read(connection, ground.names, ground.now, ground.zone).things if ground.admin else (),
        admin=ground.admin,
        owner=ground.team is not None,
    )


def _lines(
    ground: Ground, kept: dict[tuple[What, str], Preference], aside: Mapping[tuple[What, str], str]
) -> Iterator[Line]:
    configuration, zone = ground.configuration, ground.zone
    counting = {key: one for key, one in kept.items() if key not in aside}
    said = [
        *(
            (What.DIGEST, one.id, digest_line(one, zone, scope_said(ground, one.team)), (one.place, one.to))
            for one in configuration.digests
        ),
        *((What.BUDGET, one.id, budget_line(one, scope_of_budget(ground, one)), ()) for one in configuration.budgets),
        *(
            (What.RULE, one.id, rule_line(one, scope_said(ground, one.scope)), one.notify)
            for one in configuration.rules
        ),
    ]
    for what, id_, sentence, whom in said:
        yield _line(ground, what, id_, sentence, counting.get((what, id_)), whom)
    for silence in silences.running(ground.connection, ground.now):
        about = "everything" if silence.scope is None else scope_said(ground, silence.scope)
        rule = silence.rule_id or unsilencing.EVERY_RULE
        mine = unsilencing.may_end(ground.connection, configuration, ground.asker, silence)
        said_ = f"{about}, until {wording.instant(silence.until, zone)}"
        yield Line(What.SILENCE, rule, said_, silence.by, changeable=mine, key=str(silence.id))
    for key, one in kept.items():
        if key[0] in (What.OWNERS, What.CLAIM) or key in aside:
            line = _line(ground, *key, _plainly(ground, one), one, _owners(one))
            yield replace(line, aside=aside.get(key, ""))


def _line(
    ground: Ground, what: What, id_: str, said: str, one: Preference | None, whom: Iterable[str | None] = ()
) -> Line:
    named = tuple(filter(is_slack_id, filter(None, whom)))
    if one is None:
        return Line(what, id_, said, named=named)
    mine = bool(authority(ground.configuration, ground.asker, what, id_, one.entry))
    return Line(what, id_, said, one.by, one.at, changeable=mine, named=named)


def scope_of_budget(ground: Ground, budget: Budget) -> str:
    kind, name = budget.scope.kind, budget.scope.name
    return scope_said(ground, None if kind is None else name if kind == "team" else f"{kind}/{name}")


def scope_said(ground: Ground, scope: str | None) -> str:
    """A scope in the middle of a sentence; None is the whole organisation."""
    scope = scope or WHOLE_ORGANISATION
    target = Target.of(scope)
    return scope_name(scope, ground.scope(f"{target.kind}/{target.id}") if target.kind else "")


def _plainly(ground: Ground, one: Preference) -> str:
    match one.what:
        case What.OWNERS:
            return f"{ground.scope(f'team/{one.id}')} is owned by {wording.listed(_owners(one))}"
        case What.CLAIM:
            kind, _, id_ = one.id.partition("/")
            word, team = "key" if kind == "api_key" else kind, ground.scope(f"team/{one.entry['team']}")
            return f"{word} {ground.scope(f'{word}/{id_}')} belongs to {team}"
    return _entry(one.entry)


def _owners(one: Preference) -> list[str]:
    owners = one.entry.get("owners", ())
    return [owner for owner in owners if isinstance(owner, str)] if isinstance(owners, list | tuple) else []


def _logged(change: preferences.Change) -> LogLine:
    return LogLine(change.at, change.by, change.what, change.id, _entry(change.before), _entry(change.after))


def _entry(entry: Entry | None) -> str:
    """An entry as the file would write it, without the braces."""
    return written(entry)[1:-1] if entry else ""
