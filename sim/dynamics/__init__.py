"""The worst windows of a run on the bundled test systems of ANDES, beside the SFR model of the same machines.

ANDES (GPL-3.0) is an extra, and runs as a program of its own: `andes_program` is the only module that knows
it, and is never imported.
"""
