"""`verify RECEIPT`: the sum of a receipt done again from the pages that were kept."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.core import wording
from bot.core.books.receipt_json import document
from bot.core.errors import ReceiptUnreadable
from bot.services.asking.receipts import Receipts
from bot.services.books.verify import Outcome, Verdict
from bot.terminal.config import read
from bot.terminal.output import dumped, show

MOST_DIFFERENCES = 20


async def run(args: Namespace, receipts: Receipts) -> int:
    """Exit code 0 where the sum is equal to the last digit, else 1."""
    found = _document(Path(args.receipt))
    verdict = await (receipts.check(found) if found is not None else receipts.verify(args.receipt))
    if args.format == "json":
        show(dumped(_as_json(verdict)))
    else:
        show("\n".join(_as_text(verdict)))
    return 0 if verdict.outcome is Outcome.EQUAL else 1


def _as_text(verdict: Verdict) -> Iterator[str]:
    asked, figures = verdict.receipt.asked, verdict.receipt.figures
    billed = f"${figures.billed_cost}" if figures.billed_cost is not None else "not in yet"
    pages = len(verdict.receipt.pages)
    about = f"receipt {verdict.receipt_id}, “{asked.text}”, {asked.start:%Y-%m-%d} to before {asked.end:%Y-%m-%d %H:%M}"
    match verdict.outcome:
        case Outcome.EQUAL:
            yield f"Equal: {about}: {billed}, from {wording.exactly(pages, 'page')}."
        case Outcome.DIFFERENT:
            yield f"Not equal: {about}: {billed}."
        case Outcome.UNPROVEN:
            yield f"Can't be verified: {about}: {billed}."
    for one in verdict.differences[:MOST_DIFFERENCES]:
        yield f"  {one.what}: the receipt says {one.receipt}; done again it is {one.recomputed}"
    if len(verdict.differences) > MOST_DIFFERENCES:
        yield f"  {wording.and_more(len(verdict.differences) - MOST_DIFFERENCES)}"
    yield from verdict.remarks


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "receipt": verdict.receipt_id,
        "question": verdict.receipt.asked.text,
        "outcome": verdict.outcome.value,
        "equal": verdict.outcome is Outcome.EQUAL,
        "differences": [
            {"what": one.what, "receipt": one.receipt, "recomputed": one.recomputed} for one in verdict.differences
        ],
        "estimate": document(verdict.receipt)["estimate"],
        "notes": list(verdict.remarks),
    }


def _document(path: Path) -> dict[str, Any] | None:
    """What a file holds; None where there is no such file, so that the word must be an id."""
    if not path.is_file():
        return None
    try:
        found = json.loads(read(path))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ReceiptUnreadable(f"{path} is no receipt. Make it with `claude-usage ask … --receipt --format json`.")
    return found
