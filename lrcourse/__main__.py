"""``python -m lrcourse`` is the command ``lrcourse``."""

import sys

from .cli import main

sys.exit(main())
