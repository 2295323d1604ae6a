"""``lrcourse watch script.py``: the script is what ``python script.py`` makes of it, and a report follows."""

import subprocess
import sys

import pytest

from lrcourse.cli import _split_at_script, main

SCRIPT = '''
import os, pathlib, pickle, sys
print(__name__, sys.argv, sys.path[0], os.getcwd(), __file__, __doc__, "annotations" in globals())
import beside
class Here: pass
print(type(pickle.loads(pickle.dumps(Here()))) is Here, sys.modules["__main__"].Here is Here, beside.name)
if "torch" in sys.argv:
    import torch
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    for _ in range(30):
        optimizer.zero_grad(); model(torch.ones(1, 2)).sum().backward(); optimizer.step(); scheduler.step()
def deep():
    raise KeyError("deep")
if "raise" in sys.argv: deep()
if "exit" in sys.argv: sys.exit(7)
if "say" in sys.argv: sys.exit("last words")
'''


@pytest.fixture
def script(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "beside.py").write_text("name = 'beside'\n")
    path = tmp_path / "folder" / "train.py"
    path.write_text(SCRIPT)
    return path


def both(script, *arguments):
    """python script.py, and lrcourse watch script.py, from the folder above: exit status, stdout, stderr of each."""
    name = str(script.relative_to(script.parents[1]))
    for command in ([], ["-m", "lrcourse", "watch"]):
        done = subprocess.run(
            [sys.executable, *command, name, *arguments], cwd=script.parents[1], capture_output=True, text=True
        )
        yield done.returncode, done.stdout, done.stderr


def test_a_script_runs_as_it_always_did_and_is_told_about(script):
    (code, out, err), (watched_code, watched_out, told) = both(script, "torch", "raise", "--lang", "zh", "--", "watch")
    assert (code, watched_code) == (1, 1)
    assert watched_out == out
    trace, _, report = told.partition("── lrcourse watch\n")
    assert trace == err and "KeyError: 'deep'" in err and "lrcourse" not in trace
    assert "30 updates watched; CosineAnnealingLR stepped 30 times" in report


def test_the_status_of_a_script_is_that_of_the_command(script):
    (code, out, err), (watched_code, watched_out, told) = both(script, "say")
    assert (code, watched_code) == (1, 1)
    assert watched_out == out
    assert told == "── lrcourse watch\nno optimizer was stepped\n" + err


@pytest.fixture
def here(script, monkeypatch):
    """Runs the command in this process, and puts it right again."""
    monkeypatch.chdir(script.parents[1])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return lambda *arguments: main(["watch", *arguments])


def test_planned_updates_and_an_early_exit(here, capsys):
    with pytest.raises(SystemExit) as exit:
        here("--planned-updates", "100", "folder/train.py", "torch", "exit")
    assert exit.value.code == 7
    told = capsys.readouterr().err
    assert "cosine-rebound" in told and "horizon-mismatch" in told
    assert here("folder/train.py", "--planned-updates") == 0
    assert "'--planned-updates'" in capsys.readouterr().out


def test_a_script_that_is_none(here, tmp_path, capsys):
    (tmp_path / "bad.py").write_text("def f(:\n")
    assert here("bad.py") == 1
    assert "SyntaxError" in capsys.readouterr().err
    for name, said in {"nowhere.py": "nowhere.py: No such file", "folder": "folder is a folder"}.items():
        assert here(name) == 2
        assert said in capsys.readouterr().err
    assert here("--planned-updates", "0", "folder/train.py") == 2
    assert here() == 2


def test_what_follows_the_script_is_its_own():
    split = _split_at_script
    assert split(["watch", "a.py", "--lang", "zh"]) == (["watch", "a.py"], ["--lang", "zh"])
    assert split(["--lang", "zh", "watch", "--planned-updates", "9", "a.py", "-h"])[1] == ["-h"]
    assert split(["watch", "--planned-updates=9", "a.py", "b"])[1] == ["b"]
    assert split(["check", "watch"]) == (["check", "watch"], [])
    assert split(["watch", "-h"]) == (["watch", "-h"], [])
