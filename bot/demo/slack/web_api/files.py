"""Files: their bytes come and go outside the Web API."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.demo.slack import arguments as reading
from bot.demo.slack.shapes import file_json, media_type
from bot.demo.slack.values import BOT_USER_ID, Json, Refused
from bot.demo.slack.web_api import destinations
from bot.demo.slack.web_api.method import Method
from bot.demo.slack.workspace import Workspace


class Files:
    """`files.*`: ask for an address, send the bytes there, then share the file."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """Each method by Slack's name for it."""
        return {
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._upload_done,
            "files.info": self._info,
        }

    def _upload_url(self, arguments: Json) -> Json:
        if not arguments.get("filename") or int(arguments.get("length") or 0) <= 0:
            raise Refused("invalid_arguments")
        file_id = self._workspace.start_upload(str(arguments["filename"]))
        return {"upload_url": self._workspace.url(f"/upload/{file_id}"), "file_id": file_id}

    def _upload_done(self, arguments: Json) -> Json:
        shown = []
        for named in reading.decoded(arguments.get("files"), "files") or []:
            upload = self._workspace.files.get(str(named.get("id")))
            if upload is None or not upload.content:
                raise Refused("file_not_found")
            shown.append(self._shown(named["id"], named.get("title")))
        if not shown:
            raise Refused("invalid_arguments")
        # A person's id is no destination for a file: unlike a message, it needs the channel itself.
        channel = str(arguments.get("channel_id") or arguments.get("channels") or "")
        if channel:
            if channel in self._workspace.users or channel.startswith("#"):
                raise Refused("channel_not_found")
            channel = destinations.destination(self._workspace, channel)
            if channel in self._workspace.channels and not self._workspace.channels[channel].bot_is_member:
                raise Refused("not_in_channel")
            comment, thread = str(arguments.get("initial_comment") or ""), arguments.get("thread_ts")
            self._workspace.post(channel, BOT_USER_ID, comment, files=tuple(shown), thread_ts=thread)
        return {"files": shown}

    def _info(self, arguments: Json) -> Json:
        if str(arguments.get("file")) not in self._workspace.files:
            raise Refused("file_not_found")
        return {"file": self._shown(str(arguments["file"]), None)}

    def _shown(self, file_id: str, title: str | None) -> Json:
        address = self._workspace.url(f"/files/{file_id}")
        return file_json(file_id, self._workspace.files[file_id], title, address)

    async def take(self, request: Request) -> Response:
        """The bytes of a file, sent to the address given for them."""
        file = self._workspace.files.get(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("Not found", 404)
        file.content = await request.body()
        return PlainTextResponse(f"OK - {len(file.content)}")

    async def give(self, request: Request) -> Response:
        """The bytes of a file, for the page and whoever follows its link."""
        file = self._workspace.files.get(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("Not found", 404)
        return Response(file.content, media_type=media_type(file.name))
