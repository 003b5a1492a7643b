"""One file per thing the bot does: gather, decide, apply."""
