"""A hub on this host for as long as a test or a measurement takes: accounts, logins, servers, kernels."""

from __future__ import annotations

import contextlib
import ctypes
import grp
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psutil
import requests
import websocket

from tools.build import ROOT

CONFIG = ROOT / "classroom" / "jupyterhub_config.py"
GROUPS = STUDENTS, TEACHERS = "lrcourse", "lrcourse-teachers"
PROGRAMS = Path(sys.prefix) / "bin"
PATH = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
NEW_MOUNTS = 0x20000  # CLONE_NEWNS
SECONDS = 120  # for anything that a loaded machine of two cores has to do


def obstacle() -> str | None:
    """Why no hub can be tried here, if so: it makes accounts, and these must be able to read the course."""
    if os.environ.get("CI") != "true":
        return "it makes accounts of this host: only under CI=true"
    if os.geteuid() or not shutil.which("useradd"):
        return "it makes accounts of this host: that takes root, and useradd"
    for program in ("prlimit", "jupyterhub", "configurable-http-proxy"):
        if not shutil.which(program, path=PATH):
            return f"{program} is not installed"
    read = [sys.executable, "-c", f"open({str(CONFIG)!r})"]
    with contextlib.suppress(PermissionError):
        if subprocess.run(read, user="nobody", cwd="/", capture_output=True).returncode == 0:
            return None
    return f"other accounts cannot read {ROOT} or cannot run {sys.executable}"


def closed(place: Path) -> Path | None:
    """The outermost folder that leads to *place* and that other accounts cannot enter."""
    return next((folder for folder in reversed(place.parents) if not folder.stat().st_mode & 0o001), None)


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """This thread, and what it starts, sees the folders that lead to the course and to Python as open ones.

    They often lie in root's own home, or in a temporary folder. This is a view only (a mount namespace), in which
    they hold these two and nothing else: on the host they stay closed.
    """
    places = {Path(path) for path in (ROOT, sys.prefix, sys.base_prefix)}
    folders = {folder for folder in map(closed, places) if folder}
    if os.environ.get("CI") != "true" or os.geteuid() or not folders:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)  # os.unshare is there from Python 3.12 on
    with open("/proc/thread-self/ns/mnt") as outside, tempfile.TemporaryDirectory(prefix="view-", dir="/srv") as kept:
        if libc.unshare(NEW_MOUNTS):
            yield  # obstacle() will say what is missing
            return
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            for number, folder in enumerate(folders):
                keep = Path(kept, str(number))
                keep.mkdir()
                subprocess.run(["mount", "--bind", folder, keep], check=True)
                subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", folder], check=True)
                for place in places:
                    if place.is_relative_to(folder) and not any(p in places for p in place.parents):
                        place.mkdir(parents=True)
                        subprocess.run(["mount", "--bind", keep / place.relative_to(folder), place], check=True)
            os.chdir(ROOT)
            yield
        finally:
            if libc.setns(outside.fileno(), NEW_MOUNTS):
                raise OSError(ctypes.get_errno(), "cannot leave the view")
            os.chdir(ROOT)


@dataclass
class Account:
    """An account of the host, and its login on the hub."""

    name: str
    password: str
    url: str = ""
    token: str = field(default="", repr=False)

    @cached_property
    def home(self) -> Path:
        return Path(pwd.getpwnam(self.name).pw_dir)

    @property
    def server(self) -> str:
        """The address of this account's JupyterLab."""
        return f"{self.url}/user/{self.name}/"

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """Run a command on the host, as in this account's shell; returns what it printed.

        Raises:
            RuntimeError: it failed; with what it printed.
        """
        user = pwd.getpwnam(self.name)
        made = subprocess.run(
            command, user=user.pw_uid, group=user.pw_gid, extra_groups=os.getgrouplist(self.name, user.pw_gid),
            cwd=cwd or self.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o077,
            env={"HOME": user.pw_dir, "USER": self.name, "PATH": PATH, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"{' '.join(command)}: {made.stdout[-3000:]}")
        return made.stdout

    def log_in(self, url: str) -> requests.Response:
        """Fill in the hub's form, as a browser does; what it answers. The server starts, and need not be up yet."""
        self.url = url
        browser = requests.Session()
        browser.get(f"{url}/hub/login", timeout=SECONDS)
        form = {"username": self.name, "password": self.password, "_xsrf": browser.cookies["_xsrf"]}
        answer = browser.post(f"{url}/hub/login", data=form, timeout=SECONDS)
        if answer.ok:
            (xsrf,) = (cookie.value for cookie in browser.cookies if (cookie.name, cookie.path) == ("_xsrf", "/hub/"))
            ours = {"headers": {"X-XSRFToken": xsrf}, "timeout": SECONDS}
            self.token = browser.post(f"{url}/hub/api/users/{self.name}/tokens", json={}, **ours).json()["token"]
        return answer

    def wait(self) -> None:
        """Wait until the server is up.

        Raises:
            RuntimeError: it is not, in time.
        """
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.ask("GET", f"{self.url}/hub/api/users/{self.name}").json()["server"]:
                return
            time.sleep(0.5)
        raise RuntimeError(f"the server of {self.name} did not start")

    def ask(self, method: str, url: str, **arguments: object) -> requests.Response:
        """Ask the hub, or anyone's server, with this account's token."""
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, url, headers=headers, timeout=SECONDS, **arguments)

    def processes(self) -> list[psutil.Process]:
        uid = pwd.getpwnam(self.name).pw_uid
        return [process for process in psutil.process_iter(["uids"]) if process.info["uids"].real == uid]


def pss(processes: list[psutil.Process]) -> int:
    """Bytes of memory that these processes hold, pages shared by several divided among them."""
    found = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += process.memory_full_info().pss
    return found


class Kernel:
    """A kernel on an account's server, for the notebook at *path*, and the line to it through the proxy.

    Attributes:
        errors: the last line of each that a cell raised.
    """

    def __init__(self, account: Account, path: str) -> None:
        kernel = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = account.ask("POST", f"{account.server}api/sessions", json=kernel)
        session.raise_for_status()
        self.errors: list[str] = []
        address = f"{account.server}api/kernels/{session.json()['kernel']['id']}/channels"
        self.socket = websocket.create_connection(
            address.replace("http", "ws", 1), header={"Authorization": f"token {account.token}"}, timeout=SECONDS
        )

    def run(self, code: str) -> str:
        """Run a cell; returns what it printed, the last value and the last line of an error included."""
        asked = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        asked |= {"username": "", "session": ""}
        message = {"channel": "shell", "header": asked, "parent_header": {}, "metadata": {}, "content": {"code": code}}
        self.socket.send(json.dumps(message))
        printed = []
        while True:
            heard = self.hear()
            if heard["parent_header"].get("msg_id") != asked["msg_id"]:
                continue
            match heard["msg_type"], heard["content"]:
                case "stream", {"text": text}:
                    printed.append(text)
                case "execute_result", {"data": data}:
                    printed.append(data.get("text/plain", ""))
                case "error", {"ename": name, "evalue": value}:
                    self.errors.append(f"{name}: {value}")
                    printed.append(self.errors[-1])
                case "status", {"execution_state": "idle"}:
                    return "".join(printed)

    def hear(self) -> dict:
        """The next message; what else a widget sends, its picture, is left out."""
        data = self.socket.recv()
        if isinstance(data, bytes):  # the number of parts, where each begins, the parts: the message is the first
            _, begin, end = struct.unpack_from("!3I", data)
            data = data[begin:end]
        return json.loads(data)


def code_cells(notebook: dict) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@contextlib.contextmanager
def accounts(homes: Path, groups: dict[str, tuple[str, ...]]) -> Iterator[list[Account]]:
    """Accounts of the host, made as the guide says: by name the groups of each. All is gone afterwards."""
    known = {group.gr_name for group in grp.getgrall()}
    made = [Account(f"{name}-{secrets.token_hex(3)}", secrets.token_hex(8)) for name in groups]
    try:
        for group in GROUPS:
            subprocess.run(["groupadd", "--force", group], check=True)
        for account, belongs_to in zip(made, groups.values(), strict=True):
            command = ["useradd", "-m", "-b", homes, "-K", "HOME_MODE=0700", "-s", "/bin/bash", account.name]
            subprocess.run([*command, "-G", ",".join(belongs_to)], check=True)
        lines = "".join(f"{account.name}:{account.password}\n" for account in made)
        subprocess.run(["chpasswd"], input=lines, text=True, check=True)
        yield made
    finally:
        for account in made:
            with contextlib.suppress(KeyError):
                for process in account.processes():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                subprocess.run(["userdel", "--remove", "--force", account.name], stderr=subprocess.DEVNULL)
        for group in set(GROUPS) - known:
            subprocess.run(["groupdel", group])


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that every account can enter, as it can /home; not in /tmp, of which a server may have its own."""
    with tempfile.TemporaryDirectory(prefix="hub-", dir="/srv") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running(folder: Path, settings: Path | None = None) -> Iterator[str]:
    """The hub with our configuration on free ports of this machine, its state in a new folder; yields its address.

    Raises:
        RuntimeError: it did not answer in time; with what it printed.
    """
    state = folder / "state"
    state.mkdir(mode=0o700)
    outside, inside, proxy = free_ports(3)
    url = f"http://127.0.0.1:{outside}"
    command = [
        str(PROGRAMS / "jupyterhub"), f"--config={CONFIG}", f"--JupyterHub.bind_url={url}",
        f"--JupyterHub.hub_port={inside}", f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}",
    ]  # fmt: skip
    environment = os.environ | ({"JUPYTER_CONFIG_PATH": str(settings)} if settings else {})
    environment.pop("MPLBACKEND", None)
    with open(state / "log", "w+", encoding="utf-8") as log:
        hub = subprocess.Popen(command, cwd=state, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + SECONDS
            while hub.poll() is None and time.monotonic() < end:
                with contextlib.suppress(requests.ConnectionError):
                    if requests.get(f"{url}/hub/login", timeout=5).ok:
                        break
                time.sleep(0.1)
            else:
                raise RuntimeError("the hub did not start:\n" + (state / "log").read_text(encoding="utf-8"))
            yield url
        finally:
            hub.send_signal(signal.SIGTERM)  # it ends the servers and the proxy, then itself
            try:
                hub.wait(SECONDS)
            except subprocess.TimeoutExpired:
                hub.kill()
