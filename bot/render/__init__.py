"""Answer → Slack blocks | terminal text | JSON | CSV. Pure; one file per medium; no arithmetic, no look-ups."""
