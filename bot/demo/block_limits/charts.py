"""Charts: pies of labelled segments, and bars, lines and areas over categories."""

from collections.abc import Iterator

from bot.demo.block_limits import numbers
from bot.demo.block_limits.checks import Json, count, is_number, listed, optional, problem, string, unique


def data_visualization(block: Json, at: str) -> Iterator[str]:
    chart = block.get("chart")
    yield from string(block.get("title"), f"{at}/title", numbers.CHART_TITLE)
    if not isinstance(chart, dict) or chart.get("type") not in ("pie", "bar", "line", "area"):
        yield problem("must be a pie, bar, line or area chart", f"{at}/chart")
    elif chart["type"] == "pie":
        yield from _points(chart.get("segments"), f"{at}/chart/segments", numbers.CHART_SERIES)
        for index, segment in enumerate(listed(chart.get("segments"))):
            if isinstance(segment, dict) and is_number(segment.get("value")) and segment["value"] <= 0:
                yield problem("must be more than 0", f"{at}/chart/segments/{index}/value")
    else:
        yield from _plot(chart, f"{at}/chart")


def _plot(chart: Json, at: str) -> Iterator[str]:
    axis = chart.get("axis_config")
    axis = axis if isinstance(axis, dict) else {}
    categories = listed(axis.get("categories"))
    yield from count(axis.get("categories"), f"{at}/axis_config/categories", numbers.CHART_CATEGORIES)
    for index, category in enumerate(categories):
        yield from string(category, f"{at}/axis_config/categories/{index}", numbers.CHART_LABEL)
    yield from unique(categories, f"{at}/axis_config/categories", "category")
    for key in ("x_label", "y_label"):
        yield from optional(axis, key, f"{at}/axis_config", numbers.CHART_TITLE)
    series = listed(chart.get("series"))
    yield from count(chart.get("series"), f"{at}/series", numbers.CHART_SERIES)
    for index, one in enumerate(series):
        here = f"{at}/series/{index}"
        if not isinstance(one, dict):
            yield problem("must be a series object", here)
            continue
        yield from string(one.get("name"), f"{here}/name", numbers.CHART_LABEL)
        yield from _points(one.get("data"), f"{here}/data", numbers.CHART_CATEGORIES)
        labels = [point.get("label") for point in listed(one.get("data")) if isinstance(point, dict)]
        if sorted(map(str, labels)) != sorted(map(str, categories)):
            yield problem("must have exactly one value per category", f"{here}/data")
    yield from unique([one.get("name") for one in series if isinstance(one, dict)], f"{at}/series", "series name")


def _points(points: object, at: str, most: int) -> Iterator[str]:
    """Labelled values: the segments of a pie, or the data of a series."""
    yield from count(points, at, most)
    for index, point in enumerate(listed(points)):
        here = f"{at}/{index}"
        if not isinstance(point, dict):
            yield problem("must have a label and a value", here)
            continue
        yield from string(point.get("label"), f"{here}/label", numbers.CHART_LABEL)
        if not is_number(point.get("value")):
            yield problem("must be a number", f"{here}/value")
    labels = [point.get("label") for point in listed(points) if isinstance(point, dict)]
    yield from unique(labels, at, "label")
