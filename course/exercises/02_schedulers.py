# %% [markdown] lang="en"
# # Exercises 02 · Schedulers
#
# Six exercises, from three minutes to half an hour. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="d64f58f9"
# # 练习 02 · 调度器
#
# 六道练习，从三分钟到半小时。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import math

import numpy as np
import torch
from torch.optim import lr_scheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import math

import numpy as np
import torch
from torch.optim import lr_scheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 02.1 · See what each scheduler does
#
# **Difficulty** ●●○ · **Time** 20 minutes · **Expected result** `curves["StepLR"].shape` is `(60, 2)`, and a picture
#
# *Compulsory exercise 1: visualise the curves of different schedulers.*
#
# Write `curves_of(new_optimizer, schedulers, epochs)`. It goes through the motions of a training, without data, once
# for each scheduler, and returns a dict: for each name, the learning rates that the epochs **train with**, as a NumPy
# array with one row an epoch and one column a param group.
#
# - `new_optimizer()` returns a fresh optimizer with several param groups.
# - `schedulers` maps a name to a function that builds the scheduler of an optimizer.
#
# <details><summary>Hint 1</summary>
#
# Play epoch 0 by hand. A training steps the optimizer, then the scheduler. At which of the three moments, before,
# between or after the two, do you read what epoch 0 trains with?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `optimizer.param_groups` is a list of dicts, one a group; the learning rate stands under `"lr"`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# A scheduler writes into its optimizer, and nothing takes that back. What does the second scheduler find there?
# </details>

# %% [markdown] lang="zh" of="f2471ba3"
# ## 02.1 · 看看每个调度器做了什么
#
# **难度** ●●○ · **用时** 20 分钟 · **预期结果** `curves["StepLR"].shape` 为 `(60, 2)`，以及一幅图
#
# *必做练习一：画出不同调度器的曲线。*
#
# 写出 `curves_of(new_optimizer, schedulers, epochs)`。它不用数据，为每个调度器空走一遍训练流程，返回一个字典：
# 每个名字对应各轮**训练时所用**的学习率，是一个 NumPy 数组，每行一轮，每列一个参数组。
#
# - `new_optimizer()` 返回一个全新的、含多个参数组的优化器。
# - `schedulers` 把名字映射到一个函数，该函数为给定的优化器构造调度器。
#
# <details><summary>提示 1</summary>
#
# 用手推演第 0 轮。训练先让优化器走一步，再让调度器走一步。在这两步之前、之间、之后三个时刻中，
# 哪一刻读到的才是第 0 轮训练所用的学习率？
# </details>
#
# <details><summary>提示 2</summary>
#
# `optimizer.param_groups` 是一个由字典组成的列表，每组一个字典；学习率存放在 `"lr"` 下。
# </details>
#
# <details><summary>提示 3</summary>
#
# 调度器会改写它的优化器，而且不会有谁替它改回来。第二个调度器接手时会看到什么？
# </details>

# %% name="six-schedulers"
def new_optimizer():
    body, head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)
    return torch.optim.SGD([{"params": body.parameters(), "lr": 0.02}, {"params": head.parameters(), "lr": 0.1}])


schedulers = {
    "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.1),
    "MultiStepLR": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, milestones=[15, 40], gamma=0.2),
    "ExponentialLR": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.93),
    "CosineAnnealingLR": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=60),
    "Cosine, restarted": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=20),
    "OneCycleLR": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, max_lr=[0.02, 0.1], total_steps=60),
}

# %% tags=["answer"] name="curves_of" ex="02.1"
def curves_of(new_optimizer, schedulers, epochs):
    """The learning rates each epoch trains with: name -> array (epochs, groups)."""
    ### BEGIN SOLUTION
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = []
        for _ in range(epochs):
            curve.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()  # here a real loop goes through the data
            scheduler.step()
        curves[name] = np.array(curve)
    return curves
    ### END SOLUTION

# %% tags=["check"] ex="02.1" points=4
check("02.1", curves_of)

# %% tags=["show"]
@styled
def picture(curves):
    figure = Figure(7.2, 4.4, alt="; ".join(f"{name}: {c[0, 1]:.3g}, {c[-1, 1]:.3g}" for name, c in curves.items()))
    panels = figure.subplots(2, 3, sharex=True, sharey=True).flat
    for axes, (name, curve) in zip(panels, curves.items(), strict=True):
        axes.plot(curve, drawstyle="steps-post")  # an epoch keeps its learning rate to its end
        axes.set(title=name, yscale="log", ylim=(1e-5, 0.3))
    axes.legend([label("group 0", "参数组 0"), label("group 1", "参数组 1")], loc="lower center")
    figure.supxlabel(label("epoch", "轮（epoch）"), size=11)
    figure.supylabel(label("learning rate", "学习率"), size=11)
    return figure


with once_solved():
    display(picture(curves_of(new_optimizer, schedulers, 60)))

# %% [markdown] lang="en" tags=["solution"]
# `lr(t)` is what update `t` uses, so it is read before anything steps; `scheduler.get_last_lr()` would give the same
# list at that moment. Each scheduler gets an optimizer of its own: the first one leaves its last learning rate behind,
# and `initial_lr` in every group, from which the next would start.
#
# The two param groups keep their ratio, except in `OneCycleLR`: it ignores the optimizer's learning rates, so it asks
# for one `max_lr` a group. Add a scheduler of your own to `schedulers` and draw again.

# %% [markdown] lang="zh" of="f38caf9a"
# `lr(t)` 是第 `t` 次更新所用的值，所以要在任何一步之前读取；那一刻 `scheduler.get_last_lr()` 给出的也是同一个列表。
# 每个调度器都要有自己的优化器：前一个调度器会留下它最后的学习率，还会在每个参数组里留下 `initial_lr`，
# 下一个调度器就会从那里出发。
#
# 两个参数组始终保持比例，只有 `OneCycleLR` 例外：它不理会优化器的学习率，所以要为每组各给一个 `max_lr`。
# 在 `schedulers` 中加一个你自己的调度器，再画一次。

# %% tags=["wrong"] ex="02.1" expect="epoch \d+, group 0.*recorded after `scheduler.step\(\)`" expect_zh="第 \d+ 轮，参数组 0.*之后才记录"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = []
        for _ in range(epochs):
            optimizer.step()
            scheduler.step()
            curve.append(scheduler.get_last_lr())
        curves[name] = np.array(curve)
    return curves

# %% tags=["wrong"] ex="02.1" expect="found \d+ epochs × \d groups.*that no epoch uses" expect_zh="得到 \d+ 轮 × \d 个参数组.*没有任何一轮用到"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = [scheduler.get_last_lr()]
        for _ in range(epochs):
            optimizer.step()
            scheduler.step()
            curve.append(scheduler.get_last_lr())
        curves[name] = np.array(curve)
    return curves

# %% tags=["wrong"] ex="02.1" expect="only param group 0" expect_zh="只记录了参数组 0"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curves[name] = []
        for _ in range(epochs):
            curves[name].append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return curves

# %% tags=["wrong"] ex="02.1" expect="ExponentialLR.*share one optimizer" expect_zh="ExponentialLR.*共用一个优化器"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    optimizer = new_optimizer()
    for name, make_scheduler in schedulers.items():
        scheduler = make_scheduler(optimizer)
        curve = []
        for _ in range(epochs):
            curve.append(scheduler.get_last_lr())
            optimizer.step()
            scheduler.step()
        curves[name] = np.array(curve)
    return curves

# %% tags=["wrong"] ex="02.1" expect="share one optimizer" expect_zh="共用一个优化器"
def curves_of(new_optimizer, schedulers, epochs):
    optimizer = new_optimizer()
    built = {name: make_scheduler(optimizer) for name, make_scheduler in schedulers.items()}
    curves = {name: np.zeros((epochs, len(optimizer.param_groups))) for name in built}
    for name, scheduler in built.items():
        for epoch in range(epochs):
            curves[name][epoch] = [group["lr"] for group in optimizer.param_groups]
            optimizer.step()
            scheduler.step()
    return curves

# %% tags=["wrong"] ex="02.1" expect="stepped before its optimizer" expect_zh="调度器先于优化器"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = []
        for _ in range(epochs):
            scheduler.step()
            curve.append(scheduler.get_last_lr())
            optimizer.step()
        curves[name] = np.array(curve)
    return curves

# %% tags=["wrong"] ex="02.1" expect="it never changes" expect_zh="学习率一直不变"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = []
        for _ in range(epochs):
            curve.append(scheduler.get_last_lr())
            optimizer.step()
        curves[name] = np.array(curve)
    return curves

# %% tags=["wrong"] ex="02.1" expect="lies on its side" expect_zh="行列颠倒"
def curves_of(new_optimizer, schedulers, epochs):
    curves = {}
    for name, make_scheduler in schedulers.items():
        optimizer = new_optimizer()
        scheduler = make_scheduler(optimizer)
        curve = [[] for _ in optimizer.param_groups]
        for _ in range(epochs):
            for column, group in zip(curve, optimizer.param_groups, strict=True):
                column.append(group["lr"])
            optimizer.step()
            scheduler.step()
        curves[name] = np.array(curve)
    return curves

# %% [markdown] lang="en" tags=["card"]
# ## 02.2 · Turn a half-life into gamma
#
# **Difficulty** ●○○ · **Time** 3 minutes · **Expected result** `gamma_for(10)` is about `0.933`
#
# "Halve it every ten epochs, smoothly." Write `gamma_for(half_life)`: the `gamma` of an `ExponentialLR` whose learning
# rate is halved every `half_life` epochs.
#
# <details><summary>Hint 1</summary>
#
# What is left of the learning rate after one epoch? After two? After `half_life` epochs?
# </details>
#
# <details><summary>Hint 2</summary>
#
# That last expression has to equal one half. Solve it for gamma.
# </details>

# %% [markdown] lang="zh" of="169817e4"
# ## 02.2 · 由半衰期求 gamma
#
# **难度** ●○○ · **用时** 3 分钟 · **预期结果** `gamma_for(10)` 约为 `0.933`
#
# “平滑地，每十轮减半。”写出 `gamma_for(half_life)`：让 `ExponentialLR` 的学习率每 `half_life` 轮减半的 `gamma`。
#
# <details><summary>提示 1</summary>
#
# 一轮之后学习率还剩多少？两轮之后呢？`half_life` 轮之后呢？
# </details>
#
# <details><summary>提示 2</summary>
#
# 最后那个式子应等于二分之一。由此解出 gamma。
# </details>

# %% tags=["answer"] name="gamma_for" ex="02.2"
def gamma_for(half_life):
    """The gamma of an ExponentialLR that halves the learning rate every half_life epochs."""
    ### BEGIN SOLUTION
    return 0.5 ** (1 / half_life)
    ### END SOLUTION

# %% tags=["check"] ex="02.2" points=1
check("02.2", gamma_for)

# %% [markdown] lang="en" tags=["solution"]
# $\gamma^h = 1/2$, so $\gamma = 2^{-1/h}$, which is $e^{-\lambda}$ with the decay constant $\lambda = \ln 2 / h$ of
# radioactive decay. After three half-lives one eighth is left, whatever the learning rate was.

# %% [markdown] lang="zh" of="2c6e1127"
# $\gamma^h = 1/2$，所以 $\gamma = 2^{-1/h}$，也就是 $e^{-\lambda}$，其中 $\lambda = \ln 2 / h$ 正是放射性衰变的衰变常数。
# 三个半衰期之后剩下八分之一，与学习率原来是多少无关。

# %% tags=["solution"]
print(gamma_for(10) ** 10, gamma_for(10) ** 30)

# %% tags=["wrong"] ex="02.2" expect="1/e after a half-life" expect_zh="剩下 1/e"
def gamma_for(half_life):
    return math.exp(-1 / half_life)

# %% tags=["wrong"] ex="02.2" expect="a straight line" expect_zh="得到的是直线"
def gamma_for(half_life):
    return 1 - 0.5 / half_life

# %% tags=["wrong"] ex="02.2" expect="after a single epoch" expect_zh="一轮就不止减半"
def gamma_for(half_life):
    return 0.5 / half_life

# %% tags=["wrong"] ex="02.2" expect="factor of one epoch" expect_zh="一轮的因子"
def gamma_for(half_life):
    return 0.5**half_life

# %% tags=["wrong"] ex="02.2" expect="doubling time" expect_zh="倍增时间"
def gamma_for(half_life):
    return 2 ** (1 / half_life)

# %% tags=["wrong"] ex="02.2" expect="decay constant" expect_zh="衰变常数"
def gamma_for(half_life):
    return np.log(2) / half_life

# %% [markdown] lang="en" tags=["card"]
# ## 02.3 · Write MultiStepLR as a function of time
#
# **Difficulty** ●○○ · **Time** 10 minutes · **Expected result** `multi_step(30, lr=0.1, milestones=[30, 80], gamma=0.1)` is about `0.01`
#
# A scheduler remembers where it stands; a function of `t` does not need to. Write
# `multi_step(t, lr, milestones, gamma)`: the learning rate that epoch `t` uses under `MultiStepLR`, at any `t`, without
# stepping. The milestones come sorted; one that is listed twice acts twice, as in torch.
#
# <details><summary>Hint 1</summary>
#
# How many milestones has epoch `t` reached? That number is all you need.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Does epoch 30 itself already train with the lower learning rate when 30 is a milestone? Look at the expected result.
# </details>
#
# <details><summary>Hint 3</summary>
#
# The learning rate was multiplied by `gamma` once for each of them.
# </details>

# %% [markdown] lang="zh" of="7562cc94"
# ## 02.3 · 把 MultiStepLR 写成时间的函数
#
# **难度** ●○○ · **用时** 10 分钟 · **预期结果** `multi_step(30, lr=0.1, milestones=[30, 80], gamma=0.1)` 约为 `0.01`
#
# 调度器要记住自己走到了哪里；`t` 的函数则不必。写出 `multi_step(t, lr, milestones, gamma)`：
# 在 `MultiStepLR` 之下第 `t` 轮所用的学习率，对任意 `t` 都成立，不必逐步执行。
# 里程碑已经排好序；列出两次的里程碑起两次作用，与 torch 相同。
#
# <details><summary>提示 1</summary>
#
# 到第 `t` 轮时，已经到达了几个里程碑？只需要这个数。
# </details>
#
# <details><summary>提示 2</summary>
#
# 如果 30 是里程碑，第 30 轮本身是否已经用较低的学习率训练？看看预期结果。
# </details>
#
# <details><summary>提示 3</summary>
#
# 每到达一个里程碑，学习率就乘了一次 `gamma`。
# </details>

# %% tags=["answer"] name="multi_step" ex="02.3"
def multi_step(t, lr, milestones, gamma):
    """The learning rate that epoch t uses under MultiStepLR."""
    ### BEGIN SOLUTION
    return lr * gamma ** sum(t >= milestone for milestone in milestones)
    ### END SOLUTION

# %% tags=["check"] ex="02.3" points=2
check("02.3", multi_step)

# %% [markdown] lang="en" tags=["solution"]
# `bisect.bisect_right(milestones, t)` or `np.searchsorted(milestones, t, side="right")` count faster. torch multiplies
# step by step, so after many milestones its last digits differ from a power; nothing else does. A pure function can be
# drawn, tested and called at any `t`: `lrcourse.curves` holds one for every class of torch.

# %% [markdown] lang="zh" of="bb5ae3f2"
# 用 `bisect.bisect_right(milestones, t)` 或 `np.searchsorted(milestones, t, side="right")` 计数更快。
# torch 是逐步相乘的，所以经过许多里程碑后，末几位数字会与乘方略有不同，仅此而已。
# 纯函数可以画图、可以测试，可以在任意 `t` 调用：`lrcourse.curves` 为 torch 的每个类都准备了一个。

# %% tags=["wrong"] ex="02.3" expect="t = \d+: expected.*one epoch late" expect_zh="t = \d+：应为.*晚了一轮"
def multi_step(t, lr, milestones, gamma):
    return lr * gamma ** sum(t > milestone for milestone in milestones)

# %% tags=["wrong"] ex="02.3" expect="one epoch early" expect_zh="早了一轮"
def multi_step(t, lr, milestones, gamma):
    return lr * gamma ** sum(t + 1 >= milestone for milestone in milestones)

# %% tags=["wrong"] ex="02.3" expect="listed twice counts twice" expect_zh="列出两次的里程碑要算两次"
def multi_step(t, lr, milestones, gamma):
    return lr * gamma ** sum(t >= milestone for milestone in set(milestones))

# %% tags=["wrong"] ex="02.3" expect="back up again" expect_zh="又升回去"
def multi_step(t, lr, milestones, gamma):
    if t in milestones:
        lr = lr * gamma
    return lr

# %% tags=["wrong"] ex="02.3" expect="only the first milestone acts" expect_zh="只有第一个里程碑"
def multi_step(t, lr, milestones, gamma):
    for milestone in milestones:
        if t >= milestone:
            return lr * gamma
    return lr

# %% tags=["wrong"] ex="02.3" expect="the share that stays" expect_zh="留下的比例"
def multi_step(t, lr, milestones, gamma):
    for milestone in milestones:
        if t >= milestone:
            lr = lr - gamma * lr
    return lr

# %% tags=["wrong"] ex="02.3" expect="as StepLR does" expect_zh="这是 StepLR"
def multi_step(t, lr, milestones, gamma):
    return lr * gamma ** (t // milestones[0])

# %% tags=["wrong"] ex="02.3" expect="found nothing; is the `return` missing" expect_zh="是不是忘了 `return`"
def multi_step(t, lr, milestones, gamma):
    lr * gamma ** sum(t >= milestone for milestone in milestones)

# %% [markdown] lang="en" tags=["card"]
# ## 02.4 · Restart the cosine
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** `warm_restarts(10, lr=0.1, T_0=10, T_mult=2, eta_min=0.01)` is `0.1`
#
# Write `warm_restarts(t, lr, T_0, T_mult, eta_min)`, the learning rate that epoch `t` uses under
# `CosineAnnealingWarmRestarts`. Each cycle falls from `lr` towards `eta_min` along half a cosine, then jumps back to
# `lr`. The first cycle lasts `T_0` epochs, each further one `T_mult` times as long as the one before.
#
# <details><summary>Hint 1</summary>
#
# Two questions: in which cycle is `t`, and which part of that cycle is over? Answer them with paper first, for `T_0 = 3`
# and `T_mult = 2`: at which epochs do the first four cycles begin?
# </details>
#
# <details><summary>Hint 2</summary>
#
# As long as `t` lies beyond the current cycle, go on to the next: take the length off `t`, and make the
# next one longer.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Half a cosine goes from $+1$ to $-1$ while its angle goes from $0$ to $\pi$. Shift and squeeze it so that it goes from
# `lr` to `eta_min`.
# </details>

# %% [markdown] lang="zh" of="98167e3b"
# ## 02.4 · 让余弦重启
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** `warm_restarts(10, lr=0.1, T_0=10, T_mult=2, eta_min=0.01)` 为 `0.1`
#
# 写出 `warm_restarts(t, lr, T_0, T_mult, eta_min)`：在 `CosineAnnealingWarmRestarts` 之下第 `t` 轮所用的学习率。
# 每个周期沿半个余弦从 `lr` 降向 `eta_min`，然后跳回 `lr`。第一个周期长 `T_0` 轮，此后每个周期的长度是前一个的 `T_mult` 倍。
#
# <details><summary>提示 1</summary>
#
# 两个问题：`t` 在第几个周期？这个周期已经过去了多大一部分？先在纸上对 `T_0 = 3`、`T_mult = 2` 回答：
# 前四个周期分别从第几轮开始？
# </details>
#
# <details><summary>提示 2</summary>
#
# 只要 `t` 超出了当前周期，就走到下一个：从 `t` 中减去这个周期的长度，再把长度加长。
# </details>
#
# <details><summary>提示 3</summary>
#
# 角度从 $0$ 到 $\pi$ 时，半个余弦从 $+1$ 降到 $-1$。把它平移、压缩，使它从 `lr` 降到 `eta_min`。
# </details>

# %% tags=["answer"] name="warm_restarts" ex="02.4"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    """The learning rate that epoch t uses under CosineAnnealingWarmRestarts."""
    ### BEGIN SOLUTION
    length = T_0
    while t >= length:
        t = t - length
        length = length * T_mult
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / length)) / 2
    ### END SOLUTION

# %% tags=["check"] ex="02.4" points=3
check("02.4", warm_restarts)

# %% [markdown] lang="en" tags=["solution"]
# The peaks stay at `lr`: a restart re-heats completely, so over many cycles nothing cools. And `eta_min` is never
# reached at a whole epoch: the last one of a cycle still has $t/T < 1$.
#
# A logarithm finds the cycle without a loop, and rounding then puts some restarts one cycle too early:
# `math.log(243, 3)` is below 5. torch's own `step(epoch)` has this fault, its `step()` has not.

# %% [markdown] lang="zh" of="d8e244ee"
# 峰值始终是 `lr`：每次重启都完全重新加热，所以经过许多周期，整体上并没有冷却。而且在整数轮上永远到不了 `eta_min`：
# 一个周期的最后一轮仍有 $t/T < 1$。
#
# 用对数可以不经循环就求出所在的周期，但舍入会让某些重启仍被算在前一个周期：`math.log(243, 3)` 小于 5。
# torch 自己的 `step(epoch)` 就有这个毛病，`step()` 则没有。

# %% tags=["wrong"] ex="02.4" expect="no restart.*climbs back slowly" expect_zh="没有重启.*慢慢回升"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / T_0)) / 2

# %% tags=["wrong"] ex="02.4" expect="every cycle has the length T_0" expect_zh="每个周期的长度都是 T_0"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * (t % T_0) / T_0)) / 2

# %% tags=["wrong"] ex="02.4" expect="multiply the length before" expect_zh="应由前一个长度相乘"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    length, cycle = T_0, 0
    while t >= length:
        t, cycle = t - length, cycle + 1
        length = T_0 * T_mult * cycle
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / length)) / 2

# %% tags=["wrong"] ex="02.4" expect="π and not 2π" expect_zh="用 π 而不是 2π"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    length = T_0
    while t >= length:
        t, length = t - length, length * T_mult
    return eta_min + (lr - eta_min) * (1 + math.cos(2 * math.pi * t / length)) / 2

# %% tags=["wrong"] ex="02.4" expect="falls towards 0" expect_zh="降向 0"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    length = T_0
    while t >= length:
        t, length = t - length, length * T_mult
    return lr * (1 + math.cos(math.pi * t / length)) / 2

# %% tags=["wrong"] ex="02.4" expect="the peak is lr \+ eta_min" expect_zh="峰值成了 lr \+ eta_min"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    length = T_0
    while t >= length:
        t, length = t - length, length * T_mult
    return eta_min + lr * (1 + math.cos(math.pi * t / length)) / 2

# %% tags=["wrong"] ex="02.4" expect="the peaks shrink" expect_zh="峰值越来越低"
def warm_restarts(t, lr, T_0, T_mult, eta_min):
    length = T_0
    while t >= length:
        t, length, lr = t - length, length * T_mult, lr / 2
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / length)) / 2

# %% [markdown] lang="en" tags=["card"]
# ## 02.5 · Build the plateau controller
#
# **Difficulty** ●●● · **Time** 30 minutes · **Expected result** the same learning rates as torch, over noisy metrics
#
# `ReduceLROnPlateau` is the only scheduler that looks at the training. Write it: `Plateau(...).step(metric)` takes the
# metric of an epoch and returns the learning rate from the next epoch on.
#
# 1. An epoch is *better* if its metric beats the best one so far by the relative `threshold`: below
#    `best · (1 − threshold)` in mode `"min"`, above `best · (1 + threshold)` in mode `"max"`. The first is always better.
# 2. A better epoch becomes the best; any other is *bad*. Count the bad epochs in a row.
# 3. More than `patience` of them: multiply the learning rate by `factor`, but not below `min_lr`, count from 0 again,
#    and begin a cooldown.
# 4. During the `cooldown` epochs that follow, the count stays at 0. The best is still kept.
#
# <details><summary>Hint 1</summary>
#
# Three things have to outlast a call of `step`: the best metric, the count of bad epochs, and the epochs of cooldown
# that are left. Set them up in `__init__`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Do the rules in order: judge the metric, keep or count, let the cooldown overrule the count, then cut if it is time.
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `patience=2`, two bad epochs are borne and the third cuts. What is the count then, right before the cut?
# </details>

# %% [markdown] lang="zh" of="ada1c099"
# ## 02.5 · 搭建平台期控制器
#
# **难度** ●●● · **用时** 30 分钟 · **预期结果** 面对带噪声的指标，得到与 torch 相同的学习率
#
# `ReduceLROnPlateau` 是唯一会观察训练情况的调度器。请把它写出来：`Plateau(...).step(metric)` 接收一轮的指标，
# 返回从下一轮起的学习率。
#
# 1. 如果一轮的指标比迄今的最好值还要好出相对量 `threshold`，这一轮就算*更好*：`"min"` 模式下低于
#    `best · (1 − threshold)`，`"max"` 模式下高于 `best · (1 + threshold)`。第一轮总是更好。
# 2. 更好的一轮成为新的最好值；其余都是*坏轮*。数一数连续的坏轮。
# 3. 坏轮数超过 `patience` 时：学习率乘以 `factor`，但不低于 `min_lr`；计数归零，并开始冷却期。
# 4. 在随后的 `cooldown` 轮内，计数保持为 0，最好值照常更新。
#
# <details><summary>提示 1</summary>
#
# 有三样东西要在两次调用 `step` 之间保留下来：最好的指标、坏轮的计数、剩余的冷却轮数。在 `__init__` 中把它们准备好。
# </details>
#
# <details><summary>提示 2</summary>
#
# 按规则的顺序来：评判指标，更新最好值或计数，让冷却期否决计数，最后在该降的时候降低。
# </details>
#
# <details><summary>提示 3</summary>
#
# `patience=2` 时，容忍两个坏轮，第三个才降低。降低之前的那一刻，计数是多少？
# </details>

# %% tags=["answer"] name="Plateau" ex="02.5"
class Plateau:
    """A learning rate that is cut when a metric stops getting better."""

    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.mode, self.factor, self.patience = lr, mode, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        ### BEGIN SOLUTION
        self.best, self.bad, self.cooling = None, 0, 0
        ### END SOLUTION

    def step(self, metric):
        """Take an epoch's metric; return the learning rate from the next epoch on."""
        ### BEGIN SOLUTION
        if self.best is None:
            better = True
        elif self.mode == "min":
            better = metric < self.best * (1 - self.threshold)
        else:
            better = metric > self.best * (1 + self.threshold)
        if better:
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad = 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr
        ### END SOLUTION

# %% tags=["check"] ex="02.5" points=5
check("02.5", Plateau)

# %% tags=["show"] name="beside-torch"
arguments = dict(mode="min", factor=0.5, patience=1, threshold=0.01, cooldown=2, min_lr=0.02)
metrics = [0.9, 0.7, 0.71, 0.72, 0.68, 0.69, 0.695, 0.7, 0.66, 0.659, 0.67, 0.68, 0.66, 0.65, 0.66, 0.65, 0.66]
with once_solved():
    mine, theirs = Plateau(lr=0.1, **arguments), new_optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(theirs, **arguments)
    for epoch, metric in enumerate(metrics):
        scheduler.step(metric)
        print(f"{epoch:2}  {metric:<5}  mine {mine.step(metric):.3f}  torch {theirs.param_groups[1]['lr']:.3f}")

# %% [markdown] lang="en" tags=["solution"]
# This is feedback control: the learning rate answers to what the training does, not to a clock. The controller sees
# only the best value and a count, so noise looks like progress now and then and keeps the learning rate up, while a run
# of bad luck cuts it too soon. `patience` trades one for the other.
#
# torch does one thing more: it leaves the learning rate alone where the cut would change it by less than `eps=1e-8`.

# %% [markdown] lang="zh" of="0c880553"
# 这就是反馈控制：学习率回应的是训练的表现，而不是时钟。控制器只看得到最好值和一个计数，
# 所以噪声偶尔看起来像进步，让学习率迟迟不降；而一连串坏运气又会让它降得太早。`patience` 就是在两者之间权衡。
#
# torch 还多做一件事：如果降低的幅度小于 `eps=1e-8`，就保持学习率不变。

# %% tags=["wrong"] ex="02.5" expect="epoch \d+: expected.*cut one epoch early" expect_zh="第 \d+ 轮：应为.*早降了一轮"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.best, self.bad, self.cooling = None, 0, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad >= self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="compared with the epoch before" expect_zh="与上一轮比较"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.last, self.bad, self.cooling = None, 0, 0

    def step(self, metric):
        if self.last is None or self.sign * metric < self.last * (self.sign - self.threshold):
            self.bad = 0
        else:
            self.bad += 1
        self.last = metric
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="larger is better" expect_zh="越大越好"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.factor, self.patience = lr, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.best, self.bad, self.cooling = float("inf"), 0, 0

    def step(self, metric):
        if metric < self.best * (1 - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="counted from 0 again" expect_zh="重新从 0 计"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.best, self.bad, self.cooling = None, 0, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.cooling = self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="have to come in a row" expect_zh="坏轮必须是连续的"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.best, self.bad, self.cooling = None, 0, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best = metric
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="no cooldown" expect_zh="没有冷却期"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.min_lr, self.best, self.bad = threshold, min_lr, None, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.lr, self.bad = max(self.lr * self.factor, self.min_lr), 0
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="within the cooldown was missed" expect_zh="漏掉了冷却期内"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.min_lr = threshold, cooldown, min_lr
        self.best, self.bad, self.cooling = None, 0, 0

    def step(self, metric):
        if self.cooling:
            self.cooling -= 1
            return self.lr
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="less than `threshold`" expect_zh="改善不到 `threshold`"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.cooldown, self.min_lr, self.best, self.bad, self.cooling = cooldown, min_lr, None, 0, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.sign * self.best:
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = max(self.lr * self.factor, self.min_lr)
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% tags=["wrong"] ex="02.5" expect="below min_lr" expect_zh="低于 min_lr"
class Plateau:
    def __init__(self, lr, mode, factor, patience, threshold, cooldown, min_lr):
        self.lr, self.sign, self.factor, self.patience = lr, 1 if mode == "min" else -1, factor, patience
        self.threshold, self.cooldown, self.best, self.bad, self.cooling = threshold, cooldown, None, 0, 0

    def step(self, metric):
        if self.best is None or self.sign * metric < self.best * (self.sign - self.threshold):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.lr = self.lr * self.factor
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

# %% [markdown] lang="en" tags=["card"]
# ## 02.6 · Count the updates
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** `total_steps` is `90` for 1000 samples in batches of 30, 4 batches an update, 10 epochs
#
# `OneCycleLR` is stepped after every update and has to know how many there will be: too few and it climbs again, then
# raises; too many and it never comes down. Write `one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr)`,
# which returns the right scheduler for this loop:
#
# - an epoch goes through all samples in batches of `batch_size`; the last batch may be smaller;
# - gradients are accumulated: one update after every `accumulate` batches, and one for what is left over at the end of
#   the epoch.
#
# <details><summary>Hint 1</summary>
#
# Work from the inside out: batches in an epoch, updates in an epoch, updates in the run.
# </details>
#
# <details><summary>Hint 2</summary>
#
# 1000 samples in batches of 30: the last batch holds 10, and counts. Which way do you have to round?
# </details>
#
# <details><summary>Hint 3</summary>
#
# The same happens once more, with batches and updates in place of samples and batches.
# </details>

# %% [markdown] lang="zh" of="e14257c7"
# ## 02.6 · 数清更新次数
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** 1000 个样本、每批 30 个、每 4 批更新一次、10 轮时，`total_steps` 为 `90`
#
# `OneCycleLR` 在每次更新之后步进，并且必须事先知道总共有多少次更新：少了，它会重新上升，接着报错；多了，它永远降不到底。
# 写出 `one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr)`，为下面的训练循环返回正确的调度器：
#
# - 每轮按 `batch_size` 分批遍历全部样本；最后一批可能较小；
# - 梯度累积：每 `accumulate` 批更新一次，每轮末尾剩下的批次再更新一次。
#
# <details><summary>提示 1</summary>
#
# 由内向外算：一轮有几批，一轮有几次更新，整个训练有几次更新。
# </details>
#
# <details><summary>提示 2</summary>
#
# 1000 个样本，每批 30 个：最后一批只有 10 个，也算一批。应该朝哪个方向取整？
# </details>
#
# <details><summary>提示 3</summary>
#
# 同样的事还要再来一次，只是把样本和批次换成批次和更新。
# </details>

# %% tags=["answer"] name="one_cycle" ex="02.6"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    """A OneCycleLR that ends with the run's last update."""
    ### BEGIN SOLUTION
    batches = math.ceil(samples / batch_size)
    updates = math.ceil(batches / accumulate)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs * updates)
    ### END SOLUTION

# %% tags=["check"] ex="02.6" points=2
check("02.6", one_cycle)

# %% [markdown] lang="en" tags=["solution"]
# `len(loader)` is the number of batches, rounded up unless `drop_last=True`; the accumulation is yours to count, and so
# are several processes. Most reports of a one-cycle run that "rebounds" or raises come from this line.

# %% [markdown] lang="zh" of="3ed50cdf"
# `len(loader)` 就是批次数，除非 `drop_last=True`，否则向上取整；梯度累积要你自己算进去，多进程也一样。
# 关于单周期“回升”或报错的反馈，大多出在这一行。

# %% tags=["solution"]
scheduler = one_cycle(new_optimizer(), samples=1000, batch_size=30, accumulate=4, epochs=10, max_lr=[0.02, 0.1])
print(scheduler.total_steps)

# %% tags=["wrong"] ex="02.6" expect="counted in epochs" expect_zh="按轮计"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs)

# %% tags=["wrong"] ex="02.6" expect="is one epoch's" expect_zh="只够一轮"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    updates = math.ceil(math.ceil(samples / batch_size) / accumulate)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=updates)

# %% tags=["wrong"] ex="02.6" expect="batches counted, not updates" expect_zh="数的是批次，不是更新"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    batches = math.ceil(samples / batch_size)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, epochs=epochs, steps_per_epoch=batches)

# %% tags=["wrong"] ex="02.6" expect="last, smaller batch" expect_zh="较小的批次也算"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    updates = math.ceil(samples // batch_size / accumulate)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs * updates)

# %% tags=["wrong"] ex="02.6" expect="rounded down\? The batches left over" expect_zh="向下取整了？每轮末尾剩下的批次"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    updates = math.ceil(samples / batch_size) // accumulate
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs * updates)

# %% tags=["wrong"] ex="02.6" expect="round up within the epoch" expect_zh="在每一轮内向上取整"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    batches = epochs * math.ceil(samples / batch_size)
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=math.ceil(batches / accumulate))

# %% tags=["wrong"] ex="02.6" expect="samples counted" expect_zh="数的是样本"
def one_cycle(optimizer, samples, batch_size, accumulate, epochs, max_lr):
    return lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs * samples)
