"""Bitcoin miners: formulas, fleets, and the executor that commands them."""
