"""The organisations and everything in them that has a name."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select, update

from bot.core.directory import ApiKey, Directory, Member, ServiceAccount, Workspace
from bot.core.usage import Surface
from bot.store.memory import renew
from bot.store.tables import ApiKeyRow, MemberRow, Organization, ServiceAccountRow, WorkspaceRow, table
from bot.store.upsert import upsert

_organization = table(Organization)
_workspace = table(WorkspaceRow)
_api_key = table(ApiKeyRow)
_member = table(MemberRow)
_account = table(ServiceAccountRow)


def replace(connection: Connection, directory: Directory) -> bool:
    """Remember the directory as it is now; returns whether anything that ownership depends on changed.

    Nothing is ever forgotten: its past use stays in the reports after it is gone. A person who is no longer there is
    kept as removed.
    """
    organization_id = directory.organization_id
    before = read(connection, organization_id)
    organization = {
        "id": organization_id,
        "name": directory.organization_name,
        "default_workspace_id": directory.default_workspace_id,
    }
    upsert(connection, _organization, [organization])
    upsert(
        connection,
        _workspace,
        [
            {
                "organization_id": organization_id,
                "id": workspace.id,
                "name": workspace.name,
                "tags": json.dumps(dict(workspace.tags), sort_keys=True),
                "archived": workspace.archived,
            }
            for workspace in directory.workspaces.values()
        ],
    )
    upsert(
        connection,
        _api_key,
        [
            {
                "organization_id": organization_id,
                "id": key.id,
                "name": key.name,
                "workspace_id": key.workspace_id,
                "status": key.status,
                "hint": key.hint,
            }
            for key in directory.api_keys.values()
        ],
    )
    connection.execute(update(_member).where(_member.c.organization_id == organization_id).values(removed=True))
    upsert(
        connection,
        _member,
        [
            {
                "organization_id": organization_id,
                "id": member.id,
                "email": member.email,
                "name": member.name,
                "role": member.role,
                "removed": member.removed,
            }
            for member in directory.members.values()
        ],
    )
    upsert(
        connection,
        _account,
        [
            {"organization_id": organization_id, "id": account.id, "name": account.name}
            for account in directory.service_accounts.values()
        ],
    )
    renew(connection, f"directory/{organization_id}")
    after = read(connection, organization_id)
    return before is None or after is None or _claimed(before) != _claimed(after)


def _claimed(directory: Directory) -> tuple[object, ...]:
    """What the teams' matches look at. A role is not part of it, nor whether a person is still there."""
    actors = [*directory.members, *directory.service_accounts]
    return directory.workspaces, directory.api_keys, {id_: directory.actor_names(id_) for id_ in actors}


def surface(connection: Connection, organization_id: str) -> Surface | None:
    """Which reports the organisation's key may read; None before anybody asked."""
    found = connection.execute(select(_organization.c.surface).where(_organization.c.id == organization_id)).scalar()
    return Surface(found) if found else None


def remember_surface(connection: Connection, organization_id: str, surface: Surface) -> None:
    connection.execute(update(_organization).where(_organization.c.id == organization_id).values(surface=surface))


def read(connection: Connection, organization_id: str) -> Directory | None:
    """One organisation's directory; None before its first sync."""
    found = connection.execute(select(_organization).where(_organization.c.id == organization_id)).first()
    if found is None:
        return None
    workspaces = connection.execute(select(_workspace).where(_workspace.c.organization_id == organization_id))
    keys = connection.execute(select(_api_key).where(_api_key.c.organization_id == organization_id))
    members = connection.execute(select(_member).where(_member.c.organization_id == organization_id))
    accounts = connection.execute(select(_account).where(_account.c.organization_id == organization_id))
    return Directory(
        organization_id,
        found.name,
        {row.id: Workspace(row.id, row.name, json.loads(row.tags), row.archived) for row in workspaces},
        {row.id: ApiKey(row.id, row.name, row.workspace_id, row.status, row.hint) for row in keys},
        {row.id: Member(row.id, row.email, row.name, row.role, row.removed) for row in members},
        found.default_workspace_id,
        {row.id: ServiceAccount(row.id, row.name) for row in accounts},
    )


def read_all(connection: Connection) -> list[Directory]:
    """Every organisation's directory, in a stable order."""
    ids = connection.execute(select(_organization.c.id).order_by(_organization.c.id)).scalars().all()
    return [directory for id_ in ids if (directory := read(connection, id_))]
