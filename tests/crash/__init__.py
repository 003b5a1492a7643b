"""Worker processes that are killed in the middle of their work, and a count of what arrived: `make crash`."""
