"""What people are sent: each message is a row before it goes out, whoever sends it."""
