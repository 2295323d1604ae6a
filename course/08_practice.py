# %% [markdown] lang="en"
# # At work: choose, watch, resume
#
# **30 minutes · you need sections 02 and 06.** Many schedules that fail were never run: the loop used another learning
# rate than the one that was planned. You will be able to
#
# 1. see what your loop really used, with one line around it,
# 2. recognise fifteen mistakes, and the right loops that look like them,
# 3. say which of them the loss would never have told you,
# 4. choose a schedule for a case, with the evidence for it,
# 5. stop a run at any update and go on to the last bit,
# 6. say what each part of a saved run is for.

# %% [markdown] lang="zh" of="92874010"
# # 实战：选择、观察、续训
#
# **30 分钟 · 你需要第 02 与第 06 节。** 许多失败的调度从未真正运行过：循环所用的学习率并不是计划的那个。学完本页，你将能够
#
# 1. 在循环外加一行，看清它实际用了什么；
# 2. 认出十五种错误，以及与之相像的正确循环；
# 3. 说出其中哪些是损失永远不会告诉你的；
# 4. 为一种情形选出调度，并给出证据；
# 5. 在任意更新步停下，再继续训练，逐位一致；
# 6. 说出保存下来的每一部分有什么用。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## One loop, three faults
#
# A network, MNIST-1D, 500 updates. The author wants a warm-up over 50 updates, then a cosine down to zero. The loop
# runs, the loss falls, nothing complains.

# %% [markdown] lang="zh" of="3a1b8e40"
# ## 一个循环，三处毛病
#
# 一个网络，MNIST-1D，500 个更新步。作者想要 50 步预热，然后沿余弦降到零。循环能运行，损失在下降，没有任何报错。

# %% name="loop"
import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR
from lrcourse import practice, training

data = training.mnist1d()
generator = torch.Generator().manual_seed(0)
batches = torch.randint(len(data.x), (500, 40), generator=generator)

def update(model, optimizer, rows):
    optimizer.zero_grad()
    loss = cross_entropy(model(data.x[rows]), data.y[rows])
    loss.backward()
    optimizer.step()
    return loss.detach()

# %% [markdown] lang="en"
# **Predict**: three things are wrong in the next cell. Which? Say what the learning rate does at the first update, and
# at the last.

# %% [markdown] lang="zh" of="191f5c66"
# **先猜一猜**：下一个单元格里有三处错误，是哪三处？第一步和最后一步的学习率各会怎样？

# %% name="watched"
model = training.mlp((40, 32, 32, 10), torch.nn.ReLU, seed=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
warmup = LambdaLR(optimizer, lambda t: min(1, t / 50))
cosine = CosineAnnealingLR(optimizer, T_max=250)

with practice.watch(optimizer, [warmup, cosine]) as report:
    for rows in batches:
        update(model, optimizer, rows)
        warmup.step()
        cosine.step()
report

# %% [markdown] lang="en"
# Two schedulers write into one number: the lambda overwrites what the cosine left, and the cosine multiplies what the
# lambda wrote. A warm-up that begins at $t/w = 0$ wastes an update. And `T_max=250` is half the run: a cosine goes up
# again on the far side.
#
# The picture shows what the optimizer used, as it took each step.

# %% [markdown] lang="zh" of="086f9a28"
# 两个调度器写同一个数：lambda 覆盖余弦留下的值，余弦又在 lambda 写入的值上相乘。从 $t/w = 0$ 开始的预热白费一步。
# 而 `T_max=250` 只有训练的一半：余弦过了谷底又会上升。
#
# 图中是优化器每走一步时实际使用的学习率。

# %% name="watched-picture"
report.plot()

# %% [markdown] lang="en"
# There is no decay at all. After the warm-up the lambda writes 0.1 anew at each update, and the cosine changes it by one
# step's worth: next to nothing, but for a dip to 0 at update 250 and a jump to 0.4 two updates later. (The dashed plan is
# that of the first scheduler.) What was meant, in one scheduler:

# %% [markdown] lang="zh" of="4591c8c4"
# 根本没有衰减。预热之后，每一步 lambda 都重新写入 0.1，余弦只在它上面改动一步的量：几乎为零，只在第 250 步跌到 0，
# 两步之后又跳到 0.4。
# （虚线是第一个调度器的计划。）作者的本意，用一个调度器就能写出：

# %% name="mended"
from torch.optim.lr_scheduler import LinearLR, SequentialLR

model = training.mlp((40, 32, 32, 10), torch.nn.ReLU, seed=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
warmup = LinearLR(optimizer, start_factor=0.02, total_iters=50)
cosine = CosineAnnealingLR(optimizer, T_max=450)
scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[50])

with practice.watch(optimizer, scheduler, planned_updates=500) as report:
    for rows in batches:
        update(model, optimizer, rows)
        scheduler.step()
report

# %% [markdown] lang="en"
# Silence. `watch` needs no change in the loop: torch's own hooks tell it of each `optimizer.step()`, and what your
# scheduler has is left as it is. With `planned_updates` it also knows how long the run was meant to be.

# %% [markdown] lang="zh" of="7e986db8"
# 一片安静。`watch` 不需要改动循环：torch 自带的钩子会告诉它每一次 `optimizer.step()`，你的调度器则原封不动。
# 给出 `planned_updates`，它还知道训练本该有多长。

# %% [markdown] lang="en"
# ## Would the loss have told you?
#
# Thirteen of the fifteen mistakes below change the learning rate of the run itself. Each is shown with eight networks
# that it trained, and with eight, of the same first weights and batches, that were trained as meant. *Cost* is the
# difference of their final training losses.

# %% [markdown] lang="zh" of="192f6479"
# ## 损失会告诉你吗？
#
# 下面的十五种错误中，有十三种会改变这次训练本身的学习率。每一种都训练了八个网络，另有八个初始权重与批次都相同的网络按本意训练。
# *代价*是两者最终训练损失之差。

# %% [markdown] lang="en"
# **Predict** which costs most: a scheduler that is never stepped, one that is stepped once an epoch instead of once an
# update, or one that decays every update by what was meant for an epoch. The goal is to find one that costs at least
# four times as much as never stepping.

# %% [markdown] lang="zh" of="e4e66086"
# **先猜一猜**哪种代价最大：从不 step 的调度器；本该每步 step 却每轮才 step 一次的；还是每步都按一整轮的量衰减的？目标是找到一种，
# 代价至少是“从不 step”的四倍。

# %% name="which"
from lrcourse import explorers

explorers.practice.which_mistake()

# %% [markdown] lang="en"
# ## Fifteen ways to go wrong
#
# All of them, each as the shortest loop that makes it. `train(optimizer, batch)` stands for the forward pass, the
# backward pass and `optimizer.step()`; a loader has 100 batches.
#
# **Order and number of steps** first.

# %% [markdown] lang="zh" of="261eb74a"
# ## 十五种出错的方式
#
# 全部列出，各用最短的循环写成。`train(optimizer, batch)` 代表前向、反向和 `optimizer.step()`；一个 loader 有 100 个批次。
#
# 先看**顺序与次数**。

# %% name="order"
from lrcourse.practice.mistakes import MISTAKES, costs

for code in ("never-stepped", "scheduler-before-optimizer", "plateau-without-metric"):
    display(MISTAKES[code])

# %% [markdown] lang="en"
# **Unit and length.** A scheduler counts its own steps. Whether a step is an update or an epoch, only the loop knows.

# %% [markdown] lang="zh" of="27c557eb"
# **单位与长度。** 调度器只数自己的 step。一个 step 是一个更新步还是一轮，只有循环知道。

# %% name="unit"
for code in ("stepped-per-epoch", "horizon-mismatch", "cosine-rebound", "onecycle-overrun", "lr-frozen"):
    display(MISTAKES[code])

# %% [markdown] lang="en"
# **Values**, of functions of your own.

# %% [markdown] lang="zh" of="4239bc55"
# **取值**：你自己写的函数。

# %% name="values"
for code in ("zero-first-lr", "negative-lr"):
    display(MISTAKES[code])

# %% [markdown] lang="en"
# **Several of them.** `ChainedScheduler` is no product where one of its parts overwrites (section 06).

# %% [markdown] lang="zh" of="6a38d84f"
# **不止一个。** 只要有一个部分会覆盖学习率，`ChainedScheduler` 就不是乘积（第 06 节）。

# %% name="several"
for code in ("second-scheduler", "chained-not-product", "late-param-group"):
    display(MISTAKES[code])

# %% [markdown] lang="en" given="2.13"
# The late group is harmless here by luck: `ExponentialLR` multiplies what it finds. `LambdaLR`, in torch 2.13, raises.
#
# **Stopping and going on.**

# %% [markdown] lang="zh" of="cdca4c63"
# 这里后加的参数组没有出事只是侥幸：`ExponentialLR` 是在已有的值上相乘。换成 `LambdaLR`，torch 2.13 会抛出异常。
#
# **停下与继续。**

# %% name="going-on"
for code in ("lambda-not-saved", "resume-mismatch"):
    display(MISTAKES[code])

# %% [markdown] lang="en"
# And the bill. **Predict**: how many of the thirteen cost something that eight networks can show? Could one of them
# *lower* the loss?

# %% [markdown] lang="zh" of="8fdd37f9"
# 现在结账。**先猜一猜**：十三种当中，有几种的代价是八个网络就能显示出来的？会不会有哪一种反而*降低*了损失？

# %% name="bill"
from lrcourse.figures import practice as figures

bill = costs(figures.CONCERNED)
figures.gallery(bill)

# %% name="bill-numbers"
for code, cost in sorted(bill.items(), key=lambda item: -item[1].mean):
    print(f"{code:27} {figures.price(cost)}")

# %% [markdown] lang="en"
# Nine do harm: a negative rate loses all eight networks, and the frozen one stays where it began. Three cost nothing that
# eight networks can show: a first update at 0, a chain that is no product, a one-cycle one update too far.
#
# And one *helps*, by 0.098: the plateau that is fed the epoch's number cuts the rate after two epochs, whatever the loss
# does; `ReduceLROnPlateau` as it was meant does not cool in five. A good loss is no proof of a right loop.

# %% [markdown] lang="zh" of="1ee72cbe"
# 九种有害：负学习率使八个网络全部发散，冻住的那种停在起点。三种的代价八个网络显示不出来：第一步为 0、不是乘积的链式组合、
# 多走一步的单周期。
#
# 还有一种反而*有利*，低了 0.098：把轮数喂给调度器，无论损失如何，两轮之后学习率就降了；按本意写的 `ReduceLROnPlateau`，五轮之内学习率都不会降。
# 损失好看，不证明循环正确。

# %% [markdown] lang="en"
# ## What looks wrong, and is not
#
# A tool that cries wolf is switched off. **Predict** for each of these whether `watch` has something to say.

# %% [markdown] lang="zh" of="82991c1c"
# ## 看似有错，其实没有
#
# 总喊狼来了的工具会被关掉。**先猜一猜**：对下面每一个循环，`watch` 会不会有话要说？

# %% name="alike"
from torch.optim import lr_scheduler as L

def codes_of(make, every=1, batches_per_update=1, updates=60):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    with practice.watch(optimizer, scheduler, planned_updates=updates) as report:
        for t in range(updates * batches_per_update):
            if t % batches_per_update == batches_per_update - 1:
                optimizer.step()
                if (t + 1) % (every * batches_per_update) == 0:
                    scheduler.step()
    return report.codes

# %% name="alike-run"
print("OneCycleLR, 60 updates, 60 steps ", codes_of(lambda o: L.OneCycleLR(o, 0.1, total_steps=60)))
print("CosineAnnealingLR, T_max = N - 1 ", codes_of(lambda o: L.CosineAnnealingLR(o, T_max=59)))
print("StepLR, once an epoch of 10      ", codes_of(lambda o: L.StepLR(o, step_size=2), every=10))
print("cosine, 4 batches an update      ", codes_of(lambda o: L.CosineAnnealingLR(o, T_max=60), batches_per_update=4))
print("chained, both multiply           ", codes_of(lambda o: L.ChainedScheduler([L.LinearLR(o), L.ExponentialLR(o, 0.9)])))
print("warm restarts                    ", codes_of(lambda o: L.CosineAnnealingWarmRestarts(o, T_0=20)))

# %% [markdown] lang="en"
# Nothing, six times. The last call of `step()` in the first line sets a value that no update uses; only the *next* call
# would raise. The same silence holds for a `GradScaler` that skips an update, two optimizers, closures of `LBFGS`, a
# plateau that gets its metric.

# %% [markdown] lang="zh" of="d7ea8406"
# 六次都无话可说。第一行中，最后一次 `step()` 设定的值没有更新步会用到；再*多*调用一次才会抛出异常。`GradScaler` 跳过一步、
# 两个优化器、`LBFGS` 的闭包、拿到了指标的 plateau，同样一片安静。

# %% [markdown] lang="en"
# ## Without touching the code
#
# For a script there is a command. It runs the script as `python train.py` would, with its arguments, its exit status
# and its traceback, and writes a report for each optimizer at the end:
#
# ```
# lrcourse watch --planned-updates 500 train.py --lr 0.1
# ```

# %% [markdown] lang="zh" of="d9d66831"
# ## 一行代码也不改
#
# 对脚本有一条命令。它像 `python train.py` 那样运行脚本，参数、退出状态、traceback 都一样，结束时为每个优化器写一份报告：
#
# ```
# lrcourse watch --planned-updates 500 train.py --lr 0.1
# ```

# %% [markdown] lang="en"
# In a program of your own it is `practice.watching_everything()`; nobody has to name the optimizer.

# %% [markdown] lang="zh" of="e4c99347"
# 在你自己的程序里用 `practice.watching_everything()`，连优化器的名字都不用给。

# %% name="everything"
with practice.watching_everything() as reports:
    model = torch.nn.Linear(40, 10)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = L.ExponentialLR(optimizer, gamma=0.8)
    for rows in batches:
        update(model, optimizer, rows)
        scheduler.step()
print(*reports)

# %% [markdown] lang="en" given="1.7% 2.8%"
# What does watching cost? `make bench` trains the digits MLP with and without it: 1.7% more time with AdamW, 2.8% with
# SGD, some 25 microseconds an update on two quiet cores. The larger the network, the smaller the share.

# %% [markdown] lang="zh" of="0f993818"
# 观察要花多少时间？`make bench` 在有、无观察的情况下训练 digits 的 MLP：AdamW 多花 1.7% 的时间，SGD 多花 2.8%，
# 在两个空闲的核上，每个更新步约 25 微秒。网络越大，占比越小。

# %% [markdown] lang="en"
# ## Which schedule?
#
# | you want | take | because |
# |---|---|---|
# | a baseline to compare with | `MultiStepLR`, down to a third at 60, 80 and 93 % of the run | easy to repeat, hard to beat (below) |
# | the best result | WSD; linear to zero, one-cycle, cosine | high for most of it, cold at the end |
# | no blow-up at the start | a warm-up, then any of these | lowers the curvature first |
# | to decide nothing | `ReduceLROnPlateau` | needs no length, but patience |
# | a transformer | warm-up, then cosine | accuracy 0.39 without the warm-up, 0.82 with it |
# | no known length | WSD: trunk, then a cooldown | one run, every length |

# %% [markdown] lang="zh" of="28843cfa"
# ## 选哪种调度？
#
# | 你想要 | 选用 | 因为 |
# |---|---|---|
# | 用来比较的基线 | `MultiStepLR`，在训练的 60、80、93 % 处各降为 1/3 | 便于复现，也不易胜过（见下） |
# | 最好的结果 | WSD；线性到零、单周期、余弦 | 大部分时间高，最后冷下来 |
# | 开头不发散 | 预热，然后任选其一 | 先降低曲率 |
# | 什么都不用定 | `ReduceLROnPlateau` | 不需要长度，但需要耐心 |
# | Transformer | 预热，然后余弦 | 准确率：无预热 0.39，有预热 0.82 |
# | 长度未知 | WSD：主干，然后冷却 | 一次训练，各种长度都适用 |

# %% [markdown] lang="en"
# `advise` says the same with arguments, code to copy, and what was measured where.

# %% [markdown] lang="zh" of="36bb8d7e"
# `advise` 说的是同样的话，带着参数、可以照抄的代码，以及在哪里测得了什么。

# %% name="advise"
print(practice.advise(updates=10_000, model="transformer", optimizer="adamw"))

# %% name="advise-cases"
cases = {
    "baseline": dict(updates=500, goal="baseline"),
    "best": dict(updates=500),
    "unstable": dict(updates=500, unstable=True),
    "automatic": dict(goal="automatic"),
    "no known length": dict(),
}
for name, case in cases.items():
    advice = practice.advise(**case)
    print(f"{name}: {advice.title}\n  {advice.why}\n  {advice.evidence[0]}")

# %% [markdown] lang="en"
# Does it hold on *this* problem? The schedules that it builds for 500 updates, each named after its case, with a
# constant rate and a cosine to compare with: six seeds, each at the best of five peaks. **Predict**: does the WSD win
# here too? How far behind is the constant rate?

# %% [markdown] lang="zh" of="cd22870b"
# 在*这个*问题上也成立吗？取它为 500 个更新步构建的调度（各以情形为名），再加上恒定学习率和余弦作比较：六个随机种子，
# 各取五个峰值中最好的。**先猜一猜**：WSD 在这里也会获胜吗？恒定学习率落后多少？

# %% name="race"
from lrcourse import curves
from lrcourse.figures import custom

shapes = {
    "constant": curves.constant(1),
    "cosine": curves.cosine_annealing_lr(1, T_max=500),
    "baseline": practice.advise(updates=500, goal="baseline", lr=1).schedule,
    "best": practice.advise(updates=500, lr=1).schedule,
    "unstable": practice.advise(updates=500, lr=1, unstable=True).schedule,
    "transformer": practice.advise(updates=500, lr=1, model="transformer").schedule,
}
race = training.sweep(data, shapes, lrs=[0.025, 0.05, 0.1, 0.2, 0.4], seeds=6, updates=500, **custom.BENCH)
custom.raced(race)

# %% [markdown] lang="en" given="0.016 30%"
# No winner: the WSD ("best" in the picture, for it won where `advise` has its numbers from) is level with the cosine
# here, +0.005 ± 0.003, and so are the three drops of the baseline. The constant rate loses 0.130, and is best at the
# lowest peak tried.
#
# The length of the cooldown counts: `advise` cools for 30% of the run, and section 05 says how a straight line to zero does
# (0.016 *below* the cosine). Short runs want a longer cooldown.
#
# So the advice is where to begin, not where to stop. All that end cold lie within 0.013; that is the part to rely on.

# %% [markdown] lang="zh" of="41f7bf4c"
# 没有赢家：WSD 在 `advise` 所依据的测试中胜出，所以图中名为“最佳”，在这里却与余弦不分上下，+0.005 ± 0.003；
# 基线的三次下降也是如此。恒定学习率落后 0.130，而且在所试的最低峰值处最好。
#
# 冷却的长短有影响：`advise` 用训练的 30% 冷却；一条直线降到零的结果见第 05 节（比余弦*低* 0.016）。训练越短，冷却所占的比例应越大。
#
# 所以建议是起点，不是终点。凡是最后冷下来的，差距都在 0.013 以内；靠得住的是这一点。

# %% [markdown] lang="en"
# ## Stop at any update, and go on
#
# Jobs get killed. A run is more than weights, and whatever the file leaves out makes it another run. Here is one with
# dropout (it draws random numbers) and a loader that knows where it stands.

# %% [markdown] lang="zh" of="a5358e42"
# ## 随时停下，再继续
#
# 作业会被强行终止。一次训练不只是权重：没写进文件的东西，会让它变成另一次训练。下面这次训练带 dropout（它要抽随机数），
# 还有一个知道自己读到哪里的 loader。

# %% name="build"
from torch import nn

def build(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    scheduler = CosineAnnealingLR(optimizer, T_max=240)
    loader = practice.Batches((data.x, data.y), batch_size=50, seed=seed)
    return model, optimizer, scheduler, loader

# %% name="run"
class Killed(Exception):
    pass

def run(model, optimizer, scheduler, loader, path=None, kill_at=None):
    while scheduler.last_epoch < 240:
        for x, y in loader:
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            optimizer.step()
            scheduler.step()
            if scheduler.last_epoch == kill_at:
                practice.save(path, model, optimizer, scheduler, loader=loader)
                raise Killed
    return nn.utils.parameters_to_vector(model.parameters()).detach()

# %% [markdown] lang="en"
# The run is three epochs of 80 updates. It is stopped at update 130, in the middle of the second, and goes on in objects
# built anew, after somebody drew other random numbers.
# **Predict** the largest difference of any weight at the end.

# %% [markdown] lang="zh" of="2fa49f60"
# 整个训练为三轮，每轮 80 步。它在第 130 步停下，正处在第二轮的中间，然后在重新构建的对象里继续，其间还有人动过随机数。
# **先猜一猜**最后权重之差最大是多少？

# %% name="resume"
import tempfile
from pathlib import Path

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "run.pt"
whole = run(*build())
try:
    run(*build(), path, kill_at=130)
except Killed:
    model, optimizer, scheduler, loader = build()
    torch.manual_seed(7)
    practice.load(path, model, optimizer, scheduler, loader=loader)
    again = run(model, optimizer, scheduler, loader)
print("largest difference", (again - whole).abs().max().item(), " equal", torch.equal(again, whole))

# %% [markdown] lang="en"
# Not small: none. Weights and buffers, moments, the scheduler's counter, the random numbers of torch, NumPy and Python,
# the place in the data: all are in one file. Build everything as for a new run, then load.

# %% [markdown] lang="zh" of="ae4f1e38"
# 不是很小，而是没有。权重与缓冲区、各阶矩、调度器的计数、torch、NumPy 和 Python 的随机数、数据的位置：全在一个文件里。
# 像新训练那样先全部构建好，再载入。

# %% [markdown] lang="en"
# ## Leave one out
#
# Another run, a small one: 300 updates, killed at 270, with batches drawn by a generator. The script starts again with
# one part missing at a time: that part begins anew. *Weights apart* is the largest difference of any weight over eight
# seeds. **Predict** which missing part costs most, and which costs nothing.

# %% [markdown] lang="zh" of="ff0e4ae7"
# ## 一次漏掉一样
#
# 换一次小一点的训练：300 步，在第 270 步中断，批次由一个生成器抽取。脚本重新开始，每次漏掉一个部分：那个部分是全新的。
# 输出中的 weights apart 是八个随机种子中任一权重的最大差异。**先猜一猜**漏掉哪一样代价最大？哪一样毫无代价？

# %% name="left-out"
def without(part, seed):
    kept = set(figures.PARTS) - {part}
    loss = figures.resumed(270, frozenset(kept), seed).end
    return loss - figures.whole(seed).end, figures.apart(270, kept, seed)[-1]

for part in ("nothing", *figures.PARTS):
    loss, gap = zip(*[without(part, seed) for seed in range(8)], strict=True)
    loss = torch.tensor(loss)
    print(f"without {part:10} loss {loss.mean():+.3f} ± {loss.std() / 8**0.5:.3f}  weights apart {max(gap):.2g}")

# %% [markdown] lang="en"
# Without the weights all is lost. Without the optimizer its rate is 0.02 again, forty times what the cosine had come down to;
# thirty updates cannot cool that, and it costs 0.039. Other random numbers and another place in the data move the
# weights, and the loss by nothing that three digits show: *another* run, not a worse one.
#
# Without the scheduler the loss is even lower, by 0.003: the rate stays, by accident, where this cosine would have gone on
# down.

# %% [markdown] lang="zh" of="5279a1ff"
# 没有权重，一切尽失。没有优化器，学习率又回到 0.02，是余弦当时所降到的四十倍；三十步来不及冷下来，代价为 0.039。
# 换了随机数、换了数据的位置，权重会变，损失在三位小数上却看不出变化：是*另一次*训练，不是更差的训练。
#
# 没有调度器，损失甚至低了 0.003：学习率碰巧停在原处，而这条余弦本该继续下降。

# %% [markdown] lang="en"
# Now kill this run of 300 updates where you like. At first only the weights are saved. **Predict** what the learning rate
# does after the kill. The goal is the same run, to the last bit.

# %% [markdown] lang="zh" of="393457ac"
# 现在由你决定这 300 步的训练在哪里中断。一开始只保存权重。**先猜一猜**中断之后学习率会怎样？目标是同一次训练，逐位一致。

# %% name="killed"
explorers.practice.killed()

# %% [markdown] lang="en" given="0.04"
# With the weights alone, after a kill at update 150, the run even ends lower, by 0.04: 300 updates are few, and the rate
# has stayed high longer. That is the luck of a short run, not a resume.

# %% [markdown] lang="zh" of="8db379ca"
# 只保存权重、在第 150 步中断，最后的损失甚至还低了 0.04：300 步很短，而学习率高的时间更长。
# 这是短训练碰上的运气，不是续训。

# %% [markdown] lang="en"
# ## Refuse a bad file
#
# A job killed *while it saves*, a file from elsewhere, another model. **Predict** what `load` does with each.

# %% [markdown] lang="zh" of="46061555"
# ## 拒绝坏文件
#
# *正在保存时*被强行终止的作业，来路不明的文件，另一个模型。**先猜一猜** `load` 会如何对待它们？（异常信息为英文。）

# %% name="refused"
good = path.read_bytes()
foreign = folder.name + "/weights.pt"
torch.save(model.state_dict(), foreign)
cut = Path(folder.name, "cut.pt")
cut.write_bytes(good[: len(good) // 2])
wide = nn.Linear(40, 64)
for file, into in ((cut, model), (foreign, model), (path, wide)):
    try:
        practice.load(file, into, optimizer, scheduler, loader=loader)
    except ValueError as error:
        print(str(error).replace(folder.name + "/", "").partition(";")[0])

# %% [markdown] lang="en"
# Refused, each for its reason, before anything is changed. `save` writes beside the old file and then moves the new one
# into its place: whenever the process dies, the file is the old one or the new one, whole.
#
# And it holds tensors and plain values only, so that torch reads it without running a pickle's code. Whose states are in
# it, and which random numbers:

# %% [markdown] lang="zh" of="eb743822"
# 一律拒绝，并说明各自的原因；拒绝之前什么都没有改动。`save` 先写在旧文件旁边，再把新文件移到位：无论进程何时死掉，
# 文件要么是旧的，要么是新的，总是完整的。
#
# 文件里只有张量和普通的值，所以 torch 读它时不会运行 pickle 里的代码。里面有哪些对象的状态、哪些随机数：

# %% name="plain"
saved = torch.load(path, weights_only=True)
print("states:", *saved["things"])
print("random numbers:", *saved["random"])
folder.cleanup()

# %% [markdown] lang="en"
# ## Traps
#
# **Watch the whole run.** A report on ten updates knows nothing of a cosine that turns at update 900; give
# `planned_updates`.
#
# **Silence is no proof.** `watch` knows the usual mistakes; that the peak is too high it does not know. Look at
# `report.plot()`.
#
# **Workers.** What an augmentation draws inside a worker process is not resumed in the middle of an epoch.

# %% [markdown] lang="zh" of="52855db0"
# ## 陷阱
#
# **观察整个训练。** 只看十步的报告，不知道余弦会在第 900 步掉头；请给出 `planned_updates`。
#
# **没有报告，不等于没有问题。** `watch` 认得常见的错误；峰值太高它并不知道。请看 `report.plot()`。
#
# **工作进程。** 数据增强在工作进程里抽的随机数，在一轮中间无法恢复。

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. `with practice.watch(optimizer, scheduler, planned_updates=N) as report:` shows what was used, and changes nothing.
# 2. Fifteen codes. Behind the largest group: the scheduler counts steps, and only the loop knows what a step is.
# 3. Some mistakes ruin a run, some cost nothing visible, one even helped: look at the learning rate, not at the loss.
# 4. `practice.advise(...)`: a choice, code to copy, what was measured. The front runners lie close; ending cold matters.
# 5. `practice.save` and `practice.load`: killed anywhere, the same run to the last bit.
# 6. The scheduler without its optimizer, or the reverse, is another learning rate. Random numbers and loader only make
#    it another run.

# %% [markdown] lang="zh" of="8a53bced"
# ## 要点
#
# 1. `with practice.watch(optimizer, scheduler, planned_updates=N) as report:` 显示实际用了什么，而且什么都不改变。
# 2. 十五个错误代号。最大的一类背后：调度器只数 step，而一个 step 是什么，只有循环知道。
# 3. 有些错误毁掉训练，有些看不出代价，有一种反而有利：要看学习率，不要看损失。
# 4. `practice.advise(...)`：一个选择、可照抄的代码、实测的结果。领先者相差不大，要紧的是最后要冷。
# 5. `practice.save` 与 `practice.load`：在哪里中断都行，续训出来的是同一次训练，逐位一致。
# 6. 有调度器而没有它的优化器，或者反过来，都意味着另一个学习率。随机数和 loader 只会让它变成另一次训练。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 08](../exercises/08_practice.ipynb): 08.1 two loops that step at the wrong time · 08.2 two
# loops of the wrong length · 08.3 two loops with the wrong values · 08.4 save and resume · 08.5 choose by evidence.
#
# What a file should hold for years, for another machine or another library is a chapter of its own: saving and loading
# models. You stand at its door with a file that holds everything.

# %% [markdown] lang="zh" of="12984a2e"
# ## 自己动手
#
# [第 08 节的练习](../../exercises/zh/08_practice.ipynb)：08.1 两个在错误时刻 step 的循环 · 08.2 两个长度不对的循环 ·
# 08.3 两个取值不对的循环 · 08.4 保存与续训 · 08.5 凭证据选择。
#
# 一个文件若要存放多年、供另一台机器或另一个库使用，里面应当有什么？那是单独的一章：保存与载入模型。
# 你已站在它的门口，手里的文件一样不缺。

# %% [markdown] lang="en"
# ## Sources
#
# - PyTorch, [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
#   and [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html).
# - In PyTorch's issue tracker, for example: 44511 (order), 65417 (unit), 60265 (resume).

# %% [markdown] lang="zh" of="664a833b"
# ## 来源
#
# - PyTorch，[How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)
#   与 [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)。
# - PyTorch 的问题列表中就有例子：44511（顺序）、65417（单位）、60265（续训）。

