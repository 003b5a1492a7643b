"""The simulated organisation and the local Slack page; nothing imports it but its own command."""
