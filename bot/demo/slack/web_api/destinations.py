"""Where a message may go."""

from bot.demo.slack.values import Refused, SlackUser
from bot.demo.slack.workspace import Workspace


def destination(workspace: Workspace, name: str) -> str:
    """The channel id behind an id, a `#name` or a person's id."""
    if name in workspace.users:
        return _direct(workspace, name)
    owner = workspace.owner_of(name)
    if owner:
        return _direct(workspace, owner)
    for channel in workspace.channels.values():
        if channel.id == name or channel.name == name.removeprefix("#"):
            if channel.archived:
                raise Refused("is_archived")
            if channel.private and not channel.bot_is_member:
                raise Refused("not_in_channel")
            return channel.id
    raise Refused("channel_not_found")


def _direct(workspace: Workspace, user_id: str) -> str:
    user = reachable(workspace, user_id)
    if user.dms_blocked:
        raise Refused("restricted_action")
    return workspace.dm_of(user.id)


def reachable(workspace: Workspace, user_id: str) -> SlackUser:
    """The person, if a bot may write to them."""
    user = workspace.users.get(user_id)
    if user is None:
        raise Refused("user_not_found")
    if user.bot:
        raise Refused("cannot_dm_bot")
    if user.deleted:
        raise Refused("user_disabled")
    return user
