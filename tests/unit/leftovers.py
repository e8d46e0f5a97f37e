"""What a killed process leaves behind, for tests of who clears it."""

import re
import subprocess
import sys

from sim.whole import _beside


def a_leftover(path):
    """Return the temporary name that a process which is dead by now had for a path."""
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    return path.with_name(re.sub(r"\.\d+-", f".{dead.pid}-", _beside(path).name))
