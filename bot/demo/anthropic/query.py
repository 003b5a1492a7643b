"""Parameters read as Anthropic reads them: what is wrong is refused with its sentence."""

import base64
import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from hashlib import blake2b

from starlette.requests import Request

from bot.demo.anthropic.refusals import Refused


def known(request: Request, names: Iterable[str]) -> None:
    """Refuse a parameter the endpoint does not have."""
    if unknown := set(request.query_params).difference(names):
        raise Refused(f"{min(unknown)}: Extra inputs are not permitted")


def flag(request: Request, name: str) -> bool:
    """`true` or `false`, absent is false."""
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise Refused(f"{name}: Input should be a valid boolean")
    return text == "true"


def limit(request: Request, default: int, most: int) -> int:
    """How many items a page holds."""
    text = request.query_params.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refused(f"limit: Input should be between 1 and {most}")
    return int(text)


def groups(request: Request, allowed: Collection[str]) -> frozenset[str]:
    """The dimensions to group by."""
    names = frozenset(request.query_params.getlist("group_by[]"))
    if unknown := names.difference(allowed):
        raise Refused(f"group_by[]: {min(unknown)} is not one of {', '.join(allowed)}")
    return names


def chosen(request: Request, name: str, allowed: Collection[str] | None) -> frozenset[str]:
    """The values of a filter; `allowed` None takes any."""
    values = frozenset(request.query_params.getlist(name))
    if allowed is not None and (unknown := values.difference(allowed)):
        raise Refused(f"{name}: {min(unknown)} is not one of {', '.join(allowed)}")
    return values


def one(request: Request, name: str, allowed: Collection[str], default: str) -> str:
    """The value of a parameter that takes one of a few words."""
    value = request.query_params.get(name, default)
    if value not in allowed:
        raise Refused(f"{name}: Input should be one of {', '.join(allowed)}")
    return value


def beta(request: Request, name: str) -> None:
    """Refuse a request that does not ask for this beta feature."""
    if name not in betas(request):
        raise Refused(f"this endpoint requires the anthropic-beta header {name}")


def betas(request: Request) -> set[str]:
    """The beta features the caller asked for."""
    return {name.strip() for line in request.headers.getlist("anthropic-beta") for name in line.split(",")}


def bounds(request: Request) -> tuple[datetime, datetime | None]:
    """From `starting_at` to `ending_at`, which may be left open; UTC."""
    if "starting_at" not in request.query_params:
        raise Refused("starting_at: Field required")
    ending_at = _moment(request, "ending_at") if "ending_at" in request.query_params else None
    return _moment(request, "starting_at"), ending_at


def _moment(request: Request, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(request.query_params[name])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(f"{name}: Input should be an RFC 3339 timestamp")
    return moment.astimezone(UTC)


def cursor(request: Request, *place: str) -> str:
    """The page token of this place, good for this query only."""
    position = json.dumps([*place, _fingerprint(request)])
    return "page_" + base64.urlsafe_b64encode(position.encode()).decode()


def resume(request: Request, *first: str) -> list[str]:
    """The place where this page begins, `first` without a page token; one of another query is refused."""
    page = request.query_params.get("page")
    if page is None:
        return [*first]
    try:
        place: list[str]
        *place, fingerprint = json.loads(base64.urlsafe_b64decode(page.removeprefix("page_")))
    except (ValueError, TypeError):
        raise Refused("page: Invalid page token") from None
    if fingerprint != _fingerprint(request):
        raise Refused("page: the page token belongs to a different query")
    return place


def _fingerprint(request: Request) -> str:
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] != "page")
    return blake2b(json.dumps([request.url.path, asked]).encode(), digest_size=8).hexdigest()
