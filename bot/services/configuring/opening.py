"""A form as it opens: with what Slack has under an id, or with what suits whoever opens it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.answers.form import Field, Form, Kind, Values
from bot.answers.unowned import WORKSPACE
from bot.core.authority import authority
from bot.core.configuration.merged import Preference, What
from bot.core.errors import NotFound, NotTheirs
from bot.core.question import Dimension, Question, Subject
from bot.core.said_periods import month_to_date
from bot.services.configuring import budget_form, digest_form, rule_form, silence_form, team_forms, unowned
from bot.services.configuring.ground import Ground
from bot.store import preferences

FORMS: Mapping[What, Any] = {What.DIGEST: digest_form, What.BUDGET: budget_form, What.RULE: rule_form}
"""Those that fill in an entry of the configuration, each a module with the same functions."""
_OWN_ONLY = (
    "You own no team, so you can have a digest of your own use: choose “Me, in a direct message” and “My own use”."
)


def opened(ground: Ground, what: What, *, id_: str = "", team: str = "", thing: str = "") -> Form:
    """Raises NotFound for what is gone or a team that is not there, and NotTheirs."""
    one = _held(ground, what, id_) if id_ else None
    known = _team(ground, team) if team else None
    state = {"what": what.value, "id": id_, "form": secrets.token_hex(8), "seen": one.at.isoformat() if one else ""}
    if one is None and what is not What.DIGEST and not (ground.admin or ground.team):
        raise NotTheirs("Only admins and owners of a team may set this up. You may have a digest of your own use.")
    match what:
        case What.SILENCE:
            return Form(what, silence_form.TITLE, silence_form.fields(ground, known), state=state)
        case What.OWNERS:
            fields = team_forms.owners_fields(ground, one.entry if one else None, one.id if one else known)
            return Form(what, team_forms.OWNERS_TITLE, fields, state=state)
        case What.CLAIM:
            return _claim(ground, thing, state)
    form = FORMS[what]
    said = (_OWN_ONLY,) if what is What.DIGEST and not (ground.admin or ground.team) else ()
    title = form.TITLE if one else f"New {form.TITLE.lower()}"
    fields = form.fields(ground, one.entry if one else None, known)
    submit = "Next" if what is What.RULE else "Save"  # what a rule would have sent comes before it is saved
    return Form(what, title, fields, said, presses=form.PRESSES, submit=submit, state=state)


def removing(ground: Ground, what: What, id_: str) -> Form:
    """The question whether to take something out of force; what that is stands in it."""
    if what is What.SILENCE:
        return _ending(ground, id_)
    one = _held(ground, what, id_)
    state = {"what": what.value, "id": id_, "form": secrets.token_hex(8), "removing": "yes"}
    said = f"The {what} {id_} was set up by {one.by} on {one.at:%Y-%m-%d}. Take it out of force?"
    return Form(what, "Remove it?", said=(said,), submit="Remove", state=state)


def _ending(ground: Ground, id_: str) -> Form:
    silence = silence_form.running(ground, id_)
    state = {"what": What.SILENCE.value, "id": id_, "form": secrets.token_hex(8), "removing": "yes"}
    said = f"{silence_form.said(ground, silence)} {silence.by} silenced it."
    return Form(What.SILENCE, "End the silence?", said=(said,), submit="End it", state=state)


def again(ground: Ground, state: Mapping[str, str], values: Values) -> Form:
    """The form that was open under this state, holding what it held."""
    what = What(state["what"])
    found = opened(ground, what, id_=state["id"], thing=state.get("thing", ""))
    return replace(found, fields=tuple(_holding(ground, one, values) for one in found.fields), state=state)


def _holding(ground: Ground, field: Field, values: Values) -> Field:
    value = values.get(field.key, field.value)
    if isinstance(field.value, tuple):
        value = (value,) if isinstance(value, str) and value else tuple(value)
    shown = field.shown
    if field.kind is Kind.FIND and isinstance(value, str):
        shown = value if field.find == "zone" else ground.scope(value)
    return replace(field, value=value, shown=shown)


def _held(ground: Ground, what: What, id_: str) -> Preference:
    one = next((one for one in preferences.kept(ground.connection) if one.key == (what, id_)), None)
    if one is None:
        raise NotFound("This is not configured in Slack, or not any more.")
    found = authority(ground.configuration, ground.asker, what, id_, one.entry)
    if not found:
        raise NotTheirs(found.value)
    return one


def _team(ground: Ground, name: str) -> str | None:
    """The team's id by any name people have for it; raises NotFound."""
    period = month_to_date(now=ground.now, zone=ground.zone)
    question = Question(Subject.TEAM, name, period, None, None, None, share=False, text="")
    return ground.names.find(ground.connection, question).id


def _claim(ground: Ground, thing: str, state: Mapping[str, str]) -> Form:
    kind, _, id_ = thing.partition("/")
    if not unowned.is_nobodys(ground.names, kind, id_):
        raise NotFound("This has a team by now, or is gone.")
    dimension = Dimension.WORKSPACE if kind == WORKSPACE else Dimension.KEY
    called = "The workspace" if kind == WORKSPACE else "The key"
    said = (f"{called} {ground.names.of(dimension, id_)} counts as the team's own from its first day on.",)
    field = team_forms.team_field(ground, None if ground.admin else ground.team, "claim")
    return Form(What.CLAIM, team_forms.CLAIM_TITLE, (field,), said, submit="Claim", state={**state, "thing": thing})
