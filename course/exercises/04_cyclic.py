# %% [markdown] lang="en"
# # Exercises 04 · Cyclic
#
# Four exercises, from ten to twenty-five minutes. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="e089fb7f"
# # 练习 04 · 循环学习率
#
# 四道练习，从十分钟到二十五分钟。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import copy
import math

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, CyclicLR

import lrcourse
from lrcourse import cyclic, training
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled
from lrcourse.schedulers import record

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import copy
import math

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, CyclicLR

import lrcourse
from lrcourse import cyclic, training
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled
from lrcourse.schedulers import record

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 04.1 · Write the triangle
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** with 4 updates up and 2 down, update 5 lies halfway down
#
# Write `triangle(t, base_lr, max_lr, step_size_up, step_size_down)`: the learning rate that CyclicLR gives update `t`,
# in its mode `"triangular"`.
#
# <details><summary>Hint 1</summary>
#
# How long is one cycle? Which operator says how far into its cycle update `t` is?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two straight lines: one rises from 0 to 1 in `step_size_up` updates, the other falls back to 0 in `step_size_down`.
# Which of them holds, and when?
# </details>
#
# <details><summary>Hint 3</summary>
#
# A height between 0 and 1 becomes a learning rate between `base_lr` and `max_lr`. What do heights 0 and 1 have to give?
# </details>

# %% [markdown] lang="zh" of="6126b33b"
# ## 04.1 · 写出三角波
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** 上升 4 步、下降 2 步时，第 5 步处在下降的半途
#
# 写出 `triangle(t, base_lr, max_lr, step_size_up, step_size_down)`：CyclicLR 在 `"triangular"` 模式下给第 `t` 步的学习率。
#
# <details><summary>提示 1</summary>
#
# 一个周期有多长？哪个运算符能说出第 `t` 步在周期里走了多远？
# </details>
#
# <details><summary>提示 2</summary>
#
# 两条直线：一条用 `step_size_up` 步从 0 升到 1，另一条用 `step_size_down` 步降回 0。什么时候用哪一条？
# </details>
#
# <details><summary>提示 3</summary>
#
# 0 与 1 之间的高度要变成 `base_lr` 与 `max_lr` 之间的学习率。高度为 0 和 1 时应各得到什么？
# </details>

# %% tags=["answer"] name="triangle" ex="04.1"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    """The learning rate of update t = 0, 1, 2, ..."""
    ### BEGIN SOLUTION
    x = t % (step_size_up + step_size_down)
    height = x / step_size_up if x <= step_size_up else 1 - (x - step_size_up) / step_size_down
    return base_lr + (max_lr - base_lr) * height
    ### END SOLUTION

# %% tags=["check"] ex="04.1" points=2
check("04.1", triangle)

# %% tags=["show"]
@styled
def picture(trace):
    figure = Figure(7.2, 2.8, alt=f"{min(trace):.3g} … {max(trace):.3g}")
    axes = figure.subplots()
    axes.plot(trace, "o-", markersize=4)
    axes.set(xlabel=label("update", "更新步"), ylim=(0, None))
    axes.set_ylabel(label("learning rate", "学习率"))
    return figure


with once_solved():
    display(picture([triangle(t, 0.01, 0.1, 12, 5) for t in range(60)]))

# %% [markdown] lang="en" tags=["solution"]
# The remainder is what makes it periodic. With both halves of the same length it can be written in one line,
# `1 - abs(x / step_size_up - 1)`, as Smith's paper has it. A `t` that is an array needs `np.where` in place of `if`;
# `curves.cyclic_lr` does that.

# %% [markdown] lang="zh" of="0ba505e6"
# 周期性来自取余。若两半一样长，可以像 Smith 的论文那样写成一行：`1 - abs(x / step_size_up - 1)`。
# 若 `t` 是数组，就要用 `np.where` 代替 `if`；`curves.cyclic_lr` 正是这样做的。

# %% tags=["wrong"] ex="04.1" expect="one update early" expect_zh="早了一步"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    x = (t + 1) % (step_size_up + step_size_down)
    up, down = x / step_size_up, (step_size_up + step_size_down - x) / step_size_down
    return base_lr + (max_lr - base_lr) * min(up, down)

# %% tags=["wrong"] ex="04.1" expect="as many updates down as up" expect_zh="下降与上升的步数一样多"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    cycle = math.floor(1 + t / (2 * step_size_up))
    x = abs(t / step_size_up - 2 * cycle + 1)
    return base_lr + (max_lr - base_lr) * max(0, 1 - x)

# %% tags=["wrong"] ex="04.1" expect="the peak is base_lr \+ max_lr" expect_zh="峰值成了 base_lr"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    x = t % (step_size_up + step_size_down)
    return base_lr + max_lr * min(x / step_size_up, (step_size_up + step_size_down - x) / step_size_down)

# %% tags=["wrong"] ex="04.1" expect="drops back at the peak" expect_zh="到峰值就直接跌落"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    return base_lr + (max_lr - base_lr) * (t % step_size_up) / step_size_up

# %% tags=["wrong"] ex="04.1" expect="the way down counts from the peak" expect_zh="下降应从峰值处数起"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    x = t % (step_size_up + step_size_down)
    height = x / step_size_up if x <= step_size_up else 1 - x / step_size_down
    return base_lr + (max_lr - base_lr) * height

# %% tags=["wrong"] ex="04.1" expect="after the first cycle" expect_zh="第一个周期之后"
def triangle(t, base_lr, max_lr, step_size_up, step_size_down):
    height = t / step_size_up if t <= step_size_up else max(0, 1 - (t - step_size_up) / step_size_down)
    return base_lr + (max_lr - base_lr) * height

# %% [markdown] lang="en" tags=["card"]
# ## 04.2 · Let the peaks fall in a straight line
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** with `cycles=4`, the heights are 1, 0.75, 0.5, 0.25, then 0
#
# CyclicLR can halve its peaks, or multiply them; it cannot let them fall in a straight line. Write
# `falling_peaks(optimizer, base_lr, max_lr, step_size, cycles)`, which returns a CyclicLR that can:
#
# - each cycle rises for `step_size` updates and falls for as many;
# - the first peak has its full height above the base, the next ones fall evenly; cycle number `cycles + 1` would have
#   the height 0, and so have all later ones;
# - `base_lr` and `max_lr` are lists, one value a param group;
# - the momentum mirrors it: 0.95 in the valley, 0.85 at a full peak.
#
# <details><summary>Hint 1</summary>
#
# One argument of CyclicLR takes a function of your own. What is it given for the very first cycle: 0 or 1?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Write down the factors for `cycles=4`. What is the factor of cycle 5, of cycle 6?
# </details>

# %% [markdown] lang="zh" of="01ba9b9d"
# ## 04.2 · 让峰值沿直线下降
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** `cycles=4` 时，高度依次为 1、0.75、0.5、0.25，然后是 0
#
# CyclicLR 能让峰值减半，或乘以一个倍率，却不能让它们沿直线下降。写出
# `falling_peaks(optimizer, base_lr, max_lr, step_size, cycles)`，返回一个能做到的 CyclicLR：
#
# - 每个周期上升 `step_size` 步，再下降同样多步；
# - 第一个峰高出谷底的部分为满高，之后均匀下降；第 `cycles + 1` 个周期的高度应为 0，再往后也都是 0；
# - `base_lr` 和 `max_lr` 是列表，每个参数组一个值；
# - 动量与它互为镜像：谷底为 0.95，满高的峰处为 0.85。
#
# <details><summary>提示 1</summary>
#
# CyclicLR 有一个参数接受你自己的函数。对于第一个周期，传给它的是 0 还是 1？
# </details>
#
# <details><summary>提示 2</summary>
#
# 写下 `cycles=4` 时的各个倍率。第 5 个周期的倍率是多少，第 6 个呢？
# </details>

# %% tags=["answer"] name="falling_peaks" ex="04.2"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    """A CyclicLR whose peaks fall to the base in a straight line, over so many cycles."""
    ### BEGIN SOLUTION
    def scale(cycle):
        return max(0, (cycles + 1 - cycle) / cycles)

    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=scale, base_momentum=0.85, max_momentum=0.95
    )
    ### END SOLUTION

# %% tags=["check"] ex="04.2" points=3
check("04.2", falling_peaks)

# %% tags=["show"]
with once_solved():
    lrs = record(lambda optimizer: falling_peaks(optimizer, [0.01, 0.02], [0.1, 0.2], 10, 4), 100, lr=[1, 1])
    print(lrs[10::20].round(4).tolist())

# %% [markdown] lang="en" tags=["solution"]
# The factor scales the height above `base_lr`, and the momentum's depth below `max_momentum` with it: one function
# for both. A `scale_fn` that is a plain function is not saved in the state dict, so a run that resumes has to build the
# same one again.

# %% [markdown] lang="zh" of="e3229d7c"
# 这个倍率缩放的是高出 `base_lr` 的部分，动量低于 `max_momentum` 的部分也随之缩放：一个函数管两者。
# `scale_fn` 若是普通函数，就不会存进状态字典，所以断点续训时要重新构造同一个。

# %% tags=["wrong"] ex="04.2" expect="lr, update \d+, group 0.*cycle counted from 0" expect_zh="周期从 0 数起"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=lambda cycle: max(0, 1 - cycle / cycles),
        base_momentum=0.85, max_momentum=0.95,
    )

# %% tags=["wrong"] ex="04.2" expect="too steep" expect_zh="降得太快"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size,
        scale_fn=lambda cycle: max(0, (cycles - cycle) / (cycles - 1)), base_momentum=0.85, max_momentum=0.95,
    )

# %% tags=["wrong"] ex="04.2" expect="dives below base_lr" expect_zh="跌到 base_lr 以下"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=lambda cycle: 1 - (cycle - 1) / cycles,
        base_momentum=0.85, max_momentum=0.95,
    )

# %% tags=["wrong"] ex="04.2" expect="momentum, update 0, group 0.*CyclicLR's own momenta" expect_zh="CyclicLR 默认的动量"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=lambda cycle: max(0, 1 - (cycle - 1) / cycles)
    )

# %% tags=["wrong"] ex="04.2" expect="momentum stays where it was" expect_zh="动量没有动"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=lambda cycle: max(0, 1 - (cycle - 1) / cycles),
        cycle_momentum=False,
    )

# %% tags=["wrong"] ex="04.2" expect="group 1 has the rates of group 0" expect_zh="参数组 1 用了参数组 0"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr[0], max_lr[0], step_size_up=step_size,
        scale_fn=lambda cycle: max(0, 1 - (cycle - 1) / cycles), base_momentum=0.85, max_momentum=0.95,
    )

# %% tags=["wrong"] ex="04.2" expect="given the update, not the cycle" expect_zh="得到的是更新步而不是周期"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, scale_fn=lambda cycle: max(0, 1 - (cycle - 1) / cycles),
        scale_mode="iterations", base_momentum=0.85, max_momentum=0.95,
    )

# %% tags=["wrong"] ex="04.2" expect="triangular2" expect_zh="triangular2"
def falling_peaks(optimizer, base_lr, max_lr, step_size, cycles):
    return CyclicLR(
        optimizer, base_lr, max_lr, step_size_up=step_size, mode="triangular2", base_momentum=0.85, max_momentum=0.95
    )

# %% [markdown] lang="en" tags=["card"]
# ## 04.3 · Predict what escapes
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** for a swing between 0.01 and 0.07, about 0.89 after 3000 updates
#
# Balls lie in the left well of $f(x) = h\,(x^2 - 1)^2$. At temperature $T = \eta\sigma^2/2$ they escape at the rate
#
# $$k(\eta) = \eta\,\frac{h\sqrt{32}}{2\pi}\,e^{-h/T}$$
#
# an update: of those still inside, the share $e^{-k}$ is still inside after it.
#
# Write `share_escaped(lrs, height, sigma)`, the adiabatic prediction: `lrs` is a NumPy array, `lrs[t]` the learning rate
# of update `t`; the result has as many entries, the share of the balls that have escaped **after** update `t`.
#
# <details><summary>Hint 1</summary>
#
# First the rate of each update, as an array. What does `np.cumsum` make of it?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Each update multiplies the share still inside by its own $e^{-k}$. What is a product of exponentials?
# </details>

# %% [markdown] lang="zh" of="174622a0"
# ## 04.3 · 预测逃逸
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** 在 0.01 与 0.07 之间摆动时，3000 步之后约为 0.89
#
# 小球躺在 $f(x) = h\,(x^2 - 1)^2$ 左边的势阱里。温度为 $T = \eta\sigma^2/2$ 时，每个更新步的逃逸率为
#
# $$k(\eta) = \eta\,\frac{h\sqrt{32}}{2\pi}\,e^{-h/T}$$
#
# 也就是说：还在里面的小球，经过这一步之后仍留下 $e^{-k}$ 的比例。
#
# 写出绝热预测 `share_escaped(lrs, height, sigma)`：`lrs` 是 NumPy 数组，`lrs[t]` 是第 `t` 步的学习率；
# 结果的长度与之相同，给出第 `t` 步**之后**已逃逸小球的比例。
#
# <details><summary>提示 1</summary>
#
# 先求出每个更新步的逃逸率，存成数组。`np.cumsum` 会把它变成什么？
# </details>
#
# <details><summary>提示 2</summary>
#
# 每个更新步都让留在里面的比例乘以自己的 $e^{-k}$。许多指数相乘是什么？
# </details>

# %% tags=["answer"] name="share_escaped" ex="04.3"
def share_escaped(lrs, height, sigma):
    """The share of the balls that have escaped after each update, (updates,)."""
    ### BEGIN SOLUTION
    temperature = lrs * sigma**2 / 2
    k = lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-height / temperature)
    return 1 - np.exp(-np.cumsum(k))
    ### END SOLUTION

# %% tags=["check"] ex="04.3" points=3
check("04.3", share_escaped)

# %% tags=["show"]
@styled
def compared(predicted, seen):
    figure = Figure(7.2, 3, alt=label("predicted {:.3f}, seen {:.3f}", "预测 {:.3f}，所见 {:.3f}").format(predicted[-1], seen[-1]))
    axes = figure.subplots()
    axes.plot(seen, color="#D55E00")
    axes.plot(predicted, "--", color="black", linewidth=1.5)
    axes.legend([label("2000 balls", "2000 个小球"), label("your prediction", "你的预测")], loc="lower right")
    axes.set(xlabel=label("update", "更新步"), ylim=(0, 1))
    axes.set_ylabel(label("share escaped", "逃逸比例"))
    return figure


with once_solved():
    swing = cyclic.drive(0.01, 0.07, period=1000)
    display(compared(share_escaped(swing(np.arange(3000)), 1.0, 3.0), cyclic.escapes(swing, 3000, seed=0)))

# %% [markdown] lang="en" tags=["solution"]
# The staircase is the physics: it climbs in the heat and rests in the cold. Nothing in the formula knows the *order* of
# the learning rates or their period, so it cannot have a resonance; where the balls agree with it, neither have they.
# Try a period of 10: the balls fall short of the line.

# %% [markdown] lang="zh" of="a7b3ef53"
# 这段阶梯就是物理：热时攀升，冷时停歇。公式完全不知道学习率的*次序*或周期，所以它不可能有共振；
# 小球与它相符时，小球也就没有共振。试试周期 10：小球会低于这条线。

# %% tags=["wrong"] ex="04.3" expect="rate of the mean η is not the mean of the rates" expect_zh="平均 η 的逃逸率不等于"
def share_escaped(lrs, height, sigma):
    lr = lrs.mean()
    k = lr * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lr * sigma**2))
    return 1 - np.exp(-k * np.arange(1, len(lrs) + 1))

# %% tags=["wrong"] ex="04.3" expect="a sum of rates is no share" expect_zh="逃逸率之和不是比例"
def share_escaped(lrs, height, sigma):
    return np.cumsum(lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lrs * sigma**2)))

# %% tags=["wrong"] ex="04.3" expect="with the half" expect_zh="别漏了二分之一"
def share_escaped(lrs, height, sigma):
    return 1 - np.exp(-np.cumsum(lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-height / (lrs * sigma**2))))

# %% tags=["wrong"] ex="04.3" expect="1 − k is e\^\(−k\) only where k is small" expect_zh="只有 k 很小时"
def share_escaped(lrs, height, sigma):
    k = lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lrs * sigma**2))
    return 1 - np.cumprod(1 - k)

# %% tags=["wrong"] ex="04.3" expect="put brackets around 2π" expect_zh="给 2π 加上括号"
def share_escaped(lrs, height, sigma):
    k = lrs * height * np.sqrt(32) / 2 * np.pi * np.exp(-2 * height / (lrs * sigma**2))
    return 1 - np.exp(-np.cumsum(k))

# %% tags=["wrong"] ex="04.3" expect="share still inside" expect_zh="还留在里面的比例"
def share_escaped(lrs, height, sigma):
    return np.exp(-np.cumsum(lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lrs * sigma**2))))

# %% tags=["wrong"] ex="04.3" expect="mobility is missing" expect_zh="缺了迁移率"
def share_escaped(lrs, height, sigma):
    return 1 - np.exp(-np.cumsum(height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lrs * sigma**2))))

# %% tags=["wrong"] ex="04.3" expect="expected \d+ values, found one number" expect_zh="得到 一个数"
def share_escaped(lrs, height, sigma):
    return 1 - np.exp(-np.sum(lrs * height * np.sqrt(32) / (2 * np.pi) * np.exp(-2 * height / (lrs * sigma**2))))

# %% [markdown] lang="en" tags=["card"]
# ## 04.4 · Keep the snapshots
#
# **Difficulty** ●●● · **Time** 25 minutes · **Expected result** probabilities, `(examples, classes)`, each row with sum 1
#
# Write `snapshots(model, optimizer, batches, T_0, x)`. It trains `model` with cross-entropy, one update a batch, under
# CosineAnnealingWarmRestarts with cycles of `T_0` updates, stepped after every update; `batches` is a list of
# `(inputs, targets)` and holds whole cycles. It returns what the networks at the ends of all cycles say about `x`: the
# mean of their probabilities.
#
# <details><summary>Hint 1</summary>
#
# The first cycle is updates 0 … `T_0 - 1`. After which update is the network coldest?
# </details>
#
# <details><summary>Hint 2</summary>
#
# You need not keep networks if you ask each at once what it says about `x`. If you keep them: `model.state_dict()` holds
# the tensors themselves, which go on training.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Of outputs, softmax makes probabilities, along the axis of the classes. Before or after taking the mean?
# </details>

# %% [markdown] lang="zh" of="51f8ee36"
# ## 04.4 · 留住快照
#
# **难度** ●●● · **用时** 25 分钟 · **预期结果** 概率，形状 `(examples, classes)`，每行之和为 1
#
# 写出 `snapshots(model, optimizer, batches, T_0, x)`。它用交叉熵训练 `model`，每个批次一个更新步，
# 调度器为周期 `T_0` 步的 CosineAnnealingWarmRestarts，每步之后步进；`batches` 是由 `(inputs, targets)` 组成的列表，
# 正好是整数个周期。返回各周期末尾的网络对 `x` 的看法：它们的概率的平均。
#
# <details><summary>提示 1</summary>
#
# 第一个周期是第 0 … `T_0 - 1` 步。哪一步之后网络最冷？
# </details>
#
# <details><summary>提示 2</summary>
#
# 如果当场就问每个网络对 `x` 的看法，就不必保存网络。若要保存：`model.state_dict()` 里放的就是张量本身，它们会继续被训练。
# </details>
#
# <details><summary>提示 3</summary>
#
# softmax 沿类别的轴把输出变成概率。应在取平均之前还是之后？
# </details>

# %% tags=["answer"] name="snapshots" ex="04.4"
def snapshots(model, optimizer, batches, T_0, x):
    """Mean probabilities, (examples, classes), of the networks at the ends of all cycles."""
    ### BEGIN SOLUTION
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    members = []
    for t, (inputs, targets) in enumerate(batches):
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            with torch.no_grad():
                members.append(model(x).softmax(dim=-1))
    return torch.stack(members).mean(dim=0)
    ### END SOLUTION

# %% tags=["check"] ex="04.4" points=5
check("04.4", snapshots)

# %% tags=["show"]
with once_solved():
    data, model = training.digits(train=600, label_noise=0.2, seed=0), training.mlp((64, 64, 10), seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    rows = torch.randint(600, (200, 32), generator=torch.Generator().manual_seed(0))
    together = snapshots(model, optimizer, [(data.x[r], data.y[r]) for r in rows], 50, data.x_test).argmax(1)
    alone = model(data.x_test).argmax(1)
    print("wrong: the last network", (alone != data.y_test).sum().item(), " the snapshots", (together != data.y_test).sum().item())

# %% [markdown] lang="en" tags=["solution"]
# Asking at once needs one row of probabilities a member, and no copy of any network. To use the ensemble on inputs that
# come later, keep `copy.deepcopy(model.state_dict())` instead, as `cyclic.snapshot_ensemble` does in its way.
#
# Probabilities, not outputs: the mean of outputs is a geometric mean of probabilities, in which one sure member can
# outvote all others. Weights cannot be averaged safely at all: between two minima there may be a barrier.

# %% [markdown] lang="zh" of="75a4cbfa"
# 当场询问，每个成员只需一份概率，不必复制任何网络。若要把集成用于以后的输入，就改为保存
# `copy.deepcopy(model.state_dict())`，`cyclic.snapshot_ensemble` 也以自己的方式这样做。
#
# 要平均概率而不是输出：输出的平均是概率的几何平均，一个过于自信的成员就能压倒其余所有成员。
# 权重则根本不能放心地平均：两个极小值之间可能隔着势垒。

# %% tags=["wrong"] ex="04.4" expect="example 0, class 0.*kept without a copy" expect_zh="没有复制就保存"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    states = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            states.append(model.state_dict())
    said = []
    for state in states:
        model.load_state_dict(state)
        said.append(model(x).softmax(-1))
    return torch.stack(said).mean(0)

# %% tags=["wrong"] ex="04.4" expect="averaged before the softmax" expect_zh="先平均了输出"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            said.append(model(x).detach())
    return torch.stack(said).mean(0).softmax(-1)

# %% tags=["wrong"] ex="04.4" expect="weights were averaged" expect_zh="平均的是权重"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    states = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            states.append(copy.deepcopy(model.state_dict()))
    model.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return model(x).softmax(-1)

# %% tags=["wrong"] ex="04.4" expect="just reheated" expect_zh="刚刚重新加热"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if t % T_0 == 0:
            said.append(model(x).softmax(-1))
    return torch.stack(said).mean(0)

# %% tags=["wrong"] ex="04.4" expect="moves only once a cycle" expect_zh="每个周期才变一次"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        if (t + 1) % T_0 == 0:
            scheduler.step()
            said.append(model(x).softmax(-1))
    return torch.stack(said).mean(0)

# %% tags=["wrong"] ex="04.4" expect="gradients pile up" expect_zh="梯度一直在累积"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            said.append(model(x).softmax(-1).detach())
    return torch.stack(said).mean(0)

# %% tags=["wrong"] ex="04.4" expect="learning rate never changes" expect_zh="学习率一直不变"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = []
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        if (t + 1) % T_0 == 0:
            scheduler.step(0)
            said.append(model(x).softmax(-1))
    return torch.stack(said).mean(0)

# %% tags=["wrong"] ex="04.4" expect="a sum; divide" expect_zh="这是求和"
def snapshots(model, optimizer, batches, T_0, x):
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0)
    said = 0
    for t, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
        if (t + 1) % T_0 == 0:
            said = said + model(x).softmax(-1).detach()
    return said
