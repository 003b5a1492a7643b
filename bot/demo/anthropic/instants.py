"""Instants on the grid of days and hours, as the API writes them."""

from datetime import UTC, datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def floor(moment: datetime, span: timedelta) -> datetime:
    """The last grid point by this moment."""
    return moment - (moment - _EPOCH) % span


def ceiling(moment: datetime, span: timedelta) -> datetime:
    """The first grid point from this moment on."""
    return moment + (_EPOCH - moment) % span


def written(moment: datetime) -> str:
    """The moment as JSON carries it, ending in Z."""
    return moment.isoformat().replace("+00:00", "Z")
