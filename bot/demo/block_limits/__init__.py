"""The parts of `slack_limits`: Slack's documented numbers, and one file for each kind of block."""
