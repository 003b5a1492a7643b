"""The parts of `organization`: who is in it, what they use, and what that costs."""
