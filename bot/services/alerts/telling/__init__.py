"""Who is told of what happened to episodes, in which words, and what people do with what they were told."""
