"""JupyterHub for a class on one host: each student's own account, the course read-only, a copy for everyone.

    cd /srv/jupyterhub && /opt/lrcourse/.venv/bin/jupyterhub -f /opt/lrcourse/classroom/jupyterhub_config.py

It runs as root, in the environment that the course is installed in, and keeps its state in the folder where it is
started. LRCOURSE_LANG=zh opens the Chinese course. Any setting can be given behind the command instead, as in
`--JupyterHub.bind_url=http://127.0.0.1:9000`. How accounts are made: docs/teaching.md.
"""

import asyncio
import os
import pwd
import sys
from pathlib import Path

import lrcourse.cli
from lrcourse.cli.copies import DEFAULT, in_language
from lrcourse.words import language

c = get_config()  # noqa: F821

STUDENTS, TEACHERS = "lrcourse", "lrcourse-teachers"  # groups of the host; teachers belong to both
GB = 10**9
PROCESS = {"data": 2 * GB, "fsize": GB, "nproc": 500}  # a process's memory and files; processes and threads of a user
USER = {"mem_limit": "4G", "cpu_limit": 2.0}  # all processes of a user together; it takes systemd to hold them to it
PROGRAMS = Path(sys.prefix) / "bin"
SYSTEMD = Path("/run/systemd/system").is_dir()

# Passwords and notebooks go over the network as they are: only this host may ask, and what gives it TLS.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {STUDENTS}
c.PAMAuthenticator.admin_groups = {TEACHERS}  # may stop a student's server; why not open it: docs/teaching.md

limited = ["prlimit", *(f"--{name}={number}" for name, number in PROCESS.items())]
c.JupyterHub.spawner_class = "systemd" if SYSTEMD else "localprocess"
c.SystemdSpawner.isolate_tmp = True
c.Spawner.mem_limit, c.Spawner.cpu_limit = USER.values()
c.Spawner.cmd = [*limited, str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.args = ["--KernelManager.transport_encryption=required"]  # else other accounts can hear what kernels print
c.Spawner.start_timeout = c.Spawner.http_timeout = 300  # seconds: a whole class logs in at once
c.Spawner.notebook_dir = "~"
c.Spawner.default_url = f"/lab/tree/{DEFAULT}/{in_language('notebooks', '00_start', language())}"
os.environ["PATH"] = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])  # the hub's proxy, and everyone's terminal
settings = [str(Path(lrcourse.cli.__file__).parent / "jupyter"), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
c.Spawner.environment = {
    "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
    "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel before one that the user's home may hold
    "LRCOURSE_LANG": language(),
    "OMP_NUM_THREADS": "1",  # a class shares the cores by its number already
}


async def personal_copy(spawner):
    """Make the user's copy of the course, or bring it up to date, as the user; what fails is told and stops no one."""
    try:
        user = pwd.getpwnam(spawner.user.name)
        start = await asyncio.create_subprocess_exec(
            *limited, "timeout", "60", PROGRAMS / "lrcourse", "start", DEFAULT, "--lang", language(),
            cwd=user.pw_dir, user=user.pw_uid, group=user.pw_gid, extra_groups=[], umask=0o077,
            env={"HOME": user.pw_dir, "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    except (OSError, KeyError) as error:  # no home, or no account any more
        spawner.log.warning("%s: no copy of the course: %s", spawner.user.name, error)
        return
    told, _ = await start.communicate()
    log = spawner.log.warning if start.returncode else spawner.log.info
    log("%s: %s", user.pw_name, told.decode(errors="replace").strip() or f"exit status {start.returncode}")


c.Spawner.pre_spawn_hook = personal_copy

# An hour after its page last asked for anything, a server ends; files stay.
c.JupyterHub.services = [
    {"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]},
]
c.JupyterHub.load_roles = [
    {"name": "culler", "services": ["culler"],
     "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"]},
]  # fmt: skip
