"""The engine: wires a scenario into a live campus and runs it."""
