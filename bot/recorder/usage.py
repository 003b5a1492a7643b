"""What a call used, from Anthropic's `usage`: an object of its SDK, or the same as a dictionary."""

from __future__ import annotations

from typing import Any


class Usage:
    """Counts of one answer. In a stream they come several times and are cumulative: the last one counts."""

    __slots__ = ("cache_read", "geo", "input", "output", "speed", "tier", "web_search", "write_1h", "write_5m")

    def __init__(self) -> None:
        self.input = self.output = self.cache_read = self.write_5m = self.write_1h = self.web_search = 0
        self.tier: str | None = None
        self.geo: str | None = None
        self.speed: str | None = None

    def take(self, usage: Any) -> None:
        """Put what `usage` says over what was said before; what it leaves out stays."""
        self.input = _count(usage, "input_tokens", self.input)
        self.output = _count(usage, "output_tokens", self.output)
        self.cache_read = _count(usage, "cache_read_input_tokens", self.cache_read)
        self._take_writes(usage)
        tools = part(usage, "server_tool_use")
        if tools is not None:
            self.web_search = _count(tools, "web_search_requests", self.web_search)
        self.tier = part(usage, "service_tier") or self.tier
        self.geo = part(usage, "inference_geo") or self.geo
        self.speed = part(usage, "speed") or self.speed

    def _take_writes(self, usage: Any) -> None:
        """Without the split, what is more than before is written for five minutes: that is what is usual."""
        split = part(usage, "cache_creation")
        if split is not None:
            self.write_5m = _count(split, "ephemeral_5m_input_tokens", self.write_5m)
            self.write_1h = _count(split, "ephemeral_1h_input_tokens", self.write_1h)
        else:
            total = _count(usage, "cache_creation_input_tokens", self.write_5m + self.write_1h)
            self.write_5m = max(0, total - self.write_1h)

    def fields(self) -> dict[str, Any]:
        """By the names of `POST /v1/calls`; the two that only Anthropic's answer can tell are left out where it did
        not."""
        return {
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation_5m_input_tokens": self.write_5m,
            "cache_creation_1h_input_tokens": self.write_1h,
            "web_search_requests": self.web_search,
            "service_tier": self.tier or "standard",
            **({"inference_geo": self.geo} if self.geo else {}),
            **({"speed": self.speed} if self.speed else {}),
        }


def part(of: Any, name: str) -> Any:
    """A part of what the SDK gives, or of the same as it came over the wire; None where it has none."""
    return of.get(name) if isinstance(of, dict) else getattr(of, name, None)


def _count(of: Any, name: str, otherwise: int) -> int:
    value = part(of, name)
    return value if isinstance(value, int) else otherwise
