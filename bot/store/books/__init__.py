"""What stays as it was once it was given out: closed months and receipts."""
