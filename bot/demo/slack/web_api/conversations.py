"""Channels and direct messages."""

from collections.abc import Mapping

from bot.demo.slack import arguments as reading
from bot.demo.slack.shapes import channel_json, message_json
from bot.demo.slack.values import Json, Message, Refused
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
            "conversations.history": self._history,
            "conversations.replies": self._replies,
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

    def _history(self, arguments: Json) -> Json:
        """The messages of a conversation that stand in no thread, the newest first."""
        said = [one for one in self._said(arguments) if one.thread_ts in (None, one.ts)]
        return self._page(said[::-1], arguments)

    def _replies(self, arguments: Json) -> Json:
        """A thread, its first message included, the oldest first."""
        thread = str(arguments.get("ts", ""))
        return self._page([one for one in self._said(arguments) if thread in (one.ts, one.thread_ts)], arguments)

    def _said(self, arguments: Json) -> list[Message]:
        """What the app may read of a conversation, oldest first: not what one person alone was shown."""
        wanted = str(arguments.get("channel", ""))
        if self._workspace.owner_of(wanted) is None:
            channel = self._workspace.channels.get(wanted)
            if channel is None:
                raise Refused("channel_not_found")
            if not self._workspace.channels_history:
                needed = "groups:history" if channel.private else "channels:history"
                raise Refused("missing_scope", details={"needed": needed})
            if not channel.bot_is_member:
                raise Refused("not_in_channel")
        oldest = float(arguments.get("oldest") or 0)
        return [
            one
            for one in self._workspace.messages
            if one.channel == wanted and not one.deleted and not one.ephemeral_to and float(one.ts) > oldest
        ]

    def _page(self, said: list[Message], arguments: Json) -> Json:
        whole = reading.flag(arguments.get("include_all_metadata"))
        shown = [message_json(one) | ({"metadata": one.metadata} if whole and one.metadata else {}) for one in said]
        page = paged("messages", shown, arguments)
        return page | {"has_more": bool(page["response_metadata"]["next_cursor"])}

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
