"""Authoring: the text in course/ becomes notebooks/, exercises/ and solutions/, each in English and Chinese.

``source`` reads a course file, ``lint`` says what is wrong with it, ``build`` makes and executes the notebooks,
``compare`` tells stored from rebuilt ones, ``confirm`` marks a Chinese text as read against its English.
The format of a course file is described in tools/README.md.
"""

LANGUAGES = ("en", "zh")

# What every kernel gets that executes or tests a notebook, so that two runs print the same.
KERNEL_ENVIRONMENT = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
