"""What lies ahead: the course of days, a period's end with its range, budgets."""
