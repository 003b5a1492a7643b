"""One file for each kind of question, and what leads to it: understanding, typing ahead, receipts, files."""
