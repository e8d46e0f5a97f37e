"""The campus in step with the clock on the wall, and with equipment or controllers outside."""
