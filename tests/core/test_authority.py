"""Who may change what from Slack."""

import pytest

from bot.core.access import OPERATOR, Asker
from bot.core.authority import Authority, authority
from bot.core.configuration.file import parse
from bot.core.configuration.merged import Entry, What

CONFIGURATION = parse("""\
admins: [cfo@example.com]
teams:
  - {id: alpha, owners: [ana@example.com]}
  - {id: below, parent: alpha}
  - {id: beta, owners: [U0BEN]}
""")
CFO, ANA, EVE = (
    Asker.called("U0CFO", "CFO@example.com"),
    Asker.called("U0ANA", "ana@example.com"),
    Asker.called("U0EVE"),
)
ALPHA: Entry = {"scope": {"team": "alpha"}}
OWN: Entry = {"scope": "own", "to": "U0EVE"}


@pytest.mark.parametrize(
    ("asker", "what", "id_", "entry", "found"),
    [
        (CFO, What.RULE, "x", {"scope": "each_team"}, Authority.ADMIN),
        (OPERATOR, What.RULE, "x", {"scope": "all"}, Authority.OPERATOR),
        (ANA, What.RULE, "x", ALPHA, Authority.OWNER),
        (ANA, What.BUDGET, "x", {"team": "alpha"}, Authority.OWNER),
        (ANA, What.BUDGET, "x", {"scope": {"team": "below"}}, Authority.OWNER),
        (ANA, What.BUDGET, "x", {"scope": {"team": "beta"}}, Authority.NOT_THEIRS),
        (ANA, What.BUDGET, "x", {"scope": {"key": "alpha"}}, Authority.NOT_AN_ADMIN),
        (ANA, What.DIGEST, "x", {"scope": "all"}, Authority.NOT_AN_ADMIN),
        (ANA, What.OWNERS, "alpha", {"owners": ["U0EVE"]}, Authority.OWNER),
        (ANA, What.OWNERS, "beta", {"owners": ["U0ANA"]}, Authority.NOT_THEIRS),
        (ANA, What.CLAIM, "api_key/k", {"team": "beta", "api_key": "k"}, Authority.NOT_THEIRS),
        (EVE, What.DIGEST, "x", OWN, Authority.SELF),
        (EVE, What.DIGEST, "x", {**OWN, "to": "U0ANA"}, Authority.NOT_THEIR_OWN),
        (CFO, What.DIGEST, "x", OWN, Authority.NOT_THEIR_OWN),
        (EVE, What.DIGEST, "x", {**ALPHA, "to": "U0EVE"}, Authority.NOT_THEIRS),
    ],
)
def test_admins_may_everything_owners_their_teams_things_and_everybody_a_digest_of_their_own(
    asker: Asker, what: What, id_: str, entry: Entry, found: Authority
) -> None:
    assert authority(CONFIGURATION, asker, what, id_, entry) is found
    assert bool(found) is not found.name.startswith("NOT")
