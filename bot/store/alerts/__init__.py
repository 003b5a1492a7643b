"""What alerts remember: their episodes, what people did about them, and what the past says of each series."""
