"""Grades a class's exercises without trusting anyone's code: the command ``lrcourse grade``.

Of a submission only its answer cells count. They run in a sandbox (:mod:`.sandbox`, :mod:`.inside`), where a probe
turns what they do into plain numbers; the judge reads those outside, where no student's code has ever run.
"""
