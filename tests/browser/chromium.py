"""The browser that the tests drive: Debian's chromium, a Chrome, or one that Playwright brought.

``python -m tests.browser.chromium install`` installs Debian's where there is none and we may; ``… report`` says so
where there still is none, and under CI=true fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lrcourse.cli.doctor import find_browser

FLAGS = (
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def install() -> None:
    """Install Debian's chromium, and the fonts of apt.txt, if there is no browser and this is root's Debian."""
    if find_browser() or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    fonts = Path(__file__).parents[2].joinpath("apt.txt").read_text().split()
    print("No browser here; installing Debian's chromium", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet)
    subprocess.run(["apt-get", "install", "-qq", "--no-install-recommends", "chromium", *fonts], env=quiet)


def report() -> int:
    """1 where the lack of a browser is a failure, else 0."""
    if find_browser():
        return 0
    print(
        "\nNO BROWSER: the tests in a real browser were skipped. Install Chromium or Chrome, or run"
        f"\n    {sys.executable} -m playwright install chromium"
    )
    return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit({"install": install, "report": report}[sys.argv[1]]())
