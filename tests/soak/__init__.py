"""The whole bot under load for as long as you like, and whether it keeps its size: `make soak`."""
