"""nbgrader's configuration for a class: it lies in the course directory, where `classroom/make.py` puts it."""

from pathlib import Path

c = get_config()  # noqa: F821

c.CourseDirectory.root = str(Path(__file__).parent)  # formgrader and the commands find it from anywhere
c.CourseDirectory.course_id = "lrcourse"

# What is released is, to the letter, what the course itself hands out in exercises/.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}

# A check cell that a student deleted comes back, as one that was edited does.
c.OverwriteCells.add_missing_cells = True

# A cell that never ends is interrupted, has no points, and the next one runs.
c.Execute.timeout = 60
c.Execute.interrupt_on_timeout = True
c.Execute.error_on_timeout = {"ename": "TimeoutError", "evalue": "more than 60 s: an endless loop?", "traceback": []}
