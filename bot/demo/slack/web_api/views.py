"""App Home and dialogs."""

import uuid
from collections.abc import Mapping

from bot.demo.slack import arguments as reading
from bot.demo.slack.access import Access
from bot.demo.slack.values import APP_ID, BOT_ID, TEAM_ID, Json, Refused
from bot.demo.slack.web_api.method import Method
from bot.demo.slack.workspace import Workspace
from bot.demo.slack_limits import Surface

STACK = 3
"""Dialogs that may lie over each other."""


class Views:
    """`views.*`: a view that changed since it was read is refused by its hash."""

    def __init__(self, workspace: Workspace, access: Access) -> None:
        self._workspace = workspace
        self._access = access

    def methods(self) -> Mapping[str, Method]:
        """Each method by Slack's name for it."""
        return {
            "views.publish": self._publish,
            "views.open": self._open,
            "views.push": self._push,
            "views.update": self._update,
        }

    def _publish(self, arguments: Json) -> Json:
        user_id = str(arguments.get("user_id", ""))
        if user_id not in self._workspace.users:
            raise Refused("user_not_found")
        current = self._workspace.homes.get(user_id)
        self._check_hash(arguments, current)
        view = self._view(arguments, "home", current["id"] if current else self._workspace.next_id("V"))
        self._workspace.homes[user_id] = view
        self._workspace.changed()
        return {"view": view}

    def _open(self, arguments: Json) -> Json:
        user_id = self._access.use_trigger(arguments.get("trigger_id"))
        view = self._view(arguments, "modal", self._workspace.next_id("V"))
        self._workspace.views[view["id"]] = view
        self._workspace.dialogs[user_id] = view["id"]
        self._workspace.changed()
        return {"view": view}

    def _push(self, arguments: Json) -> Json:
        user_id = self._access.use_trigger(arguments.get("trigger_id"))
        return {"view": self._on_top(user_id, arguments)}

    def _on_top(self, user_id: str, arguments: Json) -> Json:
        """Another dialog over the one that is open, three at most."""
        below = self._workspace.dialog_of(user_id)
        if below is None:
            raise Refused("not_found")
        if self._depth(below) >= STACK:
            raise Refused("push_limit_reached")
        view = self._view(arguments, "modal", self._workspace.next_id("V"))
        view |= {"previous_view_id": below["id"], "root_view_id": below.get("root_view_id", below["id"])}
        self._workspace.views[view["id"]] = view
        self._workspace.dialogs[user_id] = view["id"]
        self._workspace.changed()
        return view

    def _depth(self, view: Json) -> int:
        below = self._workspace.views.get(view.get("previous_view_id") or "")
        return 1 + (self._depth(below) if below else 0)

    def closed(self, user_id: str) -> None:
        """The dialog on top closes; the one under it is there again."""
        view = self._workspace.views.get(self._workspace.dialogs.pop(user_id, ""), {})
        if below := view.get("previous_view_id"):
            self._workspace.dialogs[user_id] = below
        self._workspace.changed()

    def _update(self, arguments: Json) -> Json:
        view_id = str(arguments.get("view_id", ""))
        current = self._workspace.views.get(view_id)
        if current is None:
            raise Refused("not_found")
        self._check_hash(arguments, current)
        return {"view": self.changed(arguments, view_id)}

    def changed(self, arguments: Json, view_id: str) -> Json:
        """Put another view in the place of a dialog's, checked as Slack does."""
        before = self._workspace.views[view_id]
        below = {key: before[key] for key in ("previous_view_id", "root_view_id") if key in before}
        view = self._workspace.views[view_id] = self._view(arguments, "modal", view_id) | below
        self._workspace.changed()
        return view

    def submitted(self, user_id: str, answer: Json) -> None:
        """What the bot's answer to a dialog that was sent does to it: without one it closes."""
        view_id = self._workspace.dialogs[user_id]
        match answer.get("response_action"):
            case "update":
                self.changed({"view": answer.get("view")}, view_id)
            case "errors":
                errors = answer.get("errors")
                known = {block.get("block_id") for block in self._workspace.views[view_id]["blocks"]}
                if not isinstance(errors, dict) or not errors or not set(errors) <= known:
                    raise Refused("invalid_arguments")
                self._workspace.views[view_id] = self._workspace.views[view_id] | {"errors": errors}
            case "push":
                self._on_top(user_id, {"view": answer.get("view")})
            case "clear":
                self._workspace.dialogs.pop(user_id)
            case None:
                self.closed(user_id)
            case other:
                raise Refused(f"unknown response_action: {other}")
        self._workspace.changed()

    def _check_hash(self, arguments: Json, current: Json | None) -> None:
        if current and arguments.get("hash") not in (None, "", current["hash"]):
            raise Refused("hash_conflict")

    def _view(self, arguments: Json, surface: Surface, view_id: str) -> Json:
        view = reading.decoded(arguments.get("view"), "view")
        if not isinstance(view, dict) or view.get("type") != surface:
            raise Refused("invalid_arguments")
        reading.check_blocks(view.get("blocks", []), surface, "invalid_arguments")
        more = {"id": view_id, "team_id": TEAM_ID, "app_id": APP_ID, "bot_id": BOT_ID}
        return view | more | {"hash": f"{self._workspace.next_ts()}.{uuid.uuid4().hex[:8]}", "state": {"values": {}}}
