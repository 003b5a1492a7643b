"""A form that was sent: checked, shown once more where that is worth it, saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from bot.answers.form import Form, Press, Values
from bot.answers.settings import budget_line, digest_line, rule_line
from bot.core import wording
from bot.core.alerts.feedback import Silence
from bot.core.authority import is_admin, owns
from bot.core.configuration import Configuration
from bot.core.configuration.merged import Entry, Preference, What
from bot.core.errors import FormRefused, NotFound, NotTheirs
from bot.services.alerts.telling import unsilencing
from bot.services.configuration import in_force
from bot.services.configuring import keeping, replaying, silence_form, team_forms, unowned
from bot.services.configuring.ground import Ground
from bot.services.configuring.keeping import ID, Sent
from bot.services.configuring.opening import FORMS
from bot.services.configuring.overview import scope_of_budget, scope_said
from bot.store import preferences
from bot.store.alerts import silences

_MOST_STATE = 2900
"""Slack carries 3,000 characters with a form."""
_AGAIN = "This form was saved already, so nothing was changed again."
BACK = "back"


def submitted(ground: Ground, state: Mapping[str, str], values: Values) -> Form:
    """What comes after a form: a look at what it would do, or that it is done.

    Raises FormRefused with what is wrong by field, NotTheirs, and NotFound for what is gone.
    """
    what = What(state["what"])
    sent = Sent(ground.asker, ground.by, state["form"], ground.now)
    if "removing" in state and what is What.SILENCE:
        silence = silence_form.running(ground, state["id"])
        unsilencing.end(ground.connection, silence, ground.by, ground.now)
        return Form(what, "Ended", said=("What still fires is told within a few minutes.",), submit="")
    if "removing" in state:
        keeping.drop(ground.connection, what, state["id"], sent)
        return Form(what, "Removed", said=(f"The {what} {state['id']} is not in force any more.",), submit="")
    values = json.loads(state["values"]) if "values" in state else values
    match what:
        case What.SILENCE:
            return _silenced(ground, values, sent)
        case What.OWNERS:
            return _owned(ground, state, values, sent)
        case What.CLAIM:
            return _claimed(ground, state, values, sent)
    before = _held(ground, what, state["id"]) if state["id"] else None
    with fields_of(what):
        entry: Entry = FORMS[what].entry(ground, values, before.entry if before else None)
        id_ = state["id"] or keeping.free_id(ground.connection, what, FORMS[what].name(entry))
        if only_looks(state):
            keeping.check(ground.connection, what, id_, entry, sent)
            return _looked_at(ground, state, values, id_, entry)
        kept = keeping.keep(ground.connection, what, id_, entry, sent, seen=_seen(state))
    return _done(ground, what, id_, kept)


def only_looks(state: Mapping[str, str]) -> bool:
    """Whether sending this form shows what it would do, and saves nothing yet."""
    return state["what"] == What.RULE and not {"values", "removing"} & set(state)


def described(ground: Ground, configuration: Configuration, what: What, id_: str) -> str:
    """One entry of a configuration in a sentence."""
    match what:
        case What.DIGEST:
            found = [one for one in configuration.digests if one.id == id_ or one.id.startswith(f"{id_}.")]
            lines = [digest_line(one, ground.zone, scope_said(ground, one.team)) for one in found[:1]]
        case What.BUDGET:
            lines = [budget_line(one, scope_of_budget(ground, one)) for one in configuration.budgets if one.id == id_]
        case _:
            lines = [rule_line(one, scope_said(ground, one.scope)) for one in configuration.rules if one.id == id_]
    said = lines[0] if lines else id_
    return f"{said[:1].upper()}{said[1:]}."


def _looked_at(ground: Ground, state: Mapping[str, str], values: Values, id_: str, entry: Entry) -> Form:
    """A rule before it is saved, with what it would have sent."""
    held = json.dumps(values, ensure_ascii=False)
    if len(held) > _MOST_STATE - 300:
        raise FormRefused({"people": "These are too many people for one rule. Name a channel instead."})
    after = keeping.trial(ground.connection, What.RULE, id_, entry, ground.now)
    tried = replaying.tried(ground, after, id_)
    return Form(
        What.RULE,
        "Save this rule?",
        said=(described(ground, after, What.RULE, id_),),
        below=tried.sentences,
        warning=tried.warning,
        presses=(Press("Change it", BACK),),
        state={**state, "values": held},
    )


def _done(ground: Ground, what: What, id_: str, kept: bool) -> Form:
    if not kept:
        return Form(what, "Saved already", said=(_AGAIN,), submit="")
    said = described(ground, in_force(ground.connection), what, id_)
    return Form(what, "Saved", said=(said, f"It is called {id_}."), submit="")


def _silenced(ground: Ground, values: Values, sent: Sent) -> Form:
    silence = silence_form.silence(ground, values)
    if not (is_admin(ground.configuration, ground.asker) or _of_own_team(ground, silence)):
        raise NotTheirs("Only admins may silence what is not about one team, and only its owners what is.")
    said = silence_form.said(ground, silence)
    rule, entry = silence.rule_id or unsilencing.EVERY_RULE, {"until": silence.until.isoformat()}
    change = preferences.Change(sent.now, sent.by, What.SILENCE, rule, None, entry)
    if not preferences.changed(ground.connection, change, sent.form):
        return Form(What.SILENCE, "Silent already", said=(_AGAIN,), submit="")
    silences.add(ground.connection, silence, ground.now)
    return Form(What.SILENCE, "Silent", said=(said,), submit="")


def _of_own_team(ground: Ground, silence: Silence) -> bool:
    return silence.scope is not None and owns(ground.configuration, ground.asker, silence.scope)


def _owned(ground: Ground, state: Mapping[str, str], values: Values, sent: Sent) -> Form:
    team, entry = team_forms.owners_entry(values)
    held = next((one for one in preferences.kept(ground.connection) if one.key == (What.OWNERS, team)), None)
    # In an empty form a team that has owners may be chosen too: then they are changed as they stand.
    seen = _seen(state) if state["id"] == team else held.at if held else None
    with fields_of(What.OWNERS):
        kept = keeping.keep(ground.connection, What.OWNERS, team, entry, sent, seen=seen)
    owners = wording.listed(list(entry["owners"]))  # type: ignore[arg-type]
    said = f"{ground.scope(f'team/{team}')} is owned by {owners}." if kept else _AGAIN
    return Form(What.OWNERS, "Saved", said=(said,), submit="")


def _claimed(ground: Ground, state: Mapping[str, str], values: Values, sent: Sent) -> Form:
    kind, _, thing = state["thing"].partition("/")
    id_, entry = team_forms.claim_entry(values, kind, thing)
    if not unowned.is_nobodys(ground.names, kind, thing):
        held = next((one for one in preferences.kept(ground.connection) if one.key == (What.CLAIM, id_)), None)
        whose = f" {ground.scope('team/' + str(held.entry['team']))} has it." if held else ""
        raise NotFound(f"This has a team by now, or is gone.{whose}")
    with fields_of(What.CLAIM):
        keeping.keep(ground.connection, What.CLAIM, id_, entry, sent)
    team = ground.scope(f"team/{entry['team']}")
    return Form(What.CLAIM, "Claimed", said=(f"It belongs to {team} now, also in the figures of the past.",), submit="")


def _held(ground: Ground, what: What, id_: str) -> Preference:
    one = next((one for one in preferences.kept(ground.connection) if one.key == (what, id_)), None)
    if one is None:
        raise NotFound("Somebody has removed this meanwhile.")
    return one


def _seen(state: Mapping[str, str]) -> datetime | None:
    return datetime.fromisoformat(state["seen"]) if state.get("seen") else None


@contextmanager
def fields_of(what: What) -> Iterator[None]:
    """What is wrong with a key of the entry, under the field it comes from."""
    called = {What.OWNERS: {ID: "owners"}, What.CLAIM: {ID: "team"}}.get(what) or FORMS[what].FIELDS
    first = {What.OWNERS: "owners", What.CLAIM: "team"}.get(what, "scope")
    try:
        yield
    except FormRefused as refused:
        raise FormRefused(
            {first if key == ID else called.get(key, key): words for key, words in refused.fields.items()}
        ) from refused
