"""The Claude Code report: one UTC day, one record for each person or key and terminal."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.actors import Actors
from bot.demo.anthropic.books import Books
from bot.demo.anthropic.instants import HOUR, floor, written
from bot.demo.anthropic.refusals import Refused
from bot.demo.organization import Counts, Use
from bot.demo.simulation.bill import cents, charges
from bot.demo.simulation.chance import digest, noise
from bot.demo.simulation.usage import plus

_TOOLS: Final = ("edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool")
_EDITS_PER_REQUEST: Final = (0.12, 0.0, 0.03, 0.0)
_NOON: Final = 12


class _Desk(NamedTuple):
    """Where somebody works with Claude Code."""

    actor: str
    terminal: str


class ClaudeCode:
    """What the Claude Code traffic of the messages report looks like from the developers' side."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._actors = Actors(books.organization)

    def report(self, request: Request) -> Response:
        """The records of one day, of hours that are over for an hour."""
        query.known(request, ("starting_at", "limit", "page"))
        day, size = _day(request), query.limit(request, 20, 1000)
        moment, place = query.resume(request, floor(self._books.clock() - HOUR, HOUR).isoformat(), "0")
        records, first = self._records(day, datetime.fromisoformat(moment)), int(place)
        has_more = first + size < len(records)
        return JSONResponse(
            {
                "data": records[first : first + size],
                "has_more": has_more,
                "next_page": query.cursor(request, moment, str(first + size)) if has_more else None,
            }
        )

    def _records(self, day: datetime, seen: datetime) -> list[dict[str, Any]]:
        desks: dict[_Desk, dict[Use, Counts]] = defaultdict(dict)
        for hour in (day + HOUR * number for number in range(24)):
            for use, counts in self._books.used(hour, hour + HOUR, seen).items():
                actor, _ = self._actors.of(use)
                if use.product == "claude_code" and actor:
                    used = desks[_Desk(actor, self._terminal(actor, hour))]
                    used[use] = plus(used[use], counts) if use in used else counts
        return [self._record(day, desk, desks[desk]) for desk in sorted(desks)]

    def _terminal(self, actor: str, hour: datetime) -> str:
        """Every other person moves from the editor to the terminal at noon; a key is a program's."""
        if actor not in self._actors.people:
            return "non-interactive"
        return "iTerm.app" if hour.hour >= _NOON and digest(actor, 1)[0] % 2 else "vscode"

    def _record(self, day: datetime, desk: _Desk, used: Mapping[Use, Counts]) -> dict[str, Any]:
        person = self._actors.people.get(desk.actor)
        requests = sum(counts[-1] for counts in used.values())
        sessions = 1 + requests // 40
        tools, lines = self._work(day, desk, requests) if person else ({}, {"added": 0, "removed": 0})
        commits = sessions // 2 if person else 0
        return {
            "date": written(day),
            "actor": {"type": "user_actor", "email_address": person.email}
            if person
            else {"type": "api_actor", "api_key_name": self._actors.keys[desk.actor].name},
            "organization_id": self._books.organization.id,
            "customer_type": "api",
            "subscription_type": None,
            "terminal_type": desk.terminal,
            "is_remote": person is None,
            "core_metrics": {
                "num_sessions": sessions,
                "lines_of_code": lines,
                "commits_by_claude_code": commits,
                "pull_requests_by_claude_code": commits // 3,
            },
            "tool_actions": tools,
            "model_breakdown": _by_model(used),
        }

    def _work(self, day: datetime, desk: _Desk, requests: int) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
        """What became of that many requests: decisions by tool, and lines added and removed."""
        label = f"{self._books.organization.seed}:code:{desk.actor}/{desk.terminal}:{day:%Y-%m-%d}"
        activity, refusal, growth = noise(label, 3, spread=0.4)
        tools = {}
        for tool, per_request in zip(_TOOLS, _EDITS_PER_REQUEST, strict=True):
            proposed = round(requests * per_request * activity)
            rejected = round(proposed * 0.12 * refusal)
            tools[tool] = {"accepted": proposed - rejected, "rejected": rejected}
        accepted = sum(tool["accepted"] for tool in tools.values())
        return tools, {"added": round(accepted * 18 * growth), "removed": accepted * 6}


def _by_model(used: Mapping[Use, Counts]) -> list[dict[str, Any]]:
    tokens: dict[str, Counts] = {}
    units: dict[str, int] = defaultdict(int)
    for use, counts in used.items():
        model = use.model or ""
        tokens[model] = plus(tokens[model], counts) if model in tokens else counts
        units[model] += sum(charge.units for charge in charges(use, counts) if charge.cost_type == "tokens")
    found = []
    for model, (uncached, write_5m, write_1h, read, output, *_) in sorted(tokens.items()):
        estimate = cents(units[model]).to_integral_value(ROUND_HALF_UP)
        found.append(
            {
                "model": model,
                "tokens": {
                    "input": uncached,
                    "output": output,
                    "cache_read": read,
                    "cache_creation": write_5m + write_1h,
                },
                "estimated_cost": {"amount": int(estimate), "currency": "USD"},
            }
        )
    return found


def _day(request: Request) -> datetime:
    text = request.query_params.get("starting_at", "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or text != day.isoformat():
        raise Refused("starting_at: Input should be a date as YYYY-MM-DD")
    return datetime.combine(day, time(), UTC)
