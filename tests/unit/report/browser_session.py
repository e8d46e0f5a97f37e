"""Chromium without a window, spoken to through a pipe: no driver and no port are needed."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 60.0
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
    "--disable-component-update", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
]  # fmt: skip


class Session:
    """One browser; a page is opened in a tab of its own."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="browser-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # the browser reads descriptor 3 and writes descriptor 4
        command = 'exec "$0" "$@" 3<&{} 4>&{}'.format(theirs_in, theirs_out)  # noqa: UP032  # shell text
        arguments = [*ARGUMENTS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, PROGRAM, *arguments],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self._count = 0
        self._rest = b""
        self.heard = []

    def close(self):
        """End the browser, and clear what it wrote."""
        with contextlib.suppress(OSError):
            self.send("Browser.close")
        with contextlib.suppress(OSError):
            self._out.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._in.close()
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method, session=None, **parameters):
        """Ask the browser for something, and return its answer; what it says meanwhile is kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            said = self.listen()
            if said.get("id") == self._count:
                assert "error" not in said, (method, said["error"])
                return said["result"]
        raise TimeoutError(method)

    def listen(self):
        """Return the next thing that the browser says."""
        while b"\0" not in self._rest:
            piece = os.read(self._in.fileno(), 1 << 16)
            if not piece:
                raise OSError("the browser has gone")
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        said = json.loads(text)
        if "method" in said:
            self.heard.append(said)
        return said

    def open(self, path, width_px=1440, height_px=900, *, dark=False, inject=""):
        """Return a page that has loaded; ``inject`` is a script that runs before those of the page."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.send("Emulation.setEmulatedMedia", features=[scheme])
        page.resize(width_px, height_px)
        if inject:
            page.send("Page.addScriptToEvaluateOnNewDocument", source=inject)
        self.heard.clear()
        began = time.monotonic()
        page.send("Page.navigate", url=path.as_uri())
        page.wait_for("document.readyState === 'complete'")
        page.loaded_s = time.monotonic() - began
        return page


class Page:
    """A page in the browser."""

    def __init__(self, browser, target, session):
        self._browser, self._target, self._session = browser, target, session
        self.loaded_s = 0.0

    def send(self, method, **parameters):
        """Ask something of this page."""
        return self._browser.send(method, self._session, **parameters)

    def resize(self, width_px, height_px):
        """Set the size of the screen."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width_px, height=height_px, deviceScaleFactor=1, mobile=width_px < 500,
        )  # fmt: skip

    def value(self, expression):
        """Return what an expression of JavaScript is worth."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, expression):
        """Wait until an expression holds."""
        until = time.monotonic() + PATIENCE_S
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < until, f"never came true: {expression}"
            time.sleep(0.02)

    def press(self, key, code=0, text=""):
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    def drag(self, from_px, to_px):
        """Drag the mouse from one point to another."""
        press, release = (
            {"button": "left", "clickCount": 1, "buttons": 1},
            {"button": "left", "clickCount": 1},
        )
        middle = ((from_px[0] + to_px[0]) / 2, (from_px[1] + to_px[1]) / 2)
        steps = [("mouseMoved", from_px, {}), ("mousePressed", from_px, press)]
        steps += [
            ("mouseMoved", middle, press),
            ("mouseMoved", to_px, press),
            ("mouseReleased", to_px, release),
        ]
        for kind, (x, y), more in steps:
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    @property
    def said(self):
        """What stands in the console, refused scripts and faults with it."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [one["params"] for one in self._heard() if one["method"] in kinds]

    @property
    def asked(self):
        """Addresses that were asked for, the page's own first."""
        asked = [one["params"] for one in self._heard() if one["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in asked if not one["request"]["url"].startswith("data:")]

    def _heard(self):
        return [one for one in self._browser.heard if one.get("sessionId") == self._session]

    def picture(self, path, *, whole=True):
        """Keep a picture of the page as PNG."""
        found = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(b64decode(found["data"]))

    def pdf(self, path):
        """Print the page on A4."""
        found = self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        path.write_bytes(b64decode(found["data"]))

    def close(self):
        """Close the tab."""
        self._browser.send("Target.closeTarget", targetId=self._target)
