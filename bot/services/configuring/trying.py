"""What a form describes, to be tried out before it is saved. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping

from bot.answers.form import Values
from bot.core.configuration import Configuration
from bot.core.configuration.merged import What
from bot.core.errors import NotFound
from bot.core.schedule import Digest
from bot.services.configuring import keeping, replaying
from bot.services.configuring.ground import Ground
from bot.services.configuring.keeping import Sent
from bot.services.configuring.opening import FORMS
from bot.services.configuring.sending import fields_of

_NEW = "this-one"


def digest(ground: Ground, state: Mapping[str, str], values: Values) -> Digest:
    """The digest; the first of them where there is one for each team."""
    digests = _tried(ground, What.DIGEST, state, values).digests
    found = [one for one in digests if one.id.split(".")[0] == _id(state)]
    if not found:
        raise NotFound("No team has a channel to send this to.")
    return found[0]


def rule(ground: Ground, state: Mapping[str, str], values: Values) -> tuple[tuple[str, ...], str]:
    """What the rule would have sent, and what is to be said against it."""
    found = replaying.tried(ground, _tried(ground, What.RULE, state, values), _id(state))
    return found.sentences, found.warning


def _id(state: Mapping[str, str]) -> str:
    return state["id"] or _NEW


def _tried(ground: Ground, what: What, state: Mapping[str, str], values: Values) -> Configuration:
    sent = Sent(ground.asker, ground.by, state["form"], ground.now)
    with fields_of(what):
        entry = FORMS[what].entry(ground, values, None)
        keeping.check(ground.connection, what, _id(state), entry, sent)
    return keeping.trial(ground.connection, what, _id(state), entry, ground.now)
