"""What every request passes first."""

import itertools
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.anthropic.refusals import error


class Gate:
    """Checks the key and the version, and gives every answer its request id."""

    def __init__(self, app: ASGIApp, admin_key: str, organization_id: str) -> None:
        self._app = app
        self._admin_key = admin_key.encode()
        self._organization_id = organization_id
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{next(self._numbers):024d}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["request-id"] = request_id
                headers["anthropic-organization-id"] = self._organization_id
            await send(message)

        headers = Headers(scope=scope)
        answer = self._app
        if not secrets.compare_digest(headers.get("x-api-key", "").encode(), self._admin_key):
            answer = error(401, "invalid x-api-key", request_id)
        elif "anthropic-version" not in headers:
            answer = error(400, "anthropic-version: header is required", request_id)
        await answer(scope, receive, named)
