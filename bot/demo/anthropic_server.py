"""Anthropic's Admin API over a simulated organisation: directory, limits, and every report on usage and cost.

Stricter than the original in one point: a parameter it does not know is refused, so that a misspelt filter shows.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, Literal

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.anthropic.analytics import Analytics
from bot.demo.anthropic.books import Books
from bot.demo.anthropic.claude_code import ClaudeCode
from bot.demo.anthropic.directory import Directory
from bot.demo.anthropic.gate import Gate
from bot.demo.anthropic.limits import Limits
from bot.demo.anthropic.refusals import Refused, http_error, refusal
from bot.demo.anthropic.reports import Reports
from bot.demo.organization import Organization

_ROOT: Final = "/v1/organizations"
_NO_ANALYTICS: Final[Mapping[int, str]] = {
    403: "this credential holds no scope that reads analytics; needed: read:analytics",
    404: "Not Found",
}


def create_app(
    organization: Organization,
    *,
    clock: Callable[[], datetime],
    admin_key: str,
    analytics: bool = True,
    without_analytics: Literal[403, 404] = 403,
) -> Starlette:
    """The API of `organization` as of `clock()` (aware); only complete hours before it are visible.

    Where `analytics` is off, its endpoints answer `without_analytics`: a key that may not, or a path that is not there.
    """
    books = Books(organization, clock)
    directory, limits = Directory(organization), Limits(organization)
    reports, analysis, code = Reports(books), Analytics(books), ClaudeCode(books)

    def closed(_request: Request) -> Response:
        raise HTTPException(without_analytics, _NO_ANALYTICS[without_analytics])

    endpoints = {
        "me": directory.me,
        "workspaces": directory.workspaces,
        "workspaces/{id}": directory.workspace,
        "workspaces/{id}/rate_limits": limits.workspace_rate,
        "api_keys": directory.api_keys,
        "api_keys/{id}": directory.api_key,
        "users": directory.users,
        "users/{id}": directory.user,
        "service_accounts": directory.service_accounts,
        "rate_limits": limits.rate,
        "spend_limits": limits.spend,
        "usage_report/messages": reports.usage,
        "usage_report/claude_code": code.report,
        "cost_report": reports.cost,
        "analytics/usage": analysis.usage if analytics else closed,
        "analytics/cost": analysis.cost if analytics else closed,
    }
    return Starlette(
        routes=[Route(f"{_ROOT}/{path}", _on_the_loop(answer)) for path, answer in endpoints.items()],
        middleware=[Middleware(Gate, admin_key=admin_key, organization_id=organization.id)],
        exception_handlers={HTTPException: http_error, Refused: refusal},
    )


def _on_the_loop(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Starlette would run a plain function in a thread, where two requests could sum the same day at once."""

    async def answered(request: Request) -> Response:
        return answer(request)

    return answered
