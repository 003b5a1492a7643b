"""People."""

from collections.abc import Mapping

from bot.demo.slack.shapes import user_json
from bot.demo.slack.values import Json, Refused
from bot.demo.slack.web_api.method import Method, paged
from bot.demo.slack.workspace import Workspace


class Users:
    """`users.*`: bots and people who left are listed, yet not found by e-mail."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """Each method by Slack's name for it."""
        return {
            "users.info": self._info,
            "users.lookupByEmail": self._lookup,
            "users.list": self._list,
        }

    def _info(self, arguments: Json) -> Json:
        user = self._workspace.users.get(str(arguments.get("user", "")))
        if user is None:
            raise Refused("user_not_found")
        return {"user": user_json(user, self._workspace.clock())}

    def _lookup(self, arguments: Json) -> Json:
        email = str(arguments.get("email", "")).casefold()
        for user in self._workspace.users.values():
            if user.email.casefold() == email and not user.deleted and not user.bot:
                return {"user": user_json(user, self._workspace.clock())}
        raise Refused("users_not_found")

    def _list(self, arguments: Json) -> Json:
        return paged(
            "members", [user_json(user, self._workspace.clock()) for user in self._workspace.users.values()], arguments
        )
