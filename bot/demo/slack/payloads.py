"""What Slack tells a bot about a command, a press and an event."""

from collections.abc import Sequence
from datetime import datetime

from bot.demo.slack.pressing import state_of
from bot.demo.slack.shapes import message_json
from bot.demo.slack.values import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, Json, Message, SlackUser

_VERIFICATION = "legacy-verification-token"


def slash_command(
    user: SlackUser,
    channel_id: str,
    channel_name: str,
    command: str,
    text: str,
    response_url: str,
    trigger_id: str,
) -> dict[str, str]:
    """The form fields of a slash command."""
    return {
        "token": _VERIFICATION,
        "team_id": user.team,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel_id,
        "channel_name": channel_name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def block_actions(user: SlackUser, action: Json, blocks: Sequence[Json], trigger_id: str) -> Json:
    """A press, without the message or view it happened in."""
    pressed = {"trigger_id": trigger_id, "state": {"values": state_of(blocks, action)}, "actions": [action]}
    return _interaction("block_actions", user) | pressed


def shortcut(user: SlackUser, callback_id: str, trigger_id: str, ts: str) -> Json:
    """A global shortcut: it says who wants it, and not where they are."""
    return _interaction("shortcut", user) | {"callback_id": callback_id, "trigger_id": trigger_id, "action_ts": ts}


def view_submission(user: SlackUser, view: Json, values: Json, trigger_id: str) -> Json:
    """A dialog that was sent; `values` by block id and action id."""
    sent = view | {"blocks": view["blocks"], "state": {"values": values}}
    return _interaction("view_submission", user) | {"trigger_id": trigger_id, "view": sent, "response_urls": []}


def block_suggestion(user: SlackUser, view: Json, action_id: str, block_id: str, typed: str) -> Json:
    """What was typed so far into a field whose choices are the bot's to give."""
    field = {"action_id": action_id, "block_id": block_id, "value": typed}
    return _interaction("block_suggestion", user) | field | in_view(view, view["blocks"])


def _interaction(kind: str, user: SlackUser) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP_ID,
        "token": _VERIFICATION,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(message: Message, channel_name: str, blocks: Sequence[Json], response_url: str) -> Json:
    """What a press in a message adds; an ephemeral message itself is not sent along."""
    ephemeral = message.ephemeral_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    around: Json = {
        "container": container,
        "channel": {"id": message.channel, "name": channel_name},
        "response_url": response_url,
    }
    return around if ephemeral else around | {"message": message_json(message) | {"blocks": blocks}}


def in_view(view: Json, blocks: Sequence[Json], values: Json | None = None) -> Json:
    """What a press in a view adds; `values` is what its fields hold, by block id and action id."""
    state = {"state": {"values": values}} if values else {}
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view | {"blocks": blocks} | state}


def event_callback(event: Json, event_id: str, at: datetime) -> Json:
    """An event in its envelope."""
    return {
        "token": _VERIFICATION,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(at.timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
