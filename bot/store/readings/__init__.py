"""What Anthropic said, verbatim, and how well we know it: which days, read when, how late, restated since."""
