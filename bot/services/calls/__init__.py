"""Live calls: taken in from programs and from files."""
