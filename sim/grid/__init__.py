"""The grid side: the interconnection and what is asked of it."""
