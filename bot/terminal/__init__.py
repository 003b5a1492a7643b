"""The command line, the third edge: one file a command."""
