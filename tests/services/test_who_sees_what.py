"""Role × question × medium: no figure of one forbidden person anywhere, neither alone nor as a difference of two.

Every use of the organisation has an amount of its own, a power of two times a prime: whatever number stands anywhere in
an answer says which uses it is the sum of.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import time
from decimal import Decimal

import pytest

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.configuration import PeopleData
from bot.core.errors import BotError
from bot.core.question import Subject
from bot.core.schedule import Cadence, Digest
from bot.render import csv, markdown, slack, slack_views, terminal
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.services.asking.home import Homes
from bot.services.asking.receipts import Receipts
from bot.services.digests.digests import Digests
from bot.services.figures.recognition import Recognition
from bot.store.database import Database
from tests.services import test_people as people
from tests.services.world import fresh

pytestmark = pytest.mark.proof

PRIME = 1009
UNITS = (Decimal(PRIME), Decimal(PRIME * 1000), Decimal(PRIME) * Decimal("0.015"))
"""Dollars, tokens, and dollars by the list price, of a use of 1."""
USES = people.USES
EVERYTHING = sum(dollars for *_, dollars in USES)
TEAMS = (
    people.TEAMS
    + """
budgets:
  - {{id: pair-month, team: pair, amount: 5000.00}}
  - {{id: trio-month, team: trio, amount: 90000.00}}
"""
)
TEAM_OF = {"pair": "pair", "trio": "trio", "mixed": "mixed"}
ROLES = {
    "admin": Asker.called("cfo@example.com"),
    "owner": Asker.called("U0EMI", "emi@example.com"),
    "owner of two people": Asker.called("cara@example.com"),
    "team member": Asker.called("ana@example.com"),
    "another member": Asker.called("ben@example.com"),
    "outsider": Asker.called("zoe@example.com"),
}
OWNED = {"owner": "trio", "owner of two people": "pair"}
ME = {"team member": "user_ana", "another member": "user_ben"}
PERIOD = people.PERIOD
QUESTIONS = (
    *(
        f"{subject} {PERIOD}"
        for subject in ("summary", "teams", "models", "workspaces", "keys", "users", "trend", "why")
    ),
    *(f"summary by {cut} {PERIOD}" for cut in ("team", "model", "workspace", "key", "user", "product", "token-type")),
    *(
        f"team {team}{cut} {PERIOD}"
        for team in ("pair", "trio", "mixed", "bots")
        for cut in ("", " by user", " by key")
    ),
    *(f"user {name} {PERIOD}" for name in ("me", "ana@example.com", "ben@example.com", "chiara@example.com")),
    *(f"workspace {space} {PERIOD}" for space in ("pair", "trio", "other")),
    *(f"why team {team} {PERIOD}" for team in ("pair", "trio")),
    *(f"trend team {team} {PERIOD}" for team in ("pair", "trio")),
    *(f"advice team {team} {PERIOD}" for team in ("pair", "trio")),
    *(f"chart {kind} {PERIOD}" for kind in ("trend", "teams", "models", "users")),
    *(f"export {kind} {PERIOD}" for kind in ("cost", "usage", "cost team pair", "usage team trio")),
    f"model {people.MODEL} {PERIOD}",
    f"key app {PERIOD}",
    f"compare pair trio {PERIOD}",
    f"compare ana@example.com ben@example.com {PERIOD}",
    f"plan me {PERIOD}",
    f"plan ana@example.com {PERIOD}",
    f"plan {PERIOD}",
    *("team pair", "team trio", "budget", "budget pair", "forecast", "forecast pair", "forecast trio", "advice"),
    *(
        "alerts",
        "alerts pair",
        "calls",
        "code",
        "code me",
        "limits",
        "features",
        "endpoints",
        "feature x",
        "endpoint x",
    ),
    *("settings", "subscribe pair", "status", "help"),
)


@pytest.fixture(scope="module", params=[rule.value for rule in PeopleData])
def organization(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with pytest.MonkeyPatch.context() as patched, fresh(tmp_path_factory.mktemp("people")) as database:
        patched.setattr(people, "USES", tuple((*use, dollars * PRIME) for *use, dollars in USES))
        patched.setattr(people, "TEAMS", TEAMS)
        database.rule = request.param  # type: ignore[attr-defined]
        yield people.filled(database, request.param)


def test_every_subject_is_asked_about() -> None:
    assert {question.split()[0] for question in QUESTIONS} >= {subject.value for subject in Subject}


@pytest.mark.parametrize(
    ("role", "shared"), [*((role, False) for role in ROLES), ("admin", True), ("team member", True)]
)
async def test_nobody_reads_one_persons_figure_who_may_not(organization: Database, role: str, shared: bool) -> None:
    rule = organization.rule  # type: ignore[attr-defined]
    visible, leaks, seen = _visible(rule, role, shared=shared), [], 0
    ask = Ask(organization, "UTC")
    homes = Homes(organization, "UTC", Recognition())
    answers: list[tuple[str, Answer]] = []
    refusals: list[tuple[str, str, str]] = []
    receipts = Receipts(organization, "UTC")
    for question in QUESTIONS:
        try:
            answers.append((question, await ask.answer(question, people.NOW, ROLES[role], shared=shared)))
            if not shared:
                answers.append((f"receipt of {question}", await receipts.answer(question, people.NOW, ROLES[role])))
        except BotError as error:
            refusals.append((question, "refusal", error.told))
    digests = Digests(organization, None, "UTC")
    for team in (None, *TEAM_OF):
        for cadence in Cadence:
            with suppress(BotError):
                built = await digests.draft(_digest(team, cadence, role, shared=shared), people.NOW)
                parts = (built.answer, built.details)
                answers += [(f"{cadence} digest of {team}", part) for part in parts if part is not None]
    media = [*refusals, *((question, medium, said) for question, one in answers for medium, said in _media(one))]
    if not shared:
        media.append(("home", "slack", json.dumps(slack_views.home(await homes.answer(people.NOW, ROLES[role])))))
    for question, medium, said in media:
        sums = _sums(said)
        seen += len(sums)
        leaks += [f"{question}, {medium}: {_named(one)}" for one in sums if _closed(one, visible)]
        whole = max(sums, default=0)  # rows of two cuts may still be compared: they carry no name (bot/core/access.py)
        leaks += [
            f"{question}, {medium}: {_named(whole)} less {_named(one)}"
            for one in sums
            if whole & one == one and _closed(whole - one, visible)
        ]
    assert leaks == []
    assert seen > 50, "the answers hold figures at all"
    if rule == PeopleData.EVERYONE.value or (role == "admin" and not shared):
        assert any(1 in _sums(said) for *_, said in media), "who may see a single person's, does"


def _digest(team: str | None, cadence: Cadence, role: str, *, shared: bool) -> Digest:
    """One for a channel where it is shared, else for whoever plays this role."""
    channel, to = ("C0TEAM", None) if shared else (None, min(ROLES[role].names))
    return Digest("x", channel, cadence, time(8), None, team=team, to=to)


def _visible(rule: str, role: str, *, shared: bool) -> int:
    """The uses that may be shown, as their sum."""
    if rule == PeopleData.EVERYONE.value or (role == "admin" and not shared):
        return EVERYTHING
    if shared:
        return 0
    return sum(
        dollars
        for space, actor, _, dollars in USES
        if actor == ME.get(role, "-") or (rule == "owners" and TEAM_OF.get(space) == OWNED.get(role, "-"))
    )


def _closed(figure: int, visible: int) -> bool:
    """Whether one forbidden person's use alone remains of a figure without what may be seen."""
    left = figure & ~visible
    whose = {actor for _, actor, _, dollars in USES if left & dollars}
    return len(whose) == 1 and str(*whose).startswith("user_")


def _media(answer: Answer) -> Iterator[tuple[str, str]]:
    yield "text", terminal.text(answer, width=200)
    yield "json", json.dumps(document(answer))
    yield "slack", json.dumps(slack.message(answer))
    yield "slack plain", json.dumps(slack.plain(answer))
    yield "markdown", markdown.text(answer)
    yield "chart", " ".join(str(value) for chart in answer.charts for one in chart.series for value in one.values)
    with suppress(BotError):
        yield "csv", csv.text(answer)
    if answer.file is not None:
        yield "file", answer.file.content.decode()


def _sums(said: str) -> set[int]:
    """Which sums of uses the numbers in a text are."""
    found = set()
    for number in {Decimal(text.replace(",", "")) for text in re.findall(r"\d[\d,]*(?:\.\d+)?", said)}:
        for unit in UNITS:
            uses = round(number / unit)
            if 0 < uses <= EVERYTHING and abs(number - uses * unit) <= Decimal("0.005"):
                found.add(uses)
    return found


def _named(figure: int) -> str:
    return "+".join(f"{space}/{actor or key}" for space, actor, key, dollars in USES if figure & dollars)
