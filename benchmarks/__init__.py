"""How fast a run is and what it needs, as ratios to a bare SimPy loop in the same process."""
