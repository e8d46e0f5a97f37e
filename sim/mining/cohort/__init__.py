"""Cohorts: machines of one model under one firmware, switched in blocks and held at one clock."""
