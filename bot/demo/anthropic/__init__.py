"""The parts of `anthropic_server`: reading a query, the directory lists, the two reports, and refusals."""
