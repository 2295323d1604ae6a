"""Tells what differs between a stored notebook and a rebuilt one: text exactly, pictures by tolerance."""

from __future__ import annotations

import base64
import difflib
import io
import json
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
from nbformat import NotebookNode
from PIL import Image

# Mean difference of a pixel, of 255: other builds of Matplotlib stay far below, a line that moved is above.
TOLERANCE = 0.25


def differences(stored: NotebookNode, built: NotebookNode, *, outputs: bool = True) -> Iterator[str]:
    """What differs, one line each; nothing where the notebooks are the same.

    Args:
        stored: the notebook as it lies in its room.
        built: what the source gives.
        outputs: False if *built* was not executed; then outputs and execution counts are not compared.
    """
    if stored.metadata != built.metadata:
        yield f"notebook metadata: stored {stored.metadata}, built {built.metadata}"
    places = [[cell.id for cell in notebook.cells] for notebook in (stored, built)]
    if places[0] != places[1]:
        gone = [name(cell) for cell in stored.cells if cell.id not in places[1]]
        new = [name(cell) for cell in built.cells if cell.id not in places[0]]
        yield (f"cells: only stored {'; '.join(gone) or '–'}; only built {'; '.join(new) or '–'}"
               if gone or new else "cells: the same ones in another order")  # fmt: skip
    of_id = {cell.id: cell for cell in built.cells}
    for cell in stored.cells:
        if cell.id in of_id:
            yield from (f"{name(cell)}: {what}" for what in cell_differences(cell, of_id[cell.id], outputs))


def cell_differences(stored: NotebookNode, built: NotebookNode, outputs: bool) -> Iterator[str]:
    if stored.cell_type != built.cell_type:
        yield f"stored as {stored.cell_type}, built as {built.cell_type}"
    elif stored.source != built.source:
        yield f"source {text_difference(stored.source, built.source)}"
    if stored.metadata != built.metadata:
        yield f"metadata: stored {json.dumps(stored.metadata)}, built {json.dumps(built.metadata)}"
    if not outputs or "code" not in (stored.cell_type, built.cell_type):
        return
    if stored.get("execution_count") != built.get("execution_count"):
        yield f"execution count: stored {stored.get('execution_count')}, built {built.get('execution_count')}"
    for number, pair in enumerate(zip_longest(stored.get("outputs", []), built.get("outputs", [])), 1):
        if None in pair:
            yield f"output {number}: only {'built' if pair[0] is None else 'stored'}"
        else:
            yield from (f"output {number}: {what}" for what in output_differences(*pair))


def output_differences(stored: NotebookNode, built: NotebookNode) -> Iterator[str]:
    flat = [{**output, **output.get("data", {})} for output in (stored, built)]
    for field in sorted((flat[0].keys() | flat[1].keys()) - {"data"}):
        one, other = (fields.get(field) for fields in flat)
        if one == other:
            continue
        if one is None or other is None:
            yield f"{field} is only {'built' if one is None else 'stored'}"
        elif field == "image/png":
            yield from picture_difference(one, other)
        elif isinstance(one, str) and isinstance(other, str):
            yield f"{field} {text_difference(one, other)}"
        else:
            yield f"{field}: stored {one}, built {other}"


def picture_difference(stored: str, built: str) -> Iterator[str]:
    """Compare two PNGs, base64 as notebooks hold them."""
    pictures = [Image.open(io.BytesIO(base64.b64decode(png))) for png in (stored, built)]
    if pictures[0].size != pictures[1].size:
        yield f"picture of {pictures[0].size} pixels stored, {pictures[1].size} built"
        return
    pixels = [np.asarray(picture.convert("RGBA"), dtype=float) for picture in pictures]
    distance = np.abs(pixels[0] - pixels[1]).mean()
    if distance > TOLERANCE:
        yield f"pictures differ by {distance:.2f} of 255 in the mean, {TOLERANCE} is allowed"


def text_difference(stored: str, built: str) -> str:
    """The first line that differs, on both sides."""
    lines = [line for line in difflib.ndiff(stored.splitlines(), built.splitlines()) if line[0] in "-+"]
    old = next((line[2:] for line in lines if line[0] == "-"), "(no such line)")
    new = next((line[2:] for line in lines if line[0] == "+"), "(no such line)")
    return f"differs: stored {old.strip()!r}, built {new.strip()!r}"


def name(cell: NotebookNode) -> str:
    return f"cell {cell.id} “{cell.source.strip().partition(chr(10))[0][:50]}”"
