"""Exact resume: whenever a run is killed, the one that goes on is the one that was not; other files are refused."""

import os
import random
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, swa_utils
from torch.optim import lr_scheduler as L

from lrcourse import CurveLR, WarmupScheduler, curves, practice
from lrcourse._files import replacing
from lrcourse.practice import Batches, load, save
from lrcourse.training import mnist1d
from tools.build import ROOT
from tools.source import read

UPDATES = 40
DATA = torch.arange(70, dtype=torch.float32).reshape(35, 2) / 70, torch.arange(35) % 3


class Run:
    """Dropout, batch statistics, three sources of random numbers, and a place in the data."""

    def __init__(self, make=lambda o: L.CosineAnnealingLR(o, UPDATES), kind=AdamW, seed=0, width=8):
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)  # noqa: NPY002
        self.model = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 3))
        self.optimizer = kind(self.model.parameters(), lr=0.05, **({"momentum": 0.9} if kind is SGD else {}))
        self.scheduler = make(self.optimizer) if make else None
        self.loader = Batches(DATA, batch_size=4, seed=3)
        self.wants_metric = hasattr(self.scheduler, "num_bad_epochs")

    def go(self, updates):
        def forever():
            while True:
                yield from self.loader

        lrs = []
        for x, y in islice(forever(), updates):
            x = x + 0.01 * torch.randn(x.shape) + np.random.rand() + random.random()  # noqa: NPY002
            loss = nn.functional.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            lrs.append(self.optimizer.param_groups[0]["lr"])
            self.optimizer.step()
            if self.scheduler is not None:
                self.scheduler.step(loss.item()) if self.wants_metric else self.scheduler.step()
        return lrs

    def things(self):
        return (self.model, self.optimizer, self.scheduler), {"loader": self.loader}

    def fingerprint(self):
        state = self.optimizer.state_dict()["state"]
        moments = [value for entry in state.values() for value in entry.values() if isinstance(value, torch.Tensor)]
        return [*self.model.state_dict().values(), *moments, torch.rand(1), torch.tensor(np.random.rand()),  # noqa: NPY002
                torch.tensor(random.random())]  # fmt: skip


def same(one, other):
    """Two fingerprints, each taken when its run stood still: taking one draws from the random numbers."""
    return len(one) == len(other) and all(map(torch.equal, one, other))


MAKERS = {
    "none": None,
    "StepLR": lambda o: L.StepLR(o, 7),
    "MultiStepLR": lambda o: L.MultiStepLR(o, [5, 17, 30]),
    "LinearLR": lambda o: L.LinearLR(o, 0.1, total_iters=30),
    "CosineAnnealingLR": lambda o: L.CosineAnnealingLR(o, UPDATES),
    "CosineAnnealingWarmRestarts": lambda o: L.CosineAnnealingWarmRestarts(o, 5, 2),
    "CyclicLR": lambda o: L.CyclicLR(o, 0.001, 0.1, 6, mode="exp_range", gamma=0.99),
    "OneCycleLR": lambda o: L.OneCycleLR(o, 0.1, total_steps=UPDATES),
    "LambdaLR": lambda o: L.LambdaLR(o, lambda t: 0.97**t),
    "MultiplicativeLR": lambda o: L.MultiplicativeLR(o, lambda t: 0.97),
    "ReduceLROnPlateau": lambda o: L.ReduceLROnPlateau(o, patience=1),
    "SWALR": lambda o: swa_utils.SWALR(o, 0.01, anneal_epochs=20),
    "SequentialLR": lambda o: L.SequentialLR(o, [L.LinearLR(o, 0.1), L.CosineAnnealingLR(o, 30)], [5]),
    "ChainedScheduler": lambda o: L.ChainedScheduler([L.ConstantLR(o, 0.1), L.ExponentialLR(o, 0.9)]),
    "WarmupScheduler": lambda o: WarmupScheduler(o, 5, L.StepLR(o, 7)),
    "CurveLR": lambda o: CurveLR(o, curves.one_cycle_lr(0.1, 0.1, total_steps=UPDATES)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
@pytest.mark.parametrize("kind", [SGD, AdamW])
def test_a_resumed_run_is_the_run(make, kind, tmp_path):
    whole = Run(make, kind)
    lrs = whole.go(20)
    mark = whole.fingerprint()
    cut = Run(make, kind)
    k = 11  # in the second epoch of nine batches
    cut.go(k)
    args, options = cut.things()
    save(tmp_path / "run.pt", *args, **options, extra={"t": k, "best": np.float64(0.5)})
    again = Run(make, kind, seed=7)  # other weights and random numbers, to be replaced
    args, options = again.things()
    assert load(tmp_path / "run.pt", *args, **options) == {"t": k, "best": 0.5}
    assert again.go(20 - k) == lrs[k:]
    assert same(mark, again.fingerprint())
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.parametrize("left_out", ["nothing", "model", "optimizer", "scheduler", "loader", "random"])
def test_whatever_is_left_out_makes_another_run(left_out, tmp_path):
    """So each part is there for a reason, and this test could tell."""
    whole = Run()
    whole.go(20)
    mark = whole.fingerprint()
    cut = Run()
    cut.go(11)
    save(tmp_path / "run.pt", cut.model, cut.optimizer, cut.scheduler, loader=cut.loader)
    again, fresh = Run(seed=7), Run(seed=7)
    parts = {name: vars(again)[name] for name in ("model", "optimizer", "scheduler", "loader")}
    if left_out in parts:
        parts[left_out] = vars(fresh)[left_out]
    load(tmp_path / "run.pt", *[parts[name] for name in ("model", "optimizer", "scheduler")], loader=parts["loader"])
    if left_out == "random":
        torch.manual_seed(7)
    again.go(9)
    assert same(mark, again.fingerprint()) == (left_out == "nothing")


def test_the_end_of_an_epoch_a_generator_a_scaler_and_others(tmp_path):
    run = Run()
    run.go(9)
    assert (run.loader.epoch, run.loader.position) == (1, 0)
    generator, scaler, average = torch.Generator().manual_seed(4), torch.amp.GradScaler("cpu"), nn.Linear(2, 2)
    torch.rand(3, generator=generator)
    options = dict(loader=generator, scaler=scaler, others={"average": average})
    save(tmp_path / "run.pt", run.model, run.optimizer, **options)
    expected, weight = torch.rand(3, generator=generator), average.weight.detach().clone()
    nn.init.zeros_(average.weight)
    assert load(tmp_path / "run.pt", run.model, run.optimizer, **options) == {}
    assert torch.equal(torch.rand(3, generator=generator), expected)
    assert torch.equal(average.weight, weight)


def test_which_parts_train_is_kept(tmp_path):
    run = Run()
    run.model[1].eval()
    save(tmp_path / "run.pt", run.model, run.optimizer)
    other = Run()
    load(tmp_path / "run.pt", other.model, other.optimizer)
    assert [module.training for module in other.model.modules()] == [module.training for module in run.model.modules()]
    assert not other.model[1].training


def test_batches():
    loader = Batches(DATA, batch_size=4, seed=1)
    assert len(loader) == 9
    first, second = [torch.cat([y for _, y in loader]) for _ in range(2)]
    assert torch.equal(first.sort().values, DATA[1].sort().values)
    assert not torch.equal(first, second)
    again = Batches(DATA, batch_size=4, seed=1)
    before = torch.get_rng_state()
    beginning = torch.cat([y for _, y in islice(again, 5)])
    rest = torch.cat([y for _, y in again])
    assert torch.equal(torch.cat([beginning, rest]), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(Batches(DATA, batch_size=4, drop_last=True)) == 8
    with pytest.raises(ValueError, match="batch_size of the saved run, 4, got 5"):
        Batches(DATA, batch_size=5, seed=1).load_state_dict(loader.state_dict())
    for bad in (dict(batch_size=0), dict(seed=-1), dict(batch_size=40, drop_last=True)):
        with pytest.raises(ValueError, match=r"batch_size|seed|dataset"):
            Batches(DATA, **bad)
    with pytest.raises(TypeError, match="shuffle"):
        Batches(DATA, shuffle=True)


def test_batches_go_on_only_with_the_same_drop_last():
    data = (torch.arange(10),)
    loader, dropping = Batches(data, 3), Batches(data, 3, drop_last=True)
    list(islice(loader, 3))  # of four; with drop_last there are three, and none would be left, for ever
    state = loader.state_dict()
    with pytest.raises(ValueError, match="drop_last of the saved run, False, got True"):
        dropping.load_state_dict(state)
    del state["drop_last"]  # a file of an older version
    again = Batches(data, 3)
    again.load_state_dict(state)
    assert again.position == 3
    with pytest.raises(ValueError, match="position"):
        dropping.load_state_dict(state)
    assert dropping.position == 0


# --- Killed ---------------------------------------------------------------------------------------------------

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_practice_resume import *

torch.set_num_threads(1)
path, done = Path(sys.argv[2]), sys.argv[3]


def train(tell):
    run, t = Run(), 0
    args, options = run.things()
    if path.exists():
        t = load(path, *args, **options)["t"]
    os.write(tell, b"%d " % t)
    while t < UPDATES:
        run.go(1)
        t += 1
        os.write(tell, b".")
        save(path, *args, **options, extra={"t": t})
    torch.save(run.fingerprint(), done)


warm = Run()  # what torch imports at a first update, once for all children; a backward here would forbid it to them
for parameter in warm.model.parameters():
    parameter.grad = torch.zeros_like(parameter)
warm.optimizer.step()

chance = random.Random(0)
for kill in [True] * 8 + [False]:
    listen, tell = os.pipe()
    child = os.fork()
    if not child:
        train(tell)
        os._exit(0)
    told = b""
    if kill:
        updates = chance.randint(1, 4)
        while told.count(b".") < updates:
            told += os.read(listen, 100)
        time.sleep(chance.uniform(0, 0.01))  # into the save, the next update, its save, ...
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    told += os.read(listen, 100) if not told else b""
    print(told.split()[0].decode(), status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the children are forked, so that torch is imported once")
def test_killed_at_random_updates_and_during_saves(tmp_path):
    """SIGKILL after one to four updates and a random time, eight times; every restart goes on, and the end is the end.

    A reference run in this process, which nobody kills, has the same weights, moments and random numbers.
    """
    path, done = tmp_path / "run.pt", tmp_path / "done.pt"
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(path), str(done)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    begun, statuses = zip(*[map(int, line.split()) for line in out.splitlines()], strict=True)
    assert statuses == (signal.SIGKILL,) * 8 + (0,)
    assert list(begun) == sorted(begun) and begun[-1] >= 8
    whole = Run()
    whole.go(UPDATES)
    assert same(torch.load(done), whole.fingerprint())
    left = {file.name for file in tmp_path.iterdir()} - {"run.pt", "done.pt"}
    assert all(name.startswith(".run.pt.") for name in left), "what a killed save leaves goes with one a minute later"


@pytest.mark.parametrize("where", ["torch.save", "os.fsync", "os.replace"])
def test_a_save_that_fails_leaves_the_old_file(where, tmp_path, monkeypatch):
    run = Run()
    save(tmp_path / "run.pt", run.model, run.optimizer, extra={"t": 1})
    old = (tmp_path / "run.pt").read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(where, full)
    with pytest.raises(OSError, match="no space"):
        save(tmp_path / "run.pt", run.model, run.optimizer, extra={"t": 2})
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    assert (tmp_path / "run.pt").read_bytes() == old


def test_two_writers_of_a_file_do_not_meet(tmp_path):
    path = tmp_path / "run[1].pt"
    with replacing(path) as one:
        one.write(b"one")
        with replacing(path) as other:
            other.write(b"the other")
        assert path.read_bytes() == b"the other"
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_writers_left_is_swept_away(tmp_path):
    old, young, foreign = (tmp_path / f".run[1].pt{end}" for end in (".01234567.new", ".89abcdef.new", ".mine.new"))
    for left in (old, young, foreign):
        left.touch()
    for left in (old, foreign):
        os.utime(left, (0, 0))
    with replacing(tmp_path / "run[1].pt") as file:
        file.write(b"whole")
    assert not old.exists()
    assert young.exists(), "another writer may be at work on it"
    assert foreign.exists()


# --- Refused --------------------------------------------------------------------------------------------------


def test_files_that_are_none(tmp_path):
    run, path = Run(), tmp_path / "run.pt"
    with pytest.raises(FileNotFoundError):
        load(path, run.model, run.optimizer)
    save(path, run.model, run.optimizer)
    good = path.read_bytes()
    for share in (0, 0.1, 0.5, 0.99):
        path.write_bytes(good[: int(share * len(good))])
        with pytest.raises(ValueError, match=r"run\.pt is cut off, damaged or no file of practice\.save"):
            load(path, run.model, run.optimizer)
    path.write_text("epoch,loss\n")
    with pytest.raises(ValueError, match=r"run\.pt is"):
        load(path, run.model, run.optimizer)
    torch.save({"model": run.model.state_dict()}, path)
    with pytest.raises(ValueError, match=r"no file of practice\.save, or of another version"):
        load(path, run.model, run.optimizer)
    torch.save({"format": print}, path)  # needs a pickle: refused unread
    with pytest.raises(ValueError, match=r"run\.pt is"):
        load(path, run.model, run.optimizer)


def test_what_does_not_fit_is_named_and_nothing_is_changed(tmp_path):
    run, path = Run(), tmp_path / "run.pt"
    save(path, run.model, run.optimizer, run.scheduler, loader=run.loader)
    wide = Run(width=9, seed=5)
    before = [value.clone() for value in wide.model.state_dict().values()]
    args, options = wide.things()
    with pytest.raises(ValueError, match=r"0\.weight has shape \(8, 2\) in the file and \(9, 2\) in the model.* more"):
        load(path, *args, **options)
    other = Run(seed=5)
    deep = nn.Sequential(*other.model, nn.Linear(3, 3))
    with pytest.raises(ValueError, match=r"4\.weight is missing in the file"):
        load(path, deep, other.optimizer, other.scheduler, loader=other.loader)
    one_group = SGD([{"params": [p]} for p in other.model.parameters()], lr=0.1)
    with pytest.raises(ValueError, match="optimizer must be a AdamW"):
        load(path, other.model, one_group, other.scheduler, loader=other.loader)
    groups = AdamW([{"params": [p]} for p in other.model.parameters()], lr=0.1)
    with pytest.raises(ValueError, match="param groups of the saved one"):
        load(path, other.model, groups, L.CosineAnnealingLR(groups, 3), loader=other.loader)
    with pytest.raises(ValueError, match="scheduler must be given"):
        load(path, other.model, other.optimizer, loader=other.loader)
    with pytest.raises(ValueError, match="scaler must be left out"):
        load(path, *other.things()[0], loader=other.loader, scaler=torch.amp.GradScaler("cpu"))
    with pytest.raises(ValueError, match="scheduler must be a CosineAnnealingLR"):
        load(path, other.model, other.optimizer, L.StepLR(other.optimizer, 3), loader=other.loader)
    with pytest.raises(ValueError, match="batch_size of the saved run"):
        load(path, *other.things()[0], loader=Batches(DATA, 5, seed=3))
    assert all(map(torch.equal, wide.model.state_dict().values(), before))
    assert same(Run(seed=6).fingerprint(), Run(seed=6).fingerprint())


def everything(run):
    """Of weights, moments, param groups, scheduler and place, what a load may change."""
    scheduler = run.scheduler.state_dict()
    return str([run.model.state_dict(), run.optimizer.state_dict(), scheduler, run.loader.state_dict(),
                [module.training for module in run.model.modules()], torch.get_rng_state().sum()])  # fmt: skip


def test_another_scheduler_inside_changes_nothing(tmp_path):
    run, path = Run(lambda o: WarmupScheduler(o, 5, L.StepLR(o, 7))), tmp_path / "run.pt"
    run.go(11)
    run.model.eval()
    save(path, run.model, run.optimizer, run.scheduler, loader=run.loader)
    other = Run(lambda o: WarmupScheduler(o, 5, L.CosineAnnealingLR(o, 30)), seed=5)
    before = everything(other)
    with pytest.raises(ValueError, match="StepLR"):
        load(path, *other.things()[0], loader=other.loader)
    assert everything(other) == before


def test_a_module_without_weights_counts(tmp_path):
    run, path = Run(), tmp_path / "run.pt"
    run.go(3)
    save(path, run.model, run.optimizer, run.scheduler, loader=run.loader)
    other = Run(seed=5)
    other.model.append(nn.Dropout(0.1))
    before = everything(other)
    with pytest.raises(ValueError, match="model must have the 5 modules of the saved one, got 6"):
        load(path, *other.things()[0], loader=other.loader)
    assert everything(other) == before


class Picky:
    """A state that only loading tells whether it fits."""

    def __init__(self, size):
        self.size = self.wanted = size

    def state_dict(self):
        return {"size": self.size}

    def load_state_dict(self, state):
        self.size = state["size"]
        if self.size != self.wanted:
            raise RuntimeError(f"wanted {self.wanted}")


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "SequentialLR", "LambdaLR", "CurveLR"])
def test_others_that_do_not_fit_change_nothing(name, tmp_path):
    make = MAKERS[name]
    run, path, generator = Run(make), tmp_path / "run.pt", torch.Generator().manual_seed(4)
    run.go(11)
    others = {"generator": generator, "ema": nn.Linear(2, 2), "picky": Picky(2)}
    save(path, run.model, run.optimizer, run.scheduler, loader=run.loader, others=others)
    other = Run(make, seed=5)
    before = everything(other)
    others["ema"] = nn.Linear(2, 3)
    with pytest.raises(ValueError, match=r"others\['ema'\] must be the one that was saved: weight has shape"):
        load(path, *other.things()[0], loader=other.loader, others=others)
    others |= {"generator": generator.manual_seed(5), "ema": nn.Linear(2, 2), "picky": Picky(3)}
    drawn = generator.get_state()
    with pytest.raises(RuntimeError, match="wanted 3"):
        load(path, *other.things()[0], loader=other.loader, others=others)
    assert everything(other) == before
    assert torch.equal(generator.get_state(), drawn) and others["picky"].size == 3


def test_loading_inside_a_watch_is_no_save(tmp_path):
    make, path = MAKERS["LambdaLR"], tmp_path / "run.pt"
    run = Run(make)
    run.go(11)
    save(path, run.model, run.optimizer, run.scheduler)
    again = Run(make)
    with practice.watch(again.optimizer, again.scheduler) as report:
        load(path, again.model, again.optimizer, again.scheduler)
        again.go(9)
    assert report.codes == (), str(report)


def test_what_cannot_be_saved_as_plain_data(tmp_path):
    run = Run()
    with pytest.raises(TypeError, match=r"extra\['history'\]\[1\] must be a tensor, a number, text"):
        save(tmp_path / "run.pt", run.model, run.optimizer, extra={"history": [1, object()]})
    with pytest.raises(TypeError, match="loader must have state_dict"):
        save(tmp_path / "run.pt", run.model, run.optimizer, loader=[1, 2])
    with pytest.raises(TypeError, match="model must be a torch Module"):
        save(tmp_path / "run.pt", None, run.optimizer)
    assert not list(tmp_path.iterdir())


def test_the_lessons_own_loop_makes_the_updates_that_its_cosine_is_long():
    """Section 08's `build` and `run`, as they stand there."""
    cells = {cell.name: cell.text["en"] for cell in read(ROOT / "course" / "08_practice.py").cells if cell.name}
    names = {"torch": torch, "cross_entropy": nn.functional.cross_entropy, "practice": practice,
             "CosineAnnealingLR": L.CosineAnnealingLR, "data": mnist1d()}  # fmt: skip
    exec(cells["build"] + "\n" + cells["run"], names)
    model, optimizer, scheduler, loader = names["build"]()
    with practice.watch(optimizer, scheduler, planned_updates=3 * len(loader)) as report:
        names["run"](model, optimizer, scheduler, loader)
    assert report.updates == 3 * len(loader) == 240
    assert report.codes == (), str(report)
