"""Who a use is put down to: a person, else a service account, else the key; nobody in the Console."""

from typing import Any

from bot.demo.organization import Organization, Use


class Actors:
    """The organisation's callers by id."""

    def __init__(self, organization: Organization) -> None:
        self.people = {user.id: user for user in organization.users}
        self.keys = {key.id: key for key in organization.api_keys}
        (self.default_workspace,) = (item.id for item in organization.workspaces if item.is_default)

    def of(self, use: Use) -> tuple[str | None, str | None]:
        """The id and the type of the actor."""
        if use.account_id:
            return use.account_id, "user_actor"
        if use.service_account_id:
            return use.service_account_id, "service_account_actor"
        if use.api_key_id:
            return use.api_key_id, "api_actor"
        return None, None

    def written(self, actor: str) -> dict[str, Any]:
        """The actor of this id, as the analytics write it."""
        if person := self.people.get(actor):
            return {
                "type": "user_actor",
                "user_id": person.id,
                "email_address": person.email,
                "name": person.name,
                "deleted": False,
            }
        if actor in self.keys:
            return {"type": "api_actor", "api_key_id": actor}
        return {"type": "service_account_actor", "service_account_id": actor}
