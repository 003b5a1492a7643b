"""One page of an answer exactly as it came: what a receipt is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class RawPage:
    """`request` is path and query; the credential travels in a header and is not part of it."""

    request: str
    body: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.body).hexdigest()
