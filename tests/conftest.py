"""What holds for every test."""

from hypothesis import settings

# a busy machine is slow, not wrong; the same code meets the same examples, so that the outcome is the code's
settings.register_profile("hashballast", deadline=None, derandomize=True)
# other examples at every call, for the hunt: `make hunt`
settings.register_profile("hunt", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("hashballast")
