"""Errors in Anthropic's words and shape."""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
}


class Refused(Exception):
    """The request is wrong; `message` is Anthropic's sentence about it."""

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers


def error(status: int, message: str, request_id: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The body Anthropic sends with every status but 200."""
    shown = {"type": _TYPES.get(status, "invalid_request_error"), "message": message}
    return JSONResponse({"type": "error", "error": shown, "request_id": request_id}, status, headers)


async def refusal(request: Request, refused: Exception) -> Response:
    """Starlette's handler of `Refused`: always a 400."""
    assert isinstance(refused, Refused)
    return error(400, refused.message, request.state.request_id, refused.headers)


async def http_error(request: Request, failed: Exception) -> Response:
    """Starlette's handler of its own errors, such as an unknown path."""
    assert isinstance(failed, HTTPException)
    return error(failed.status_code, failed.detail, request.state.request_id, failed.headers)
