"""Progress of a long run of the tests, for a person: how far it is, what failed, how long it has taken."""

import time

EVERY_S = 10.0


class Progress:
    """Tells a line every ten seconds, in place of a dot for each test; what fails is told at once."""

    def __init__(self, config):
        self._config = config
        self._started_s = self._told_s = time.monotonic()
        self._ids = set()
        self._done = self._failed = 0

    def pytest_collection_finish(self, session):
        self._ids.update(item.nodeid for item in session.items)

    def pytest_xdist_node_collection_finished(self, ids):
        self._ids.update(ids)

    def pytest_runtest_logreport(self, report):
        self._done += report.when == "teardown"
        if report.failed:
            self._failed += 1
            self._write(f"FAILED {report.nodeid}", red=True)
        if time.monotonic() - self._told_s >= EVERY_S or self._done == len(self._ids):
            self._tell(report.nodeid.partition("::")[0])

    def pytest_report_teststatus(self, report):
        told = {"passed": "PASSED", "skipped": "SKIPPED"}
        if report.outcome in told and (report.when == "call" or report.skipped):
            return report.outcome, "", told[report.outcome]
        return None

    def _tell(self, room):
        self._told_s = time.monotonic()
        share, minutes = self._done / max(1, len(self._ids)), (self._told_s - self._started_s) / 60.0
        far = f"{self._done:6,} of {len(self._ids):,} tests ({share:4.0%})"
        self._write(f"{far}, {self._failed} failed, {minutes:.1f} min: {room}")

    def _write(self, line, **markup):
        # it is not there yet when this is made
        self._config.pluginmanager.getplugin("terminalreporter").write_line(line, **markup)
