"""What every rule and budget says of the figures, and what that does to episodes; nobody is told of it here."""
