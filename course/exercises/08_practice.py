# %% [markdown] lang="en"
# # Exercises 08 · At work
#
# Five exercises, from ten minutes to half an hour: six broken loops to mend, a run to save and resume, a choice to make.
# A repaired loop is judged by the learning rates it uses, and by what `watch` finds in it: nothing.

# %% [markdown] lang="zh" of="e6e69bab"
# # 练习 08 · 实战
#
# 五道练习，从十分钟到半小时：六个坏掉的循环要修，一次训练要保存并续训，还有一个选择要做。
# 修好与否看两点：循环实际使用的学习率，以及 `watch` 是否再也挑不出毛病。

# %% lang="en" tags=["setup"]
import numpy as np
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, SequentialLR,
)

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.practice.mistakes import trial

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import numpy as np
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, SequentialLR,
)

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.practice.mistakes import trial

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 08.1 · At the wrong time
#
# **Difficulty** ●○○ · **Time** 10 minutes · **Expected result** two loops in which `watch` finds nothing
#
# `broken_1` means a one-cycle over all updates, which moves every update. `broken_2` means drops after epochs 2
# and 4: epochs 0 and 1 at the full rate, 2 and 3 at a tenth. Neither does so. Write `loop_1` and `loop_2`, which do.
#
# - `train(batch)` makes the forward and backward pass and the optimizer's step.
# - Look at what `watch` says first: the cell below prints it.
#
# <details><summary>Hint 1</summary>
#
# How often does each scheduler step, and in which unit is its argument?
# </details>
#
# <details><summary>Hint 2</summary>
#
# The $k$-th step sets the rate of what comes *after* it.
# </details>

# %% [markdown] lang="zh" of="90436f27"
# ## 08.1 · 时刻不对
#
# **难度** ●○○ · **用时** 10 分钟 · **预期结果** 两个循环，`watch` 在其中什么也找不到
#
# `broken_1` 的本意是覆盖全部更新步、每步都变化的单周期。`broken_2` 的本意是在第 2 轮和第 4 轮之前下降：第 0、1 轮用满学习率，
# 第 2、3 轮用十分之一。两者都没有做到。写出做得到的 `loop_1` 和 `loop_2`。
#
# - `train(batch)` 完成前向、反向以及优化器的一步。
# - 先看看 `watch` 怎么说：下面的单元格会打印出来。
#
# <details><summary>提示 1</summary>
#
# 每个调度器多久 step 一次？它的参数以什么为单位？
# </details>
#
# <details><summary>提示 2</summary>
#
# 第 $k$ 次 step 设定的是它*之后*的学习率。
# </details>

# %%
def broken_1(opt, loader, epochs, train):
    sched = OneCycleLR(opt, max_lr=0.1, total_steps=epochs * len(loader), cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        sched.step()


def broken_2(opt, loader, epochs, train):
    sched = MultiStepLR(opt, milestones=[2, 4])
    for _ in range(epochs):
        sched.step()
        for batch in loader:
            train(batch)


print(trial(broken_1), trial(broken_2), sep="\n\n")

# %% tags=["answer"] name="wrong_time" ex="08.1"
def loop_1(optimizer, loader, epochs, train):
    """A one-cycle over all updates."""
    ### BEGIN SOLUTION
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs * len(loader), cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()
    ### END SOLUTION


def loop_2(optimizer, loader, epochs, train):
    """Drops by ten before epochs 2 and 4."""
    ### BEGIN SOLUTION
    scheduler = MultiStepLR(optimizer, milestones=[2, 4])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step()
    ### END SOLUTION

# %% tags=["check"] ex="08.1" points=3
check("08.1", (loop_1, loop_2))

# %% tags=["show"]
with once_solved():
    print(trial(loop_1), trial(loop_2), sep="\n")

# %% [markdown] lang="en" tags=["solution"]
# One line moved, in each. The first loop's unit is the update, so its step stands in the inner loop; the second's is the
# epoch, so it stands after it. In both the optimizer comes first: the scheduler sets the rate of what follows.

# %% [markdown] lang="zh" of="699016e2"
# 两个循环各挪动了一行。第一个以更新步为单位，所以 step 在内层循环里；第二个以轮为单位，所以在内层循环之后。
# 两者都是优化器在前：调度器设定的是随后的学习率。

# %% tags=["wrong"] ex="08.1" expect="both loops are as they were.*watch finds: scheduler-before-optimizer, stepped-per-epoch" expect_zh="两个循环都还是原样.*watch 发现"
loop_1, loop_2 = broken_1, broken_2

# %% tags=["wrong"] ex="08.1" expect="the rate now moves once an epoch" expect_zh="学习率现在每轮才变一次"
def loop_1(optimizer, loader, epochs, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs, cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step()


def loop_2(optimizer, loader, epochs, train):
    scheduler = MultiStepLR(optimizer, milestones=[2, 4])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step()

# %% tags=["wrong"] ex="08.1" expect="stepped more often than its total_steps" expect_zh="step 次数超过了 total_steps"
def loop_1(optimizer, loader, epochs, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs, cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()


def loop_2(optimizer, loader, epochs, train):
    scheduler = MultiStepLR(optimizer, milestones=[2, 4])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step()

# %% tags=["wrong"] ex="08.1" expect="first loop, update 0.*every update uses the next one's rate" expect_zh="第一个循环，第 0 步.*每个更新步都用了下一步的学习率"
def loop_1(optimizer, loader, epochs, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs * len(loader), cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            scheduler.step()
            train(batch)


def loop_2(optimizer, loader, epochs, train):
    scheduler = MultiStepLR(optimizer, milestones=[2, 4])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step()

# %% tags=["wrong"] ex="08.1" expect="second loop, update \d+.*cold within the first epoch" expect_zh="第二个循环，第 \d+ 步.*第一轮之内就冷了"
def loop_1(optimizer, loader, epochs, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs * len(loader), cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()


def loop_2(optimizer, loader, epochs, train):
    scheduler = MultiStepLR(optimizer, milestones=[2, 4])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.1" expect="the learning rates are right, but watch still finds scheduler-before-optimizer" expect_zh="学习率对了，但 watch 仍然发现 scheduler-before-optimizer"
def loop_1(optimizer, loader, epochs, train):
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=epochs * len(loader), cycle_momentum=False)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()


def loop_2(optimizer, loader, epochs, train):
    scheduler = MultiStepLR(optimizer, milestones=[3, 5])
    for _ in range(epochs):
        scheduler.step()
        for batch in loader:
            train(batch)

# %% [markdown] lang="en" tags=["card"]
# ## 08.2 · Of the wrong length
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** two cosines that end near 0 with the run
#
# `broken_3` adds up the gradients of four batches before each update, and means a cosine over all updates. `broken_4`
# means five updates of warm-up, then a cosine to the end of the run. Write `loop_3` and `loop_4`.
#
# - `backward(batch)` adds to the gradients; the number of batches is a multiple of four.
#
# <details><summary>Hint 1</summary>
#
# Count: how often does each scheduler step in the whole run? And each part of the second one?
# </details>
#
# <details><summary>Hint 2</summary>
#
# A part of a `SequentialLR` starts its own count at its milestone.
# </details>

# %% [markdown] lang="zh" of="617564d0"
# ## 08.2 · 长度不对
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** 两条余弦，都在训练结束时接近 0
#
# `broken_3` 先累加四个批次的梯度再更新一次，本意是覆盖全部更新步的余弦。`broken_4` 的本意是五个更新步的预热，
# 然后沿余弦降到训练结束。写出 `loop_3` 和 `loop_4`。
#
# - `backward(batch)` 把梯度累加进去；批次数是四的倍数。
#
# <details><summary>提示 1</summary>
#
# 数一数：整个训练中每个调度器 step 多少次？第二个循环里的每一部分呢？
# </details>
#
# <details><summary>提示 2</summary>
#
# `SequentialLR` 的每一部分都从自己的里程碑处开始计数。
# </details>

# %%
def broken_3(opt, loader, epochs, backward):
    sched = CosineAnnealingLR(opt, T_max=epochs * len(loader))
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                opt.step()
                opt.zero_grad()
                sched.step()


def broken_4(opt, loader, epochs, train):
    warm, cool = LinearLR(opt, start_factor=0.1, total_iters=5), CosineAnnealingLR(opt, T_max=epochs * len(loader))
    sched = SequentialLR(opt, [warm, cool], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            sched.step()


print(trial(broken_3, accumulate=4), trial(broken_4), sep="\n\n")

# %% tags=["answer"] name="wrong_length" ex="08.2"
def loop_3(optimizer, loader, epochs, backward):
    """A cosine over all updates, each made of four batches."""
    ### BEGIN SOLUTION
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()
    ### END SOLUTION


def loop_4(optimizer, loader, epochs, train):
    """Five updates of warm-up, then a cosine that ends with the run."""
    ### BEGIN SOLUTION
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()
    ### END SOLUTION

# %% tags=["check"] ex="08.2" points=3
check("08.2", (loop_3, loop_4))

# %% tags=["show"]
with once_solved():
    print(trial(loop_3, accumulate=4), trial(loop_4), sep="\n")

# %% [markdown] lang="en" tags=["solution"]
# A length is a number of steps *of that scheduler*. Four batches make one step, so a quarter; five steps are gone when the
# cosine's turn comes, so five fewer. Compute it from `epochs * len(loader)`, and it stays right when the data change.

# %% [markdown] lang="zh" of="f053cb0b"
# 长度就是*这个调度器*的 step 次数。四个批次才有一个 step，所以是四分之一；轮到余弦时已经过了五步，所以少五步。
# 由 `epochs * len(loader)` 算出来，数据变了它也仍然正确。

# %% tags=["wrong"] ex="08.2" expect="both loops are as they were.*horizon-mismatch" expect_zh="两个循环都还是原样.*horizon-mismatch"
loop_3, loop_4 = broken_3, broken_4

# %% tags=["wrong"] ex="08.2" expect="second loop.*five steps less than the run" expect_zh="第二个循环.*比整个训练少五步"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


loop_4 = broken_4

# %% tags=["wrong"] ex="08.2" expect="first loop.*step where the optimizer does" expect_zh="第一个循环.*与优化器在同一处 step"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.2" expect="T_max is the number of epochs, but it steps every update.*cosine-rebound" expect_zh="T_max 是轮数，但它每个更新步都 step"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.2" expect="the milestone is where the warm-up ends" expect_zh="里程碑是预热结束之处"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[epochs * len(loader) - 5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.2" expect="first loop.*zero_grad\(\) belongs" expect_zh="第一个循环.*zero_grad\(\) 应紧跟"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.2" expect="second loop, update \d+.*the cosine has N − 5 steps" expect_zh="第二个循环，第 \d+ 步.*余弦有 N − 5 个 step"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 4)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.2" expect="the warm-up itself was right; leave it" expect_zh="预热本来就是对的"
def loop_3(optimizer, loader, epochs, backward):
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) // 4)
    for _ in range(epochs):
        for i, batch in enumerate(loader):
            backward(batch)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


def loop_4(optimizer, loader, epochs, train):
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=4)
    cosine = CosineAnnealingLR(optimizer, T_max=epochs * len(loader) - 5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% [markdown] lang="en" tags=["card"]
# ## 08.3 · With the wrong values
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** a first rate that is not 0, and none below 0
#
# `broken_5` means: halve the rate whenever an epoch ends without a new lowest validation loss. `broken_6` means a straight
# line from the base rate at update 0 to 0 at update N, one past the last, times a warm-up that grows in equal steps,
# none of them 0, and is 1 at update `warmup`. Write `loop_5` and `loop_6`.
#
# - `validate()` returns the validation loss; call it once an epoch.
#
# <details><summary>Hint 1</summary>
#
# What does a `ReduceLROnPlateau` compare each call's value with?
# </details>
#
# <details><summary>Hint 2</summary>
#
# How many updates does this run make? The loop can compute it.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For `warmup=4`: five equal steps from 0 to 1, without the 0 (exercise 05.2).
# </details>

# %% [markdown] lang="zh" of="bbc7389a"
# ## 08.3 · 取值不对
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** 第一个学习率不为 0，也没有任何一个小于 0
#
# `broken_5` 的本意是：只要一轮结束时验证损失没有创新低，学习率就减半。`broken_6` 的本意是一条直线，第 0 步为基准学习率，
# 第 N 步（最后一步的下一步）为 0，再乘以预热：预热每步升高相同的量，没有一步为 0，到第 `warmup` 步为 1。
# 写出 `loop_5` 和 `loop_6`。
#
# - `validate()` 返回验证损失；每轮调用一次。
#
# <details><summary>提示 1</summary>
#
# `ReduceLROnPlateau` 把每次调用传入的值与什么比较？
# </details>
#
# <details><summary>提示 2</summary>
#
# 这次训练共有多少个更新步？循环自己就能算出来。
# </details>
#
# <details><summary>提示 3</summary>
#
# `warmup=4` 时：把 0 到 1 五等分，去掉 0（练习 05.2）。
# </details>

# %%
def broken_5(opt, loader, epochs, train, validate):
    sched = ReduceLROnPlateau(opt, factor=0.5, patience=0)
    for epoch in range(epochs):
        for batch in loader:
            train(batch)
        sched.step(epoch)


def broken_6(opt, loader, epochs, train, warmup):
    sched = LambdaLR(opt, lambda t: min(1, t / warmup) * (1 - t / 50))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            sched.step()


print(trial(broken_5, lambda: 1.0), trial(broken_6, 5, batches=10), sep="\n\n")

# %% tags=["answer"] name="wrong_values" ex="08.3"
def loop_5(optimizer, loader, epochs, train, validate):
    """Halve the learning rate when an epoch ends without a new lowest validation loss."""
    ### BEGIN SOLUTION
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())
    ### END SOLUTION


def loop_6(optimizer, loader, epochs, train, warmup):
    """A warm-up that wastes nothing, times a line to 0."""
    ### BEGIN SOLUTION
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()
    ### END SOLUTION

# %% tags=["check"] ex="08.3" points=3
check("08.3", (loop_5, loop_6))

# %% tags=["show"]
with once_solved():
    print(trial(loop_5, lambda: 1.0), trial(loop_6, 5, batches=10), sep="\n")

# %% [markdown] lang="en" tags=["solution"]
# `step(epoch)` was right for schedulers of old, and a plateau takes the number without a word: it grows, so it looks like a
# loss that gets worse. And a function of t is asked for every t; one that knows its own end cannot pass it.

# %% [markdown] lang="zh" of="57d3cd39"
# `step(epoch)` 对旧式调度器是对的，而 plateau 会一声不响地收下这个数：它不断增大，看上去就像越来越差的损失。
# 另外，t 的函数会被问到每一个 t；知道自己终点的函数才不会越过它。

# %% tags=["wrong"] ex="08.3" expect="both loops are as they were.*plateau-without-metric, zero-first-lr" expect_zh="两个循环都还是原样.*plateau-without-metric、zero-first-lr"
loop_5, loop_6 = broken_5, broken_6

# %% tags=["wrong"] ex="08.3" expect="first loop.*it watches the loss of the last batch" expect_zh="第一个循环.*它监视的是最后一个批次的损失"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(epochs):
        for batch in loader:
            loss = train(batch)
        scheduler.step(loss)


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="second loop, update 0.*moves nothing" expect_zh="第二个循环，第 0 步.*什么也没动"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, t / warmup) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="a floor at 0 hides it" expect_zh="0 下限只是掩盖"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())


def loop_6(optimizer, loader, epochs, train, warmup):
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * max(0, 1 - t / 50))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="the warm-up arrives one update early" expect_zh="预热早到了一步"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / warmup) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="first loop.*patience=1 lets one epoch" expect_zh="第一个循环.*patience=1 会放过一轮"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="first loop.*own factor is 0\.1" expect_zh="第一个循环.*默认因子是 0\.1"
def loop_5(optimizer, loader, epochs, train, validate):
    scheduler = ReduceLROnPlateau(optimizer, patience=0)
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        scheduler.step(validate())


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% tags=["wrong"] ex="08.3" expect="first loop.*compares with the epoch before" expect_zh="第一个循环.*与上一轮比较"
def loop_5(optimizer, loader, epochs, train, validate):
    before = float("inf")
    for _ in range(epochs):
        for batch in loader:
            train(batch)
        loss = validate()
        for group in optimizer.param_groups:
            group["lr"] *= 1 if loss < before else 0.5
        before = loss


def loop_6(optimizer, loader, epochs, train, warmup):
    updates = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda t: min(1, (t + 1) / (warmup + 1)) * (1 - t / updates))
    for _ in range(epochs):
        for batch in loader:
            train(batch)
            scheduler.step()

# %% [markdown] lang="en" tags=["card"]
# ## 08.4 · Save and resume
#
# **Difficulty** ●●○ · **Time** 25 minutes · **Expected result** the same weights as a run that was never stopped
#
# Without `lrcourse.practice`: write `save(path, model, optimizer, scheduler, t)` and
# `load(path, model, optimizer, scheduler)`, which puts a run back into freshly built objects and returns `t`, the number
# of updates made. The run draws its batches and its dropout from torch's random numbers.
#
# - The file has to be readable with `torch.load(path, weights_only=True)`.
#
# <details><summary>Hint 1</summary>
#
# Which four things besides `t` change during a run? Three have a `state_dict`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.get_rng_state()` is a tensor; there is a function to set it.
# </details>

# %% [markdown] lang="zh" of="4f4b8ebf"
# ## 08.4 · 保存与续训
#
# **难度** ●●○ · **用时** 25 分钟 · **预期结果** 与从未中断的训练有相同的权重
#
# 不用 `lrcourse.practice`：写出 `save(path, model, optimizer, scheduler, t)` 和 `load(path, model, optimizer, scheduler)`，
# 后者把一次训练放回新构建的对象里，并返回 `t`，即已完成的更新步数。这次训练的批次和 dropout 都取自 torch 的随机数。
#
# - 文件必须能用 `torch.load(path, weights_only=True)` 读出。
#
# <details><summary>提示 1</summary>
#
# 除 `t` 之外，训练过程中还有哪四样东西在变？其中三样有 `state_dict`。
# </details>
#
# <details><summary>提示 2</summary>
#
# `torch.get_rng_state()` 是一个张量；另有一个函数可以设定它。
# </details>

# %% tags=["answer"] name="save_and_load" ex="08.4"
def save(path, model, optimizer, scheduler, t):
    """Write the run, after t updates, to path."""
    ### BEGIN SOLUTION
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save({**states, "random": torch.get_rng_state(), "t": t}, path)
    ### END SOLUTION


def load(path, model, optimizer, scheduler):
    """Put the run back, and return t."""
    ### BEGIN SOLUTION
    run = torch.load(path, weights_only=True)
    model.load_state_dict(run["model"])
    optimizer.load_state_dict(run["optimizer"])
    scheduler.load_state_dict(run["scheduler"])
    torch.set_rng_state(run["random"])
    return run["t"]
    ### END SOLUTION

# %% tags=["check"] ex="08.4" points=4
check("08.4", (save, load))

# %% [markdown] lang="en" tags=["solution"]
# That is the heart of `practice.save`. It adds NumPy's and Python's random numbers, the loader, the mode of each part
# (`train` or `eval`), and writes beside the old file before it replaces it, so that a kill in the middle loses nothing.

# %% [markdown] lang="zh" of="084f41fe"
# 这就是 `practice.save` 的核心。它还保存 NumPy 和 Python 的随机数、loader、每个部分的模式（`train` 或 `eval`），
# 并且先写在旧文件旁边再替换，所以中途被杀掉也不会丢失任何东西。

# %% tags=["wrong"] ex="08.4" expect="the random numbers begin anew" expect_zh="随机数重新开始了"
def save(path, model, optimizer, scheduler, t):
    torch.save({"m": model.state_dict(), "o": optimizer.state_dict(), "s": scheduler.state_dict(), "t": t}, path)


def load(path, model, optimizer, scheduler):
    run = torch.load(path, weights_only=True)
    model.load_state_dict(run["m"])
    optimizer.load_state_dict(run["o"])
    scheduler.load_state_dict(run["s"])
    return run["t"]

# %% tags=["wrong"] ex="08.4" expect="optimizer and scheduler begin anew" expect_zh="优化器和调度器都重新开始了"
def save(path, model, optimizer, scheduler, t):
    torch.save({"m": model.state_dict(), "r": torch.get_rng_state(), "t": t}, path)


def load(path, model, optimizer, scheduler):
    run = torch.load(path, weights_only=True)
    model.load_state_dict(run["m"])
    torch.set_rng_state(run["r"])
    return run["t"]

# %% tags=["wrong"] ex="08.4" expect="the optimizer is a new one" expect_zh="优化器是全新的"
def save(path, model, optimizer, scheduler, t):
    torch.save({"m": model.state_dict(), "s": scheduler.state_dict(), "r": torch.get_rng_state(), "t": t}, path)


def load(path, model, optimizer, scheduler):
    run = torch.load(path, weights_only=True)
    model.load_state_dict(run["m"])
    scheduler.load_state_dict(run["s"])
    torch.set_rng_state(run["r"])
    return run["t"]

# %% tags=["wrong"] ex="08.4" expect="the scheduler begins at step 0 again" expect_zh="调度器又从第 0 步开始了"
def save(path, model, optimizer, scheduler, t):
    torch.save({"m": model.state_dict(), "o": optimizer.state_dict(), "r": torch.get_rng_state(), "t": t}, path)


def load(path, model, optimizer, scheduler):
    run = torch.load(path, weights_only=True)
    model.load_state_dict(run["m"])
    optimizer.load_state_dict(run["o"])
    torch.set_rng_state(run["r"])
    return run["t"]

# %% tags=["wrong"] ex="08.4" expect="save states, not objects" expect_zh="请保存状态，而不是对象"
def save(path, model, optimizer, scheduler, t):
    torch.save([model, optimizer.state_dict(), scheduler.state_dict(), torch.get_rng_state(), t], path)


def load(path, model, optimizer, scheduler):
    old, states, steps, random, t = torch.load(path, weights_only=False)
    model.load_state_dict(old.state_dict())
    optimizer.load_state_dict(states)
    scheduler.load_state_dict(steps)
    torch.set_rng_state(random)
    return t

# %% tags=["wrong"] ex="08.4" expect="load has to return t.*None" expect_zh="load 应返回 t.*None"
def save(path, model, optimizer, scheduler, t):
    torch.save([model.state_dict(), optimizer.state_dict(), scheduler.state_dict()], path)


def load(path, model, optimizer, scheduler):
    for part, state in zip((model, optimizer, scheduler), torch.load(path, weights_only=True), strict=True):
        part.load_state_dict(state)

# %% [markdown] lang="en" tags=["card"]
# ## 08.5 · Choose by evidence
#
# **Difficulty** ●●○ · **Time** 20 minutes · **Expected result** `choose(example)` is `"linear"`
#
# Six schedules were trained with the same eight seeds. `choose(losses)` gets a dict, from the simplest schedule to the
# most complicated: name → eight final losses, one for each seed. Return the *simplest* that is level with the best: its loss is
# at most 2 standard errors above that of the schedule with the lowest mean.
#
# - Same seeds: compare in pairs. The standard error of a mean is $s/\sqrt{n}$, with $s$ from `ddof=1`.
#
# <details><summary>Hint 1</summary>
#
# First the best: the name with the lowest mean. Then, for each name, eight differences to it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A dict keeps its order; a loop that returns at the first match returns the simplest.
# </details>

# %% [markdown] lang="zh" of="f4187359"
# ## 08.5 · 凭证据选择
#
# **难度** ●●○ · **用时** 20 分钟 · **预期结果** `choose(example)` 为 `"linear"`
#
# 六种调度用同样的八个随机种子训练过。`choose(losses)` 得到一个字典，从最简单的调度排到最复杂的：名字 → 八个最终损失，
# 每个种子一个。返回与最佳不分上下的*最简单*的一种：它的损失比平均值最低的那种至多高 2 个标准误。
#
# - 种子相同：要配对比较。平均值的标准误为 $s/\sqrt{n}$，其中 $s$ 用 `ddof=1` 计算。
#
# <details><summary>提示 1</summary>
#
# 先找最佳：平均值最低的名字。再对每个名字求出它与最佳的八个差。
# </details>
#
# <details><summary>提示 2</summary>
#
# 字典保持顺序；在第一个符合处就返回的循环，返回的就是最简单的。
# </details>

# %%
seed_noise = np.random.default_rng(0).normal(0, 0.1, 8)
own = np.random.default_rng(4).normal(0, 0.01, (3, 8))
example = {name: list(mean + seed_noise + noise)
           for name, mean, noise in zip(("constant", "linear", "WSD"), (0.70, 0.683, 0.68), own, strict=True)}

# %% tags=["answer"] name="choose" ex="08.5"
def choose(losses):
    """The simplest schedule that is level with the best."""
    ### BEGIN SOLUTION
    best = min(losses, key=lambda name: np.mean(losses[name]))
    for name in losses:
        difference = np.subtract(losses[name], losses[best])
        if difference.mean() <= 2 * difference.std(ddof=1) / np.sqrt(len(difference)):
            return name
    ### END SOLUTION

# %% tags=["check"] ex="08.5" points=3
check("08.5", choose)

# %% tags=["show"]
with once_solved():
    print(choose(example))

# %% [markdown] lang="en" tags=["solution"]
# The seeds' own spread, here ten times that of the schedules, drops out of the pairs. Level does not mean equal: with more
# seeds the error shrinks, and a difference that was there all the time comes out. And the rule cannot help a
# schedule that was not run at its best learning rate.

# %% [markdown] lang="zh" of="9c1024d7"
# 种子自身的离散程度在这里是调度的十倍，配对之后就消掉了。不分上下并不等于相等：种子越多误差越小，本来就有的差别会显现出来。
# 而没有用最佳学习率训练的调度，这条规则也帮不了它。

# %% tags=["wrong"] ex="08.5" expect="that is the lowest mean; a simpler one" expect_zh="这是平均值最低的"
def choose(losses):
    return min(losses, key=lambda name: np.mean(losses[name]))

# %% tags=["wrong"] ex="08.5" expect="take differences seed by seed" expect_zh="先逐个种子求差"
def choose(losses):
    best = min(losses, key=lambda name: np.mean(losses[name]))
    for name, values in losses.items():
        error = np.sqrt(np.var(values, ddof=1) + np.var(losses[best], ddof=1)) / np.sqrt(len(values))
        if np.mean(values) - np.mean(losses[best]) <= 2 * error:
            return name

# %% tags=["wrong"] ex="08.5" expect="smaller by √n" expect_zh="再除以 √n"
def choose(losses):
    best = min(losses, key=lambda name: np.mean(losses[name]))
    for name in losses:
        difference = np.subtract(losses[name], losses[best])
        if difference.mean() <= 2 * difference.std(ddof=1):
            return name

# %% tags=["wrong"] ex="08.5" expect="the last one that is level" expect_zh="不分上下的最后一种"
def choose(losses):
    best, found = min(losses, key=lambda name: np.mean(losses[name])), None
    for name in losses:
        difference = np.subtract(losses[name], losses[best])
        if difference.mean() <= 2 * difference.std(ddof=1) / np.sqrt(len(difference)):
            found = name
    return found

# %% tags=["wrong"] ex="08.5" expect="that allows one standard error" expect_zh="这只允许一个标准误"
def choose(losses):
    best = min(losses, key=lambda name: np.mean(losses[name]))
    for name in losses:
        difference = np.subtract(losses[name], losses[best])
        if difference.mean() <= difference.std(ddof=1) / np.sqrt(len(difference)):
            return name

# %% tags=["wrong"] ex="08.5" expect="expected '.*', found '.*s has ddof=1" expect_zh="应为 '.*s 要用 ddof=1"
def choose(losses):
    best = min(losses, key=lambda name: np.mean(losses[name]))
    for name in losses:
        difference = np.subtract(losses[name], losses[best])
        if difference.mean() <= 2 * difference.std() / np.sqrt(len(difference)):
            return name
