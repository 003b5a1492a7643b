"""Reading Anthropic into the ledger: what is missing, in which order, a chunk at a time."""
