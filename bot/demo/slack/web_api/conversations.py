"""Channels and direct messages."""

from collections.abc import Mapping

from bot.demo.slack import arguments as reading
from bot.demo.slack.shapes import channel_json
from bot.demo.slack.values import Json, Refused
from bot.demo.slack.web_api import destinations
from bot.demo.slack.web_api.method import Method, paged
from bot.demo.slack.workspace import Workspace


class Conversations:
    """`conversations.*`: what the bot cannot see is not there."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """Each method by Slack's name for it."""
        return {
            "conversations.open": self._open,
            "conversations.info": self._info,
            "conversations.list": self._list,
        }

    def _open(self, arguments: Json) -> Json:
        named = arguments.get("users") or []
        users = [part.strip() for part in named.split(",")] if isinstance(named, str) else list(named)
        channel = str(arguments.get("channel", ""))
        if not users and channel:
            owner = self._workspace.owner_of(channel)
            if owner is None:
                raise Refused("channel_not_found")
            users = [owner]
        if not users:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("invalid_user_combination")
        user = destinations.reachable(self._workspace, users[0])
        known = user.id in self._workspace.dms
        shown: Json = {"id": self._workspace.dm_of(user.id)}
        if reading.flag(arguments.get("return_im")):
            shown |= {"is_im": True, "user": user.id, "is_open": True}
        self._workspace.changed()
        return {"channel": shown} | ({"no_op": True, "already_open": True} if known else {})

    def _info(self, arguments: Json) -> Json:
        wanted = str(arguments.get("channel", ""))
        owner = self._workspace.owner_of(wanted)
        if owner:
            shown = {"id": wanted, "is_im": True, "user": owner, "is_archived": False, "is_org_shared": False}
            return {"channel": shown}
        channel = self._workspace.channels.get(wanted)
        if channel is None or (channel.private and not channel.bot_is_member):
            raise Refused("channel_not_found")
        return {"channel": channel_json(channel)}

    def _list(self, arguments: Json) -> Json:
        kinds = str(arguments.get("types") or "public_channel").split(",")
        shown = [
            channel_json(channel)
            for channel in self._workspace.channels.values()
            if ("private_channel" if channel.private else "public_channel") in kinds
            and not (channel.private and not channel.bot_is_member)
            and not (channel.archived and reading.flag(arguments.get("exclude_archived")))
        ]
        return paged("channels", shown, arguments)
