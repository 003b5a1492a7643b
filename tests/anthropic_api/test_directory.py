"""The directory lists: every status, every page, and the default workspace under the reports' own name for it."""

from urllib.parse import parse_qsl, urlencode

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.anthropic_api.directory import read_directory
from bot.core.errors import CredentialRefused, PageMalformed
from bot.core.usage import DEFAULT_WORKSPACE
from tests.anthropic_api.api import Api, Json
from tests.faults import Fault, mutate, status

pytestmark = pytest.mark.asyncio(loop_scope="module")


def small_pages(size: int) -> Fault:
    """Lists come in pages of this size, whatever was asked for."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        pairs = parse_qsl(scope["query_string"].decode())
        query = urlencode([(name, str(size) if name == "limit" else value) for name, value in pairs])
        await app({**scope, "query_string": query.encode()}, receive, send)

    return fault


def every_item(**values: object) -> Fault:
    """Each object of a list with these fields; None takes a field away."""

    def change(body: Json) -> Json:
        for item in body["data"]:
            for name, value in values.items():
                item.pop(name, None) if value is None else item.update({name: value})
        return body

    return mutate(change)


async def test_the_archived_and_the_dead_are_listed_too_because_their_past_use_stays(api: Api) -> None:
    directory = await read_directory(api.client())
    assert directory.organization_name == "Example Org"
    assert {space.name for space in directory.workspaces.values() if space.archived} == {"mobile-beta"}
    assert {key.status for key in directory.api_keys.values()} == {"active", "inactive", "archived"}
    assert {member.email for member in directory.members.values()} >= {"ana@example.com", "hana@example.com"}
    tagged = next(space for space in directory.workspaces.values() if space.name == "support-prod")
    assert dict(tagged.tags) == {"team": "alpha", "env": "prod"}


async def test_the_default_workspace_has_the_name_the_reports_call_null(api: Api) -> None:
    directory = await read_directory(api.client())
    assert directory.workspaces[DEFAULT_WORKSPACE].name == "Default"
    wiki = next(key for key in directory.api_keys.values() if key.name == "internal-wiki")
    assert wiki.workspace_id == DEFAULT_WORKSPACE
    assert {key.workspace_id for key in directory.api_keys.values()} <= directory.workspaces.keys()


async def test_lists_are_read_to_their_last_page(api: Api) -> None:
    whole = await read_directory(api.client())
    requests = api.faults.count()
    for part in ("workspaces", "api_keys", "users"):
        api.faults.next(part, small_pages(3), times=None)
    assert await read_directory(api.client()) == whole
    assert api.faults.count() > 4 * requests


async def test_service_accounts_are_read_to_their_last_page_too_and_a_cursor_that_comes_twice_is_refused(
    api: Api,
) -> None:
    whole = (await read_directory(api.client())).service_accounts
    assert {account.name for account in whole.values()} == {"pipelines-nightly", "pipelines-enrich"}
    api.faults.next("service_accounts", small_pages(1), times=None)
    assert (await read_directory(api.client())).service_accounts == whole
    api.faults.heal()
    api.faults.next("service_accounts", mutate(lambda body: {**body, "next_page": "page_1"}), times=1)
    api.faults.next("service_accounts", status(200, body={"data": [], "next_page": "page_1"}), times=None)
    with pytest.raises(PageMalformed, match="service_accounts repeats its cursor"):
        await read_directory(api.client())


@pytest.mark.parametrize("refusal", [400, 401, 403, 404])
async def test_service_accounts_that_this_key_may_not_list_are_no_failure(api: Api, refusal: int) -> None:
    api.faults.next("service_accounts", status(refusal), times=None)
    directory = await read_directory(api.client())
    assert directory.service_accounts == {}
    assert directory.members


async def test_a_key_in_the_older_shape_belongs_where_it_says(api: Api) -> None:
    space = next(space for space in (await read_directory(api.client())).workspaces if space != DEFAULT_WORKSPACE)
    for workspace_id, expected in ((space, space), ("", DEFAULT_WORKSPACE)):
        api.faults.next("api_keys", every_item(scope=None, workspace_id=workspace_id or None))
        directory = await read_directory(api.client())
        assert {key.workspace_id for key in directory.api_keys.values()} == {expected}


async def test_new_fields_and_statuses_are_taken_as_they_come(api: Api) -> None:
    api.faults.next("api_keys", every_item(status="paused", color={"name": "red"}))
    api.faults.next("users", every_item(role="astronaut", name=None))
    directory = await read_directory(api.client())
    assert {key.status for key in directory.api_keys.values()} == {"paused"}
    assert {member.role for member in directory.members.values()} == {"astronaut"}
    assert all(member.name == member.email for member in directory.members.values())


@pytest.mark.parametrize(
    ("part", "field"), [("api_keys", "name"), ("api_keys", "id"), ("workspaces", "name"), ("users", "email")]
)
async def test_a_missing_field_is_refused_by_name(api: Api, part: str, field: str) -> None:
    api.faults.next(part, every_item(**{field: None}), times=None)
    with pytest.raises(PageMalformed, match=f"{part} is malformed at {field}: Field required"):
        await read_directory(api.client())


async def test_an_id_that_is_none_is_refused_by_name(api: Api) -> None:
    api.faults.next("workspaces", every_item(id=["wrkspc_1"]), times=None)
    with pytest.raises(PageMalformed, match="workspaces is malformed at id: Input should be a valid string"):
        await read_directory(api.client())


async def test_one_list_that_may_not_be_read_is_named(api: Api) -> None:
    api.faults.next("users", status(403), times=None)
    with pytest.raises(CredentialRefused, match="may not read /v1/organizations/users"):
        await read_directory(api.client())
