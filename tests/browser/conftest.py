"""One JupyterLab and one browser a module. Both end with it: Playwright keeps an event loop running in this thread, which
other tests would trip over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from .lab import ARTEFACTS, Lab, Notebook, find_chromium, launch_browser, open_page, running_lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if find_chromium() is None:
        message = "no Chromium on this machine: install Debian's chromium, or `playwright install chromium`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    ARTEFACTS.mkdir(exist_ok=True)
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(lab: Lab) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch_browser(playwright, lab)
        yield chromium
        chromium.close()


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser) -> Iterator[object]:
    pages = []

    def opened(name: str, *cells: str) -> Notebook:
        if cells:
            lab.write_notebook(name, *cells)
        workspace = name.removesuffix(".ipynb")  # else the tabs of the test before are restored
        page = open_page(browser, lab, f"lab/workspaces/{workspace}/tree/{name}")
        pages.append(page)
        notebook = Notebook(page, lab)
        notebook.wait_ready()
        return notebook

    yield opened
    for page in pages:
        page.close()


@pytest.fixture
def artefacts() -> Path:
    return ARTEFACTS
