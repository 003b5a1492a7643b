"""Chance without a generator: every number follows from a text, so any hour can be asked for in any order."""

from hashlib import blake2b


def digest(text: str, size: int) -> bytes:
    """`size` bytes that depend on the text alone."""
    return blake2b(text.encode(), digest_size=size).digest()


def noise(text: str, count: int, *, spread: float) -> list[float]:
    """`count` factors between 1 - spread and 1 + spread; a digest because seeding a Random costs ten times as much."""
    return [1 + spread * (byte / 127.5 - 1) for byte in digest(text, count)]
