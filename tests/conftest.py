"""What holds for every test."""

from hypothesis import HealthCheck, settings

# a busy machine is slow, not wrong; the same code meets the same examples, so that the outcome is the code's
SLOW = [HealthCheck.too_slow]
settings.register_profile("hashballast", deadline=None, derandomize=True, suppress_health_check=SLOW)
# other examples at every call, for the hunt: `make hunt`
settings.register_profile(
    "hunt", deadline=None, derandomize=False, print_blob=True, suppress_health_check=SLOW
)
settings.load_profile("hashballast")
