"""Makes lrcourse/training/mnist1d.npz: MNIST-1D as its authors' package computes it, which takes seconds.

    python -m tools.mnist1d
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mnist1d.data import get_dataset_args, make_dataset

import lrcourse

TARGET = Path(lrcourse.__file__).parent / "training" / "mnist1d.npz"
KINDS = {"x": np.float32, "y": np.int8, "x_test": np.float32, "y_test": np.int8}


def computed() -> dict[str, np.ndarray]:
    """The data by their names in the file. (mnist1d.data.get_dataset would download them.)"""
    data = make_dataset(get_dataset_args())
    return {name: data[name].astype(kind) for name, kind in KINDS.items()}


if __name__ == "__main__":
    np.savez_compressed(TARGET, **computed())
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e3:.0f} kB")
