"""The organisation, its workspaces, keys of every status, members, and service accounts."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, Field

from bot.anthropic_api.client import AnthropicClient, validated
from bot.core.directory import ApiKey, Directory, Member, ServiceAccount, Workspace
from bot.core.errors import AnthropicRefused, CredentialRefused, PageMalformed
from bot.core.usage import DEFAULT_WORKSPACE

ORGANIZATION = "/v1/organizations/me"
WORKSPACES = "/v1/organizations/workspaces"
API_KEYS = "/v1/organizations/api_keys"
USERS = "/v1/organizations/users"
SERVICE_ACCOUNTS = "/v1/organizations/service_accounts"
_ACCOUNTS_A_PAGE = "100"


class _Organization(BaseModel):
    id: str
    name: str


class _Workspace(BaseModel):
    id: str
    name: str
    archived_at: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)


class _Scope(BaseModel):
    type: str
    workspace_id: str | None = None


class _ApiKey(BaseModel):
    """Older answers have `workspace_id` (null: the default workspace), newer ones `scope` with its real id."""

    id: str
    name: str
    status: str
    partial_key_hint: str | None = None
    workspace_id: str | None = None
    scope: _Scope | None = None


class _User(BaseModel):
    id: str
    email: str
    name: str | None = None
    role: str


class _ServiceAccount(BaseModel):
    id: str
    name: str


class _ServiceAccounts(BaseModel):
    """A page; other than the reports' it need not say whether it `has_more`."""

    data: list[_ServiceAccount]
    next_page: str | None = None


async def read_organization(client: AnthropicClient) -> Directory:
    """Only who the organisation is: the cheapest question that proves a key."""
    organization = validated(_Organization, await client.get(ORGANIZATION), ORGANIZATION)
    return Directory(organization.id, organization.name)


async def read_directory(client: AnthropicClient) -> Directory:
    """Everything with a name. Archived workspaces and dead keys too: their past use stays in the reports."""
    try:
        async with asyncio.TaskGroup() as reading:
            organization_read = reading.create_task(read_organization(client))
            named_read = reading.create_task(client.listed(WORKSPACES, [("include_archived", "true")]))
            with_default = [("include_archived", "true"), ("include_default", "true")]
            everything_read = reading.create_task(client.listed(WORKSPACES, with_default))
            keys_read = reading.create_task(client.listed(API_KEYS))
            users_read = reading.create_task(client.listed(USERS))
            accounts_read = reading.create_task(_service_accounts(client))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the first is the cause; the others were cancelled for it
    organization = organization_read.result()
    named, everything = (
        [validated(_Workspace, item, WORKSPACES) for item in read.result()] for read in (named_read, everything_read)
    )
    # Nothing marks the default workspace but that it only comes when asked for; the classic reports call it null.
    default_ids = {item.id for item in everything} - {item.id for item in named}
    workspaces = [_workspace(item, default_ids) for item in everything]
    api_keys = [_api_key(validated(_ApiKey, item, API_KEYS), default_ids) for item in keys_read.result()]
    members = [_member(validated(_User, item, USERS)) for item in users_read.result()]
    return Directory(
        organization.organization_id,
        organization.organization_name,
        {workspace.id: workspace for workspace in workspaces},
        {key.id: key for key in api_keys},
        {member.id: member for member in members},
        next(iter(default_ids), None),
        {account.id: account for account in accounts_read.result()},
    )


async def _service_accounts(client: AnthropicClient) -> list[ServiceAccount]:
    """Archived ones too. Anthropic gives them to OAuth tokens only: for an admin key it may refuse them, and then they
    are called by their ids."""
    found: list[ServiceAccount] = []
    cursor: str | None = None
    seen: set[str] = set()
    query = [("include_archived", "true"), ("limit", _ACCOUNTS_A_PAGE)]
    while True:
        try:
            body = await client.get(SERVICE_ACCOUNTS, [*query, ("page", cursor)] if cursor else query)
        except (AnthropicRefused, CredentialRefused):
            if found:
                raise  # half a list would take the other half's names away
            return found
        page = validated(_ServiceAccounts, body, SERVICE_ACCOUNTS)
        found += [ServiceAccount(item.id, item.name) for item in page.data]
        cursor = page.next_page
        if not cursor:
            return found
        if cursor in seen:
            raise PageMalformed(f"Anthropic's answer to {SERVICE_ACCOUNTS} repeats its cursor.")
        seen.add(cursor)


def _workspace(item: _Workspace, default_ids: set[str]) -> Workspace:
    workspace_id = DEFAULT_WORKSPACE if item.id in default_ids else item.id
    return Workspace(workspace_id, item.name, item.tags, item.archived_at is not None)


def _api_key(item: _ApiKey, default_ids: set[str]) -> ApiKey:
    workspace_id = item.scope.workspace_id if item.scope else item.workspace_id
    if workspace_id is None or workspace_id in default_ids:
        workspace_id = DEFAULT_WORKSPACE
    return ApiKey(item.id, item.name, workspace_id, item.status, item.partial_key_hint)


def _member(item: _User) -> Member:
    return Member(item.id, item.email, item.name or item.email, item.role)
