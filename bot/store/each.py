"""Many values as one variable of a statement: thousands of variables would have to be compiled anew for each number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import JSON, BigInteger, Connection, Select, TableValuedAlias, Text, bindparam, cast, func, select


def texts(connection: Connection, values: Iterable[str]) -> TableValuedAlias:
    """A table of them, whose one column is `value`."""
    written = bindparam(None, msgspec.json.encode(list(values)).decode(), Text)
    if connection.dialect.name == "postgresql":
        return func.json_array_elements_text(cast(written, JSON)).table_valued("value").render_derived()
    return func.json_each(written).table_valued("value")


def numbers(connection: Connection, values: Iterable[int]) -> Select[Any]:
    """What a column of whole numbers may be `in_`."""
    return select(cast(texts(connection, map(str, values)).c.value, BigInteger))
