"""Charts as pictures: what a reader sees on a light and on a dark screen, whatever the names and the figures are."""

import gc
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from bot.answers import chart, chart_ahead, spend, why
from bot.answers.answer import Answer, Chart, ChartKind, Series, Stroke
from bot.render.png import picture
from bot.render.png.card import COLOURS, GREY, INK, MARGIN, PAPER, REST, WIDTH
from bot.render.png.letters import SHARPNESS, fitted, legible, width
from bot.render.png.scale import Scale, short

ROOT = Path(__file__).parents[2]
EXAMPLES: dict[str, Answer] = {
    **chart.EXAMPLES,
    **{f"ahead: {name}": answer for name, answer in chart_ahead.EXAMPLES.items()},
    "spend": spend.EXAMPLES["team"],
    "why": why.EXAMPLES["ten million and a millionth"],
}
CHARTS = {name: answer.charts[0] for name, answer in EXAMPLES.items() if answer.charts}
HOSTILE = (
    "",
    "$\\frac{1}{0}$ $ $x",
    "<!channel> `code` | & >",
    "🧑‍🚀🚀",
    "\u202eالتقارير المالية\u202c",
    "東京チーム",
    "ทีมการเงิน",
    "a\nb\x00\ud800",
    "very long " * 50,
)


@cache
def image(drawn: Chart) -> Image.Image:
    return Image.open(BytesIO(picture(drawn))).convert("RGBA")


def colours(drawn: Chart) -> set[str]:
    """Every colour that is more than a speck."""
    counted = image(drawn).convert("RGB").getcolors(10_000_000)
    assert counted
    return {"#{:02x}{:02x}{:02x}".format(*colour) for count, colour in counted if count > 60}  # type: ignore[misc]


def chunks(png: bytes) -> Iterator[str]:
    """The names of a PNG's parts, each with its checksum held."""
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        name, end = png[at + 4 : at + 8], at + 8 + length
        assert struct.unpack(">I", png[end : end + 4])[0] == zlib.crc32(png[at + 4 : end])
        yield name.decode()
        at = end + 4


def shares(*values: str, names: tuple[str, ...] = (), kind: ChartKind = ChartKind.PIE) -> Chart:
    labels = names or tuple(f"Team {n}" for n in range(len(values)))
    return Chart(kind, "Billed cost", "A finding.", labels, (Series("Billed cost", tuple(map(Decimal, values))),))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_of_every_example_is_drawn_on_a_card_that_slack_shows_whole(name: str) -> None:
    png = picture(CHARTS[name])
    found = Image.open(BytesIO(png))
    assert (found.format, found.width) == ("PNG", int(WIDTH * SHARPNESS))
    assert 0.15 < found.height / found.width < 1
    assert len(png) < 200_000
    # Round corners outside of which one sees through; inside, the card's own paper whatever is behind it.
    pixels = found.convert("RGBA")
    assert pixels.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert pixels.getpixel((found.width // 2, 20)) == (255, 255, 255, 255)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_says_in_words_what_it_shows_and_has_its_numbers_beside_it(name: str) -> None:
    assert len(CHARTS[name].finding) > 10
    assert EXAMPLES[name].tables


def test_the_same_chart_is_the_same_bytes_in_every_thread() -> None:
    drawn = [CHARTS["ahead: fan"], CHARTS["hostile names"]]
    once = [picture(one) for one in drawn]
    with ThreadPoolExecutor(3) as threads:
        for again in threads.map(lambda _: [picture(one) for one in drawn], range(3)):
            assert again == once


def test_a_file_tells_neither_when_nor_by_what_it_was_made() -> None:
    png = picture(CHARTS["trend of forty teams"])
    assert set(chunks(png)) == {"IHDR", "pHYs", "IDAT", "IEND"}
    assert len(png) < 150_000


@pytest.mark.parametrize("name", ["trend of forty teams", "ahead: fan", "hostile names", "spend"])
def test_its_pixels_are_gone_with_it(name: str) -> None:
    gc.collect()
    gc.disable()  # as it is in a bot at work, which goes on for a minute without it
    try:
        picture(CHARTS[name])
        kept = [one for one in gc.get_objects() if isinstance(one, RendererAgg) and one.width > 1]
    finally:
        gc.enable()
    assert kept == []


def test_a_process_loads_matplotlib_for_a_picture_alone_and_draws_the_same_where_no_home_can_be_written() -> None:
    code = """
import hashlib, logging, sys
import bot.commands, bot.logs
from bot.answers.chart import EXAMPLES
from bot.settings import Settings
assert "matplotlib" not in sys.modules
bot.logs.configure(Settings(_env_file=None, log_level="debug"))
from bot.render.png import picture
print(hashlib.sha256(picture(EXAMPLES["models"].charts[0])).hexdigest())
assert "matplotlib.pyplot" not in sys.modules
"""
    run = [sys.executable, "-W", "error", "-c", code]
    home = {"HOME": "/proc/nowhere", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(run, capture_output=True, text=True, check=False, env=home)
    assert (done.stderr, done.stdout.strip()) == ("", sha256(picture(CHARTS["models"])).hexdigest())


@pytest.mark.parametrize("kind", ChartKind)
def test_no_name_breaks_a_picture(kind: ChartKind) -> None:
    values = tuple(Decimal(n - 3) if n else None for n in range(len(HOSTILE)))
    series = tuple(Series(name, values, note=name) for name in HOSTILE[:6])
    drawn = Chart(kind, HOSTILE[1], HOSTILE[-1], HOSTILE, series, HOSTILE[2])
    assert image(drawn).width == WIDTH * SHARPNESS


@pytest.mark.parametrize("kind", ChartKind)
def test_no_figure_breaks_a_picture(kind: ChartKind) -> None:
    for values in (("0", "0"), ("10000000", "0.000001"), ("-3.10", "-1"), ("922000000",) * 20, ()):
        assert image(shares(*values, kind=kind)).height > 100


def test_letters_that_cannot_be_drawn_become_a_box_or_the_place_in_the_table() -> None:
    assert legible("Team Alpha") == "Team Alpha"
    assert legible("🚀 Rocket $1 ") == "Rocket $1"
    assert legible("東京 Team") == "□□ Team"
    assert legible("東京", "no. 3 in the table") == "no. 3 in the table"
    assert legible("المالية") == "المالية"


def test_a_long_name_is_cut_where_its_room_ends() -> None:
    cut = fitted("Customer Success Europe and Africa", 100, 12)
    assert cut.endswith("…")
    assert 70 < width(cut, 12) <= 100
    assert fitted("Team", 100, 12) == "Team"


def test_the_longest_name_stays_within_the_margins() -> None:
    found = image(shares("3", "2", names=("W" * 80, "x"))).convert("L")
    edge = [found.getpixel((x, y)) for x in range(10, int((MARGIN - 1) * SHARPNESS)) for y in range(150, 300, 2)]
    assert set(edge) == {255}


def test_letters_and_colours_stand_out_from_the_card() -> None:
    for letters in (INK, GREY):
        assert contrast(letters, PAPER) >= 4.5
    for colour in (*COLOURS, REST):
        assert contrast(colour, PAPER) >= 3
    assert contrast(PAPER, "#1a1d21") > 10  # Slack's dark side; on its light one the card has an edge


def test_a_bar_is_as_long_as_its_share() -> None:
    found = image(shares("100", "50", "25"))
    blue = tuple(int(COLOURS[0][at : at + 2], 16) for at in (1, 3, 5))
    middles = [found.height - (MARGIN + 28 * (row + 0.5)) * SHARPNESS for row in (2, 1, 0)]
    lengths = [sum(found.getpixel((x, int(y)))[:3] == blue for x in range(found.width)) for y in middles]  # type: ignore[index]
    assert [round(length / lengths[0], 2) for length in lengths] == [1, 0.5, 0.25]


def test_what_is_left_over_is_grey() -> None:
    assert REST in colours(CHARTS["forty teams"])
    assert REST in colours(CHARTS["trend of forty teams"])
    assert REST not in colours(CHARTS["trend"])


def test_what_a_budget_is_over_by_has_another_colour() -> None:
    assert COLOURS[1] in colours(CHARTS["ahead: several budgets"])


def test_every_part_of_a_stack_has_its_own_colour() -> None:
    assert set(COLOURS[:5]) <= colours(CHARTS["trend of forty teams"])


def test_a_gap_is_left_where_nothing_is_known() -> None:
    whole = Chart(ChartKind.LINE, "t", "f", ("a", "b", "c"), (Series("s", (Decimal(1), Decimal(1), Decimal(1))),))
    gap = Chart(ChartKind.LINE, "t", "f", ("a", "b", "c"), (Series("s", (Decimal(1), None, Decimal(1))),))
    assert picture(whole) != picture(gap)


def test_a_guide_is_grey_and_what_is_expected_goes_on_in_its_colour() -> None:
    values = (Decimal(1), Decimal(2))
    lines = (Series("Spent", values), Series("Expected", values[::-1], Stroke.EXPECTED))
    drawn = Chart(ChartKind.LINE, "t", "f", ("a", "b"), (*lines, Series("Budget", values, Stroke.GUIDE)))
    assert COLOURS[0] in colours(drawn)
    assert COLOURS[1] not in colours(drawn)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        (("0", "10"), ["$0", "$2", "$4", "$6", "$8", "$10"]),
        (("1279.20", "1500"), ["$0", "$500", "$1k", "$1.5k"]),
        (("10000000",), ["$0", "$2M", "$4M", "$6M", "$8M", "$10M"]),
        (("0.000001",), ["$0", "$0.0000002", "$0.0000004", "$0.0000006", "$0.0000008", "$0.000001"]),
        (("-155.13", "1500"), ["−$500", "$0", "$500", "$1k", "$1.5k"]),
        (("0",), ["$0", "$0.2", "$0.4", "$0.6", "$0.8", "$1"]),
    ],
)
def test_an_axis_has_round_figures_from_nothing_on(values: tuple[str, ...], ticks: list[str]) -> None:
    scale = Scale.over(map(Decimal, values), 100, 0)
    assert [short(tick, "USD") for tick in scale.ticks()] == ticks
    assert (scale.at(scale.low), scale.at(scale.high)) == (100, 0)
