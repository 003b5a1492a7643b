"""Posting, changing and deleting messages."""

from collections.abc import Mapping
from dataclasses import replace

from bot.demo.slack import arguments as reading
from bot.demo.slack.shapes import message_json
from bot.demo.slack.values import BOT_USER_ID, TEAM_DOMAIN, Json, Message, Refused
from bot.demo.slack.web_api import destinations
from bot.demo.slack.web_api.method import Method
from bot.demo.slack.workspace import Workspace

UPDATE_TEXT = 4_000


class Chat:
    """`chat.*`: the bot may change only its own messages."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """Each method by Slack's name for it."""
        return {
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
        }

    def _post(self, arguments: Json) -> Json:
        channel = destinations.destination(self._workspace, str(arguments.get("channel", "")))
        text, blocks = reading.content(arguments, cut=True)
        self._workspace.check_rate(channel)
        thread = arguments.get("thread_ts")
        metadata = reading.decoded(arguments.get("metadata"), "metadata")
        message = self._workspace.post(
            channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread, metadata=metadata or None
        )
        answer: Json = {"channel": channel, "ts": message.ts, "message": message_json(message)}
        if len(str(arguments.get("text") or "")) > reading.TEXT_CUT:
            cut = ["message_truncated"]
            answer |= {"warning": "message_truncated", "response_metadata": {"warnings": cut}}
        return answer

    def _post_ephemeral(self, arguments: Json) -> Json:
        channel = destinations.destination(self._workspace, str(arguments.get("channel", "")))
        user = self._workspace.users.get(str(arguments.get("user", "")))
        if user is None or user.deleted:
            raise Refused("user_not_in_channel")
        if channel in self._workspace.channels and not self._workspace.channels[channel].bot_is_member:
            raise Refused("not_in_channel")
        text, blocks = reading.content(arguments)
        thread = arguments.get("thread_ts")
        message = self._workspace.post(
            channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread, ephemeral_to=user.id
        )
        return {"message_ts": message.ts}

    def _update(self, arguments: Json) -> Json:
        message = self._own(arguments, "cant_update_message")
        if len(str(arguments.get("text") or "")) > UPDATE_TEXT:
            raise Refused("msg_too_long")
        # Slack keeps what an update does not mention.
        kept = {"text": arguments.get("text", message.text), "blocks": arguments.get("blocks", list(message.blocks))}
        text, blocks = reading.content(kept)
        changed = self._workspace.store(replace(message, text=text, blocks=blocks, edited=True))
        return {"channel": changed.channel, "ts": changed.ts, "text": text, "message": message_json(changed)}

    def _delete(self, arguments: Json) -> Json:
        message = self._own(arguments, "cant_delete_message")
        self._workspace.store(replace(message, deleted=True))
        return {"channel": message.channel, "ts": message.ts}

    def _own(self, arguments: Json, otherwise: str) -> Message:
        channel = str(arguments.get("channel", ""))
        if channel not in self._workspace.channels and channel not in self._workspace.dms.values():
            raise Refused("channel_not_found")
        message = self._workspace.find(str(arguments.get("ts", "")))
        if message is None or message.channel != channel or message.deleted or message.ephemeral_to:
            raise Refused("message_not_found")
        if not message.from_bot:
            raise Refused(otherwise)
        return message

    def _permalink(self, arguments: Json) -> Json:
        """Takes no scope; a private channel without the bot is as if it were not there."""
        channel = self._workspace.channels.get(str(arguments.get("channel", "")))
        if channel is None or (channel.private and not channel.bot_is_member):
            raise Refused("channel_not_found")
        ts = str(arguments.get("message_ts", ""))
        message = self._workspace.find(ts)
        if message is None or message.channel != channel.id:
            raise Refused("message_not_found")
        return {"channel": channel.id, "permalink": f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{ts}"}
