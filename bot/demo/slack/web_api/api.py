"""One call of the Web API, from its token to its answer."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.slack import arguments
from bot.demo.slack.access import Access
from bot.demo.slack.faults import Faults
from bot.demo.slack.values import BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, Call, Json, Refused
from bot.demo.slack.web_api.chat import Chat
from bot.demo.slack.web_api.conversations import Conversations
from bot.demo.slack.web_api.files import Files
from bot.demo.slack.web_api.method import Method
from bot.demo.slack.web_api.users import Users
from bot.demo.slack.web_api.views import Views
from bot.demo.slack.workspace import Workspace

SCOPES = (
    "commands,app_mentions:read,chat:write,chat:write.public,files:write,files:read,im:history,im:write,"
    "users:read,users:read.email,channels:read,groups:read"
)


class WebApi:
    """Slack's Web API over one workspace."""

    def __init__(self, workspace: Workspace, access: Access, faults: Faults, files: Files, views: Views) -> None:
        self._workspace = workspace
        self._access = access
        self._faults = faults
        self._methods: Mapping[str, Method] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            **Chat(workspace).methods(),
            **Conversations(workspace).methods(),
            **Users(workspace).methods(),
            **views.methods(),
            **files.methods(),
        }

    async def answer(self, request: Request) -> Response:
        """One call, recorded: the method's answer, its refusal, or the fault ordered for it."""
        self._workspace.served_at(str(request.base_url))
        method = request.path_params["method"]
        given = await arguments.read(request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = str(given.pop("token", "")) or bearer
        fault = self._faults.take(method)
        try:
            if fault:
                fault.refuse()
            if method not in self._methods:
                raise Refused("unknown_method")
            self._access.authorize(token, method)
            body: Json = {"ok": True} | self._methods[method](given)
            status = 200
        except Refused as refused:
            body = {"ok": False, "error": refused.error} | refused.details
            status = refused.status
        lost = fault is not None and fault.after_accepting
        if fault and lost:
            status = fault.status
        self._workspace.calls.append(Call(method, given, status, body.get("error")))
        headers = {"x-oauth-scopes": SCOPES}
        if status == 429:
            headers["retry-after"] = str(fault.retry_after if fault and fault.retry_after is not None else 1)
        return Response(status_code=status, headers=headers) if lost else JSONResponse(body, status, headers)

    def _auth_test(self, _arguments: Json) -> Json:
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": BOT_NAME,
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _connections_open(self, _arguments: Json) -> Json:
        address = self._workspace.url(f"/link/{self._access.issue_ticket()}")
        return {"url": address.replace("http", "ws", 1)}
