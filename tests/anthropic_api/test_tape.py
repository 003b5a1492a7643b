"""The tape: what was read once can be read again by the same readers, byte for byte, and nothing else can."""

import json
from datetime import date
from hashlib import sha256

import pytest

from bot.anthropic_api.analytics import Analytics
from bot.anthropic_api.cost_report import read_cost
from bot.anthropic_api.tape import Recording, Replay
from bot.anthropic_api.usage_report import read_usage
from bot.core.books.page import RawPage
from bot.core.errors import PageMalformed
from tests.anthropic_api.api import KEY, Api
from tests.faults import cut_json, status

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPAN = date(2026, 10, 1), date(2026, 11, 20)
READERS = {
    "usage": read_usage,
    "cost": read_cost,
    "analytics usage": Analytics(None).read_usage,
    "analytics cost": Analytics(None).read_cost,
}


@pytest.mark.parametrize("name", READERS)
async def test_what_was_recorded_reads_the_same_again(api: Api, name: str) -> None:
    span = (date(2026, 11, 1), SPAN[1]) if "analytics" in name else SPAN
    tape = Recording(api.client())
    read = await READERS[name](tape, *span)
    assert tape.kept
    assert await READERS[name](Replay(tape.kept), *span) == read
    assert all(page.request.startswith("/v1/organizations/") for page in tape.kept)
    assert KEY not in repr(tape.kept)
    with pytest.raises(PageMalformed, match="No page was kept that answers /v1"):
        await READERS[name](Replay(tape.kept[:-1]), *span)


async def test_the_body_is_kept_as_it_came_and_only_of_the_try_that_worked(api: Api) -> None:
    api.faults.next("cost_report", status(529))
    api.faults.next("cost_report", cut_json())
    tape = Recording(api.client())
    await read_cost(tape, date(2026, 11, 18), date(2026, 11, 20))
    (page,) = tape.kept
    assert len(json.loads(page.body)["data"]) == 2
    assert page.sha256 == sha256(page.body).hexdigest()


async def test_a_page_that_is_not_json_any_more_is_refused() -> None:
    request = "/v1/organizations/cost_report"
    with pytest.raises(PageMalformed, match="not JSON"):
        await Replay([RawPage(request, b"{")]).get(request)
