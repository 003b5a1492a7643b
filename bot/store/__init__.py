"""SQL: what Anthropic said, the ledger made of it, and what the bot itself must remember."""
