"""The first minutes, and the bad ones: asking every service whether it will have us, before the bot runs."""
