"""Spans of what takes time, sent to whoever collects them: none unless `begin` was given an address.

They say kinds, counts and days: no words of people, no names, no keys of messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

log = structlog.get_logger()

SECONDS_TO_TAKE = 3.0
"""How long a collector may take for a batch, all tries together: a stop waits for the last one."""

_tracer: Tracer | None = None


def begin(endpoint: str, version: str) -> Callable[[], Awaitable[None]]:
    """Send spans to this OTLP address, in batches, from a thread and a bounded queue that drops what does not fit.

    What it returns ends that, and lets go out what is left. Without the extra `traces` there is nothing to send with.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("No traces: install 'claude-usage-bot[traces]' to send some.", action="traces_missing")
        return _nothing
    about = Resource.create({"service.name": "claude-usage", "service.version": version})
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=SECONDS_TO_TAKE)
    provider.add_span_processor(BatchSpanProcessor(exporter))

    async def end() -> None:
        global _tracer
        _tracer = None
        await asyncio.to_thread(provider.shutdown)

    global _tracer
    _tracer = provider.get_tracer("bot", version)
    return end


async def _nothing() -> None:
    return None


@contextmanager
def span(name: str, **about: str | int) -> Iterator[None]:
    """What is done in this block; of what goes wrong, the kind of error alone."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    with _tracer.start_as_current_span(
        name, attributes=about, record_exception=False, set_status_on_exception=False
    ) as here:
        try:
            yield
        except BaseException as error:
            here.set_status(StatusCode.ERROR, type(error).__name__)
            raise
