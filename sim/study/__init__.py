"""Studies: choices per axis become scenarios, runs on several processes, and one table; comparisons."""
