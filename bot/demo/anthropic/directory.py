"""The directory: the organisation itself, its workspaces, its keys, its people and its service accounts."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.instants import written
from bot.demo.anthropic.refusals import Refused
from bot.demo.organization import ApiKey, Organization, ServiceAccount, User, Workspace

_BY_ID: Final = ("limit", "after_id", "before_id")


class Directory:
    """The lists over the organisation as it is, and each object by its id."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def me(self, request: Request) -> Response:
        """The organisation."""
        query.known(request, ())
        return JSONResponse({"id": self._organization.id, "type": "organization", "name": self._organization.name})

    def workspaces(self, request: Request) -> Response:
        """Its workspaces, without archived ones and the default one unless asked for."""
        query.known(request, (*_BY_ID, "include_archived", "include_default", "ids[]"))
        archived, default = query.flag(request, "include_archived"), query.flag(request, "include_default")
        ids = request.query_params.getlist("ids[]")
        return _listed(
            request,
            [
                _workspace(item)
                for item in self._organization.workspaces
                if (archived or not item.archived_at)
                and (default or not item.is_default)
                and (not ids or item.id in ids)
            ],
        )

    def api_keys(self, request: Request) -> Response:
        """Its API keys."""
        query.known(request, (*_BY_ID, "status", "workspace_id", "created_by_user_id"))
        wanted = request.query_params
        return _listed(
            request,
            [
                _api_key(item)
                for item in self._organization.api_keys
                if wanted.get("status", item.status) == item.status
                and wanted.get("workspace_id", item.workspace_id) == item.workspace_id
                and wanted.get("created_by_user_id", item.created_by) == item.created_by
            ],
        )

    def users(self, request: Request) -> Response:
        """Its people."""
        query.known(request, (*_BY_ID, "email", "roles[]"))
        email, roles = request.query_params.get("email"), request.query_params.getlist("roles[]")
        return _listed(
            request,
            [
                _user(item)
                for item in self._organization.users
                if (email is None or email.lower() == item.email) and (not roles or item.role in roles)
            ],
        )

    def service_accounts(self, request: Request) -> Response:
        """Its service accounts; unlike the other lists they are moved through by an opaque cursor."""
        query.known(request, ("limit", "page", "include_archived"))
        query.flag(request, "include_archived")
        size, (place,) = query.limit(request, 20, 100), query.resume(request, "0")
        first, accounts = int(place), self._organization.service_accounts
        more = first + size < len(accounts)
        return JSONResponse(
            {
                "data": [_service_account(item) for item in accounts[first : first + size]],
                "next_page": query.cursor(request, str(first + size)) if more else None,
            }
        )

    def workspace(self, request: Request) -> Response:
        """One workspace, archived and default ones too."""
        return _one(request, map(_workspace, self._organization.workspaces))

    def api_key(self, request: Request) -> Response:
        """One API key of any status."""
        return _one(request, map(_api_key, self._organization.api_keys))

    def user(self, request: Request) -> Response:
        """One person."""
        return _one(request, map(_user, self._organization.users))


def _workspace(item: Workspace) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "workspace",
        "name": item.name,
        "created_at": written(item.created_at),
        "archived_at": written(item.archived_at) if item.archived_at else None,
        "display_color": "#6C5BB9",
        "data_residency": {
            "workspace_geo": "us",
            "allowed_inference_geos": "unrestricted",
            "default_inference_geo": "global",
        },
        "tags": dict(item.tags),
        "compartment_id": item.id.replace("wrkspc_", "cmpt_"),
        "external_key_id": None,
        "user_profile_id": None,
    }


def _api_key(item: ApiKey) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "api_key",
        "name": item.name,
        "status": item.status,
        "partial_key_hint": item.partial_key_hint,
        "created_at": written(item.created_at),
        "expires_at": None,
        "created_by": {"id": item.created_by, "type": "user"},
        "principal": None,
        "scope": {"type": "workspace", "workspace_id": item.workspace_id},
    }


def _user(item: User) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "user",
        "email": item.email,
        "name": item.name,
        "role": item.role,
        "added_at": written(item.added_at),
    }


def _service_account(item: ServiceAccount) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "service_account",
        "name": item.name,
        "description": None,
        "organization_role": "developer",
        "created_at": written(item.created_at),
        "archived_at": None,
    }


def _one(request: Request, items: Iterable[dict[str, Any]]) -> Response:
    """The item whose id is in the path, or a 404."""
    query.known(request, ())
    asked = request.path_params["id"]
    for item in items:
        if item["id"] == asked:
            return JSONResponse(item)
    raise HTTPException(404, f"{asked}: not found")


def _listed(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """One page of a directory list, moved through by `after_id` or `before_id`."""
    given = request.query_params
    size = query.limit(request, 20, 1000)
    ids = [item["id"] for item in items]
    after, before = given.get("after_id"), given.get("before_id")
    if after and before:
        raise Refused("after_id and before_id cannot be used together")
    if (pivot := after or before) and pivot not in ids:
        raise Refused(f"{'after_id' if after else 'before_id'}: no such object in this list")
    if before:
        rest = items[: ids.index(before)]
        page = rest[-size:]
    else:
        rest = items[ids.index(after) + 1 :] if after else items
        page = rest[:size]
    return JSONResponse(
        {
            "data": page,
            "has_more": len(rest) > len(page),
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )
