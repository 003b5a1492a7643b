"""Anthropic's Admin API over a simulated organisation: directory lists, the usage report and the cost report.

Stricter than the original in one point: a parameter it does not know is refused, so that a misspelt filter shows.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.anthropic.books import Books
from bot.demo.anthropic.directory import Directory
from bot.demo.anthropic.gate import Gate
from bot.demo.anthropic.refusals import Refused, http_error, refusal
from bot.demo.anthropic.reports import Reports
from bot.demo.organization import Organization

_ROOT = "/v1/organizations"


def create_app(organization: Organization, *, clock: Callable[[], datetime], admin_key: str) -> Starlette:
    """The API of `organization` as of `clock()` (aware); only complete hours before it are visible."""
    directory, reports = Directory(organization), Reports(Books(organization, clock))
    endpoints = {
        "me": directory.me,
        "workspaces": directory.workspaces,
        "api_keys": directory.api_keys,
        "users": directory.users,
        "usage_report/messages": reports.usage,
        "cost_report": reports.cost,
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
