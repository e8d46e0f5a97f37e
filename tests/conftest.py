"""What holds for every test."""

from hypothesis import settings

# a busy machine is slow, not wrong
settings.register_profile("hashballast", deadline=None)
settings.load_profile("hashballast")
