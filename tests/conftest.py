"""What holds for every test."""

from functools import wraps

import laws
import pytest
from examples import FEW, WHOLE
from hypothesis import HealthCheck, settings
from progress import Progress

from sim.engine.campus import Campus

# a busy machine is slow, not wrong
LASTING = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
# the same code meets the same examples, so that the outcome is the code's: fewer of them in `make test`
settings.register_profile("hashballast", max_examples=FEW, derandomize=True, **LASTING)
settings.register_profile("whole", max_examples=WHOLE, derandomize=True, **LASTING)
# other examples at every call, for the hunt: `make hunt`
settings.register_profile("hunt", max_examples=WHOLE, derandomize=False, print_blob=True, **LASTING)
settings.load_profile("hashballast")


def pytest_configure(config):
    """Tell progress where workers share the tests: their dots would come in no order."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


@pytest.hookimpl(tryfirst=True)
def pytest_collectreport(report):
    """Count a test module that cannot be imported as a fault: the examples' collector leaves it out."""
    if report.skipped and "unable to import" in str(report.longrepr) and report.nodeid.startswith("tests/"):
        report.outcome = "failed"


def _lawful(finish):
    """Return what ends a run, and sees then that the laws of every run hold."""

    @wraps(finish)
    def finished(*arguments):
        recording = finish(*arguments)
        laws.check(recording)
        return recording

    return finished


Campus.finish = _lawful(Campus.finish)
