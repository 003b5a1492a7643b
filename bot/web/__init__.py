"""HTTP, the other edge: Slack's signed requests, and what an orchestrator asks."""
