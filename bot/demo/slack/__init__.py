"""The parts of `slack_server`: the workspace, the Web API the bot calls, the ways to reach the bot, and the page."""
