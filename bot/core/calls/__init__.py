"""Live calls: what programs report of their own calls of Claude, seconds after they make them."""
