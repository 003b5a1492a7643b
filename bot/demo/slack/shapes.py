"""Values as the Web API and payloads show them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.demo.slack.pressing import with_block_ids
from bot.demo.slack.values import APP_ID, BOT_ID, TEAM_ID, Json, Message, SlackChannel, SlackUser, Upload


def message_json(message: Message) -> Json:
    """A message; every block has its `block_id`."""
    shown: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": TEAM_ID}
    if message.from_bot:
        shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
    if message.blocks:
        shown["blocks"] = with_block_ids(message.blocks)
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.ts}
    if message.files:
        shown["files"] = list(message.files)
    return shown


def channel_json(channel: SlackChannel) -> Json:
    """A channel as the bot sees it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "is_member": channel.bot_is_member,
    }


def user_json(user: SlackUser, now: datetime) -> Json:
    """A person; `now` decides on summer time in `tz_offset`."""
    profile = {"real_name": user.name, "display_name": user.name}
    shown: Json = {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.name,
        "deleted": user.deleted,
        "is_bot": user.bot,
        "is_app_user": False,
        "profile": profile if user.bot else profile | {"email": user.email},
    }
    if user.team != TEAM_ID:
        shown["is_stranger"] = True
    if not user.deleted:
        offset = now.astimezone(ZoneInfo(user.tz)).utcoffset() or timedelta(0)
        shown |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": int(offset.total_seconds())}
    return shown


def file_json(file_id: str, file: Upload, title: str | None, address: str) -> Json:
    """A file; `address` is where its bytes are."""
    return {
        "id": file_id,
        "name": file.name,
        "title": title or file.name,
        "mimetype": media_type(file.name),
        "size": len(file.content),
        "url_private": address,
    }


def media_type(name: str) -> str:
    """The media type a file's name speaks of."""
    kinds = {"png": "image/png", "csv": "text/csv", "json": "application/json", "txt": "text/plain"}
    return kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream")
