"""A student's JupyterLab on a fresh copy of the book, and a real browser in front of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tools.first_start import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "build/screenshots"
TOKEN = "a-reader"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def wait_for(url, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """Copy what a clone has that JupyterLab needs; the package itself comes from this project."""
    book = tmp_path_factory.mktemp("clone") / "the book"
    for folder in ("chapters", "tools"):
        shutil.copytree(ROOT / folder, book / folder)
    return book


@pytest.fixture(scope="session")
def address(book):
    """Start JupyterLab as `make lab` does, and end it with the tests."""
    port = free_port()
    flags = ["--no-browser", f"--IdentityProvider.token={TOKEN}"]
    flags += ["--LabApp.expose_app_in_browser=True"]
    server = subprocess.Popen(
        [sys.executable, "-m", "tools.lab", *flags],
        cwd=book,
        env=os.environ | {"PORT": str(port), "RNN_SILENT": ""},
    )
    wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}")
    yield f"http://127.0.0.1:{port}"
    server.send_signal(signal.SIGTERM)
    server.wait(30)


@pytest.fixture(scope="session")
def browser():
    """Start Chromium; that it is missing is a failure, never a skip."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path, "no Chromium on this machine: on Debian, sudo apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def lab(browser, address):
    """Open a page and watch it: no error may appear on it, in its console, or as a dialog."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    lab = Lab(page, address)
    yield lab
    try:
        lab.assert_calm()
    finally:
        page.close()


class Lab:
    """JupyterLab in a browser, reached as a person does: by keyboard, mouse and commands."""

    def __init__(self, page, address):
        self.page, self.address, self.errors = page, address, []
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on("console", self.note)

    def note(self, message):
        if message.type == "error":
            self.errors.append(f"console: {message.text} {message.location.get('url', '')}")

    def open(self, path="/"):
        """Open a notebook and wait for its kernel; without one, whatever `make lab` opens."""
        self.page.goto(f"{self.address}{path}?token={TOKEN}")
        self.page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        self.idle()

    def idle(self, seconds=120):
        """Wait until nothing runs: no cell waits for its number, and the kernel rests."""
        self.page.wait_for_function(IDLE, timeout=seconds * 1000)

    def run_all(self):
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.idle()

    def cells(self):
        return self.page.evaluate(f"{NOTEBOOK}.model.toJSON().cells")

    def find(self, words):
        """Return the number of the first code cell whose source has these words."""
        found = [
            n
            for n, c in enumerate(self.cells())
            if c["cell_type"] == "code" and words in "".join(c["source"])
        ]
        assert found, f"no code cell has {words!r}"
        return found[0]

    def go_to(self, number):
        """Scroll to a cell and return it as an element of the page."""
        self.page.evaluate(
            f"""async n => {{
            {NOTEBOOK}.activeCellIndex = n;
            await {NOTEBOOK}.scrollToItem(n, 'smart');
        }}""",
            number,
        )
        cell = self.page.evaluate_handle(f"n => {NOTEBOOK}.widgets[n].node", number).as_element()
        cell.scroll_into_view_if_needed()
        return cell

    def answer(self, number, source):
        """Type over a cell's source, run it with Shift+Enter, and return what it prints."""
        cell = self.go_to(number)
        cell.query_selector(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        self.idle()
        assert "".join(self.cells()[number]["source"]) == source
        return self.said(number)

    def said(self, number):
        """Return all text that a code cell printed, returned or displayed."""
        outputs = self.cells()[number]["outputs"]
        texts = [output.get("text", "") for output in outputs]
        for output in outputs:
            texts += [text for kind, text in output.get("data", {}).items() if "text/" in kind]
        return "\n".join("".join(text) for text in texts)

    def screenshot(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def assert_calm(self):
        """Nothing asks, nags or fails: no dialog, no pop-up, no error."""
        for nag in (
            ".jp-Dialog",
            ".Toastify__toast",
            ".jp-mod-error",
            ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']",
        ):
            shown = self.page.query_selector_all(nag)
            assert not shown, f"{nag}: {[element.inner_text() for element in shown]}"
        assert self.errors == []


NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"
IDLE = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const kernel = panel.sessionContext.session?.kernel;
    const waiting = panel.content.widgets.some(cell => cell.prompt === '*' ||
        cell.model.executionState === 'running');
    return kernel?.status === 'idle' && kernel.connectionStatus === 'connected' && !waiting;
}"""
