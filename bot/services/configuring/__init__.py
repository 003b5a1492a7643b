"""What people configure in Slack: the forms, who may send them, and what is kept of them."""
