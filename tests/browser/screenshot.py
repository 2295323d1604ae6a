"""Takes the picture in README.md: one explorer, as JupyterLab shows it. ``make screenshot``"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from tests.browser.lab import VIEW, Notebook, browser, serve

CODE = """
from lrcourse import explorers
explorers.dynamics.landscape()
"""
MARGIN = 24  # pixels of white around it


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as lab, browser() as chrome:
        page = chrome.new_page(viewport=VIEW, device_scale_factor=2)
        notebook = Notebook(page, lab, lab.add("picture.ipynb", CODE.strip()))
        notebook.run_all()
        (explorer,) = notebook.explorers()
        page.wait_for_timeout(1000)  # for the fonts
        shot = Image.open(io.BytesIO(explorer.screenshot())).convert("RGB")
    ink = ImageOps.invert(shot).getbbox()
    framed = ImageOps.expand(shot.crop(ink), MARGIN, "white")
    target.parent.mkdir(exist_ok=True)
    framed.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target}: {framed.width} × {framed.height}, {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
