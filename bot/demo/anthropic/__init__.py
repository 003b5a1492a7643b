"""The parts of `anthropic_server`: reading a query, the directory, limits, reports and analytics, and refusals."""
