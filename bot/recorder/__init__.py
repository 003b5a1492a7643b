"""Records a program's own calls of Claude and sends them to the bot: `Recorder(url, token, team="alpha").wrap(client)`.

It goes into other people's programs, so it needs httpx and nothing else, and knows nothing of the bot.
"""

from bot.recorder.recorder import Recorder
from bot.recorder.tally import Stats

__all__ = ["Recorder", "Stats"]
