"""The hub of classroom/jupyterhub_config.py: three accounts of this host log in, solve, hand in, and stay apart."""

import contextlib
import csv
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import yaml

pytest.importorskip("jupyterhub")
pytest.importorskip("nbgrader")

from tests.hub import (
    CONFIG,
    GROUPS,
    PATH,
    PROGRAMS,
    STUDENTS,
    Account,
    Kernel,
    accounts,
    obstacle,
    open_folder,
    opened,
    running,
)
from tools.build import ROOT

SECTION = "01_dynamics"
NOTEBOOK = f"{SECTION}/{SECTION}.ipynb"
HOMEWORK = {"course_id": "lrcourse", "assignment_id": SECTION}
SITE = 'c.CourseDirectory.course_id = "lrcourse"\nc.Exchange.root = {!r}\n'
SECRET = "what Ada found"


class Room:
    """A class at work: its teacher has released a section; its students' servers are up, each with a kernel."""

    def __init__(self, folder, stack):
        self.exchange, self.settings, self.state = (folder / name for name in ("exchange", "settings", "state"))
        self.exchange.mkdir()
        self.exchange.chmod(0o1777)
        self.settings.mkdir()
        (self.settings / "nbgrader_config.py").write_text(SITE.format(str(self.exchange)))
        groups = dict.fromkeys(("ada", "bo", "chen"), (STUDENTS,)) | {"tea": GROUPS, "eve": ()}
        *self.students, self.teacher, self.stranger = stack.enter_context(accounts(folder, groups))
        self.course = self.teacher.home / "lr-class"
        self.url = stack.enter_context(running(folder, self.settings))
        with ThreadPoolExecutor(4) as together:
            released = together.submit(self.release)
            self.logins = list(together.map(partial(Account.log_in, url=self.url), self.students))
            list(together.map(Account.wait, self.students))
            released.result()
            self.kernels = list(together.map(partial(Kernel, path="homework.ipynb"), self.students))

    def release(self):
        release = self.course / "release" / NOTEBOOK
        self.teacher.run("mkdir", "-p", str(release.parent))
        self.teacher.run("cp", str(CONFIG.with_name("nbgrader_config.py")), str(self.course))
        self.teacher.run("cp", str(ROOT / "exercises" / release.name), str(release))
        self.nbgrader("release_assignment", SECTION)

    def nbgrader(self, *arguments):
        settings = f"JUPYTER_CONFIG_PATH={self.settings}"
        return self.teacher.run("env", settings, "nbgrader", *arguments, cwd=self.course)

    def homework(self, action, student):
        """What the Assignment List of JupyterLab does: "fetch" or "submit"."""
        answer = student.ask("POST", f"{student.server}assignments/{action}", json=HOMEWORK).json()
        assert answer["success"], answer


@pytest.fixture(scope="module")
def room():
    with contextlib.ExitStack() as stack:
        stack.enter_context(opened())
        if why := obstacle():
            pytest.skip(why)
        yield Room(stack.enter_context(open_folder()), stack)


@pytest.fixture(scope="module")
def solved(room):
    """Everyone fetches, solves and hands in; Bo's first answer is wrong. What each cell printed, by student."""
    notebook = json.loads((ROOT / "solutions" / f"{SECTION}.ipynb").read_bytes())
    solutions = {cell["id"]: cell["source"] for cell in notebook["cells"]}

    def solve(student, kernel):
        room.homework("fetch", student)
        address = f"{student.server}api/contents/{NOTEBOOK}"
        sheet = student.ask("GET", address).json()["content"]
        answers = [cell for cell in sheet["cells"] if "answer" in cell["metadata"].get("tags", ())]
        for cell in answers:
            cell["source"] = solutions[cell["id"]]
        if student is room.students[1]:
            answers[0]["source"] = "def largest_stable_lr(curvatures):\n    return 0.1"
        student.ask("PUT", address, json={"type": "notebook", "content": sheet}).raise_for_status()
        printed = [kernel.run("".join(cell["source"])) for cell in sheet["cells"] if cell["cell_type"] == "code"]
        room.homework("submit", student)
        return "\n".join(printed)

    with ThreadPoolExecutor(3) as together:
        return list(together.map(solve, room.students, room.kernels))


def test_a_login_opens_the_start_page_in_ones_own_copy(room):
    for student, login in zip(room.students, room.logins, strict=True):
        assert login.url == f"{room.url}/hub/spawn-pending/{student.name}"
        page = student.home / "my-lrcourse" / "notebooks" / "00_start.ipynb"
        assert page.owner() == student.name
        assert page.read_bytes() == (ROOT / "notebooks" / page.name).read_bytes()
        opened = student.ask("GET", student.server, allow_redirects=False).headers["Location"]
        assert opened.rstrip("?") == f"/user/{student.name}/lab/tree/my-lrcourse/notebooks/00_start.ipynb"
    assert room.kernels[0].run("import os; print(os.getcwd())") == f"{room.students[0].home}\n"


def test_a_wrong_password_and_an_account_outside_the_class_stay_out(room):
    for account in (Account(room.students[0].name, "wrong"), room.stranger):
        assert account.log_in(room.url).status_code == 403


def test_exercises_run_and_are_checked(solved):
    assert [text.count("✓") for text in solved] == [5, 4, 5]
    assert "✗ 01.1" in solved[1]


def test_what_is_handed_in_is_collected_and_graded(room, solved):
    room.nbgrader("collect", SECTION)
    room.teacher.run("lrcourse", "grade", "submitted", "--out", "results", cwd=room.course)
    with open(room.course / "results" / "grades.csv", newline="", encoding="utf-8-sig") as file:
        grades = {row["student"]: (row["points"], row["out_of"], row["01.1"]) for row in csv.DictReader(file)}
    expected = [("12", "12", "1"), ("11", "12", "0"), ("12", "12", "1")]
    assert grades == dict(zip((student.name for student in room.students), expected, strict=True))


def test_students_do_not_see_each_others_files(room, solved):
    (inbound,) = room.exchange.rglob("inbound")
    assert len(list(inbound.iterdir())) == 3
    for place in (room.students[0].home, room.teacher.home, inbound, room.state):
        heard = room.kernels[1].run(f"import os; os.listdir({str(place)!r})")
        assert heard.startswith("PermissionError"), place
    taken = f"import os; os.rename({str(inbound.parent)!r}, {str(inbound.parent) + '-mine'!r})"
    assert room.kernels[1].run(taken).startswith("PermissionError")


def test_students_do_not_reach_each_others_servers(room):
    ada, bo, _ = room.students
    for path in ("api/contents", "api/kernels", "lab", "files/my-lrcourse/notebooks/00_start.ipynb"):
        assert ada.ask("GET", ada.server + path).ok
        assert bo.ask("GET", ada.server + path).status_code == 403, path
    assert bo.ask("GET", f"{room.url}/hub/api/users/{ada.name}").status_code == 404
    assert bo.ask("DELETE", f"{room.url}/hub/api/users/{ada.name}/server").status_code == 404


EAVESDROP = """
import os, time, zmq
mine = os.getuid()
lines = [line.split() for line in open("/proc/net/tcp").readlines()[1:]]
ports = [int(line[1].split(":")[1], 16) for line in lines if line[3] == "0A" and int(line[7]) == {uid}]
heard, line = [], zmq.Context().socket(zmq.SUB)
line.subscribe(b"")
for port in ports:
    line.connect(f"tcp://127.0.0.1:{{port}}")
end = time.monotonic() + 2
while time.monotonic() < end:
    if line.poll(100):
        heard += line.recv_multipart()
print(len(ports), any({secret!r}.encode() in part for part in heard))
"""


def test_students_do_not_hear_what_others_kernels_print(room):
    ada, _, _ = room.students
    listens = EAVESDROP.format(uid=ada.home.stat().st_uid, secret=SECRET)
    with ThreadPoolExecutor(1) as meanwhile:
        heard = meanwhile.submit(room.kernels[1].run, listens)
        while not heard.done():
            assert room.kernels[0].run(f"print({SECRET!r}); import time; time.sleep(0.1)") == SECRET + "\n"
    ports, secret = heard.result().split()
    assert int(ports) >= 6  # the server, and the five lines of a kernel
    assert secret == "False"


def test_the_course_is_read_only(room):
    for place in (ROOT, ROOT / "lrcourse", ROOT / "notebooks", PROGRAMS):
        heard = room.kernels[0].run(f"open({str(place / 'mine')!r}, 'w')")
        assert heard.startswith("PermissionError"), place


BOMB = """
import subprocess
many = []
try:
    while len(many) < 600:
        many.append(subprocess.Popen(["sleep", "60"]))
finally:
    for one in many:
        one.kill()
        one.wait()
"""


def test_who_takes_too_much_is_stopped_and_the_others_go_on(room):
    _, bo, chen = room.kernels
    assert chen.run("held = bytearray(3 * 10**9)").startswith("MemoryError")
    assert chen.run(BOMB).startswith("BlockingIOError")
    assert bo.run("sum(range(10))") == "45"
    assert chen.run("1 + 1") == "2"


def test_on_kubernetes_a_copy_is_made_where_the_start_page_is_looked_for(tmp_path):
    values = yaml.safe_load(CONFIG.with_name("values.yaml").read_text(encoding="utf-8"))["singleuser"]
    command = values["lifecycleHooks"]["postStart"]["exec"]["command"]
    environment = os.environ | values["extraEnv"] | {"HOME": str(tmp_path), "PATH": PATH}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert (tmp_path / values["defaultUrl"].removeprefix("/lab/tree/")).is_file()
