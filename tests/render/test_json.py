"""What `--format json` gives to programs."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bot.core.money import ZERO
from bot.render import json as renderer
from tests import golden
from tests.render.examples import EXAMPLES, HELP, HOSTILE, REPORT, SORRY, TEAM, TREND, figures, hostile


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_it_did(name: str) -> None:
    golden.check(f"render/{name}.json", renderer.dump(renderer.document(EXAMPLES[name])) + "\n")


def test_a_report_has_exactly_the_promised_keys() -> None:
    document = renderer.document(TEAM)
    assert list(document) == ["query", "currency", "total", "previous", "rows", "discount", "data_through", "notes"]
    assert list(document["query"]) == ["subject", "name", "by", "period"]
    fields = ["billed_cost", "list_cost", "web_search_requests", "requests", "tokens", "cache_hit_rate"]
    assert list(document["total"]) == list(document["previous"]) == fields
    assert list(document["rows"][0]) == ["id", "name", "share", *fields]
    assert list(document["total"]["tokens"]) == [
        *("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "total")
    ]


def test_money_is_exact_and_the_rows_add_up_to_the_total() -> None:
    known = [row.figures.billed_cost or ZERO for row in REPORT.rows]
    assert str(sum(known, ZERO)) == renderer.document(TEAM)["total"]["billed_cost"] == "784.10123581"


def test_unknown_is_null_and_never_zero() -> None:
    row = renderer.document(TEAM)["rows"][2]
    assert (row["billed_cost"], row["list_cost"], row["share"], row["requests"]) == (None, None, None, None)
    nothing = replace(REPORT, total=figures("0"), data_through=None)
    document = renderer.document(replace(TEAM, report=nothing))
    assert (document["total"]["billed_cost"], document["total"]["cache_hit_rate"]) == ("0.0000", None)
    assert document["data_through"] is None
    usage_to_come = renderer.document(hostile("x"))["total"]
    assert set(usage_to_come["tokens"].values()) == {usage_to_come["web_search_requests"]} == {None}


def test_instants_are_utc_to_the_second() -> None:
    berlin = datetime(2026, 11, 21, 1, 30, 15, 999, tzinfo=timezone(timedelta(hours=1)))
    document = renderer.document(replace(TEAM, report=replace(REPORT, data_through=berlin)))
    assert document["data_through"] == "2026-11-21T00:30:15Z"


def test_rates_have_six_places() -> None:
    assert renderer.document(TEAM)["rows"][0]["share"] == 0.999998


def test_an_answer_without_figures_gives_its_words() -> None:
    document = renderer.document(HELP)
    assert list(document) == ["title", "headline", "facts", "tables", "paragraphs", "notes", "data_through"]
    assert document["tables"][0]["rows"][0] == ["team", "one team"]
    assert renderer.document(SORRY)["data_through"] is None
    assert renderer.document(TREND)["data_through"] == "2026-11-21T00:00:00Z"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    text = renderer.dump(renderer.document(hostile(name)))
    assert json.loads(text.encode())["rows"][0]["name"] == name
