# %% [markdown] lang="en"
# # Exercises 03 · Warm-up
#
# Four exercises, from three to twenty-five minutes. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="952e1739"
# # 练习 03 · 预热
#
# 四道练习，从三分钟到二十五分钟。把 `raise NotImplementedError` 换成你的代码，运行该单元格，再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import numpy as np
from torch.optim import lr_scheduler

import lrcourse
from lrcourse import curves
from lrcourse.checks import check, once_solved
from lrcourse.schedulers import record
from lrcourse.training.sharpness import descend

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import numpy as np
from torch.optim import lr_scheduler

import lrcourse
from lrcourse import curves
from lrcourse.checks import check, once_solved
from lrcourse.schedulers import record
from lrcourse.training.sharpness import descend

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 03.1 · A warm-up that wastes nothing
#
# **Difficulty** ●○○ · **Time** 3 minutes · **Expected result** `[warmup_factor(t, 3) for t in range(5)]` is
# `[0.25, 0.5, 0.75, 1.0, 1.0]`
#
# Write `warmup_factor(t, warmup)`, the multiplier of the learning rate at update `t`: a straight line for `warmup`
# updates, 1 from update `warmup` on. Equal steps all the way, the first one from 0 to the first update's factor; no
# update may be wasted at 0.
#
# <details><summary>Hint 1</summary>
#
# How many equal steps lead from 0 to 1, if update `warmup` is the first that has it all?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Update 0 has taken one of them, update 1 two. What keeps the line from going on?
# </details>

# %% [markdown] lang="zh" of="5ed8e4cf"
# ## 03.1 · 不浪费任何一步的预热
#
# **难度** ●○○ · **用时** 3 分钟 · **预期结果** `[warmup_factor(t, 3) for t in range(5)]` 得到
# `[0.25, 0.5, 0.75, 1.0, 1.0]`
#
# 写出 `warmup_factor(t, warmup)`，即第 `t` 步学习率的倍数：`warmup` 步之内是一条直线，从第 `warmup` 步起为 1。
# 一路上步长相等，第一步从 0 迈到第一个更新步的倍数；不许有哪一步浪费在 0 上。
#
# <details><summary>提示 1</summary>
#
# 如果第 `warmup` 步是第一个拿到全部学习率的，从 0 到 1 要迈几个等长的步子？
# </details>
#
# <details><summary>提示 2</summary>
#
# 第 0 步迈了其中一步，第 1 步两步。怎样让直线不再往上走？
# </details>

# %% tags=["answer"] name="warmup_factor" ex="03.1"
def warmup_factor(t, warmup):
    """The multiplier of the learning rate at update t."""
    ### BEGIN SOLUTION
    return min((t + 1) / (warmup + 1), 1)
    ### END SOLUTION

# %% tags=["check"] ex="03.1" points=1
check("03.1", warmup_factor)

# %% tags=["show"]
with once_solved():
    ours = record(lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda t: warmup_factor(t, 4)), 7, lr=1.0)
    torch_own = record(lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1 / 5, total_iters=4), 7, lr=1.0)
    print(ours, torch_own, sep="\n")

# %% [markdown] lang="en" tags=["solution"]
# `warmup + 1` steps lead from 0 to 1, and update `t` stands on the `(t + 1)`-th. It is a multiplier, so `LambdaLR` takes
# it as it is, and `LinearLR(start_factor=1 / (warmup + 1), total_iters=warmup)` gives the same.

# %% [markdown] lang="zh" of="86746bbe"
# 从 0 到 1 要迈 `warmup + 1` 步，第 `t` 步站在第 `(t + 1)` 级上。它是一个倍数，所以 `LambdaLR` 可以直接使用；
# `LinearLR(start_factor=1 / (warmup + 1), total_iters=warmup)` 给出同样的值。

# %% tags=["wrong"] ex="03.1" expect="update 0: expected .*found 0: .*moves nothing" expect_zh="第 0 步：应为.*得到 0：.*权重不动"
def warmup_factor(t, warmup):
    return min(t / warmup, 1)

# %% tags=["wrong"] ex="03.1" expect="one update early" expect_zh="早到了一步"
def warmup_factor(t, warmup):
    return min((t + 1) / warmup, 1)

# %% tags=["wrong"] ex="03.1" expect="one update behind" expect_zh="晚了一步"
def warmup_factor(t, warmup):
    return min(t / (warmup + 1), 1)

# %% tags=["wrong"] ex="03.1" expect="goes on rising" expect_zh="一直在升"
def warmup_factor(t, warmup):
    return (t + 1) / (warmup + 1)

# %% tags=["wrong"] ex="03.1" expect="nothing is left after" expect_zh="什么都不剩"
def warmup_factor(t, warmup):
    return (t + 1) / (warmup + 1) if t < warmup else 0

# %% tags=["wrong"] ex="03.1" expect="brackets around t \+ 1" expect_zh="t \+ 1 加上括号"
def warmup_factor(t, warmup):
    return min(t + 1 / (warmup + 1), 1)

# %% tags=["wrong"] ex="03.1" expect="is the `return` missing" expect_zh="忘了 `return`"
def warmup_factor(t, warmup):
    min((t + 1) / (warmup + 1), 1)

# %% [markdown] lang="en" tags=["card"]
# ## 03.2 · The Transformer's rate as a LambdaLR
#
# **Difficulty** ●●○ · **Time** 8 minutes · **Expected result** with `d_model=512` and 4000 warm-up updates, the peak is
# 0.000699
#
# Write `transformer_factor(d_model, warmup_steps, base_lr)`. It returns a function of `t` for `LambdaLR`, so that an
# optimizer built with `lr=base_lr` trains with the learning rate of the paper:
#
# $$\eta = d_\text{model}^{-1/2}\,\min\left(s^{-1/2},\; s\,w^{-3/2}\right)$$
#
# where $w$ is `warmup_steps` and $s = 1, 2, 3, \dots$ counts the updates.
#
# <details><summary>Hint 1</summary>
#
# `LambdaLR` calls your function with `t = 0, 1, 2, …`. What is $s$ for `t = 0`?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `LambdaLR` multiplies what you return by `base_lr`. What do you have to return so that the product is $\eta$?
# </details>

# %% [markdown] lang="zh" of="ac077281"
# ## 03.2 · 用 LambdaLR 写 Transformer 的学习率
#
# **难度** ●●○ · **用时** 8 分钟 · **预期结果** `d_model=512`、预热 4000 步时，峰值为 0.000699
#
# 写出 `transformer_factor(d_model, warmup_steps, base_lr)`。它返回一个 `t` 的函数，供 `LambdaLR` 使用，
# 使得以 `lr=base_lr` 构造的优化器按论文的学习率训练：
#
# $$\eta = d_\text{model}^{-1/2}\,\min\left(s^{-1/2},\; s\,w^{-3/2}\right)$$
#
# 其中 $w$ 是 `warmup_steps`，$s = 1, 2, 3, \dots$ 为更新步计数。
#
# <details><summary>提示 1</summary>
#
# `LambdaLR` 以 `t = 0, 1, 2, …` 调用你的函数。`t = 0` 时 $s$ 是多少？
# </details>
#
# <details><summary>提示 2</summary>
#
# `LambdaLR` 会把你返回的值乘以 `base_lr`。要让乘积等于 $\eta$，你该返回什么？
# </details>

# %% tags=["answer"] name="transformer_factor" ex="03.2"
def transformer_factor(d_model, warmup_steps, base_lr):
    """A function of t for LambdaLR: the paper's learning rate, whatever the optimizer's own."""
    ### BEGIN SOLUTION
    def factor(t):
        s = t + 1
        return d_model**-0.5 * min(s**-0.5, s * warmup_steps**-1.5) / base_lr

    return factor
    ### END SOLUTION

# %% tags=["check"] ex="03.2" points=2
check("03.2", transformer_factor)

# %% tags=["show"]
with once_solved():
    factor = transformer_factor(512, 4000, 0.1)
    lrs = record(lambda optimizer: lr_scheduler.LambdaLR(optimizer, factor), 8000, lr=0.1)
    ours = record(lambda optimizer: lrcourse.TransformerLRScheduler(optimizer, 512), 8000)
    print(f"peak {lrs.max():.6f} at update {lrs.argmax()}", np.allclose(lrs, ours, rtol=1e-9, atol=0))

# %% [markdown] lang="en" tags=["solution"]
# With $s = t + 1$ there is no division by zero and no special case. Many people build the optimizer with `lr=1` and leave
# `base_lr` out; the first time somebody sets `lr=1e-3` there, the model trains a thousand times too slowly.
# `TransformerLRScheduler` takes the base learning rate's place instead.

# %% [markdown] lang="zh" of="e3711d1b"
# 取 $s = t + 1$，既没有除以零，也无需特殊处理。许多人以 `lr=1` 构造优化器而省去 `base_lr`；一旦有人在那里写下 `lr=1e-3`，
# 模型的训练就慢了一千倍。`TransformerLRScheduler` 的做法是直接取代基准学习率。

# %% tags=["wrong"] ex="03.2" expect="divide it out" expect_zh="要把它除掉"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5)

# %% tags=["wrong"] ex="03.2" expect="update 1, group 0.*the first two updates are equal" expect_zh="前两步相等"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * min(max(t, 1) ** -0.5, max(t, 1) * warmup_steps**-1.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="update 0, group 0: expected .*found 0: update 0 runs at 0" expect_zh="第 0 步的学习率为 0"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * (t * warmup_steps**-1.5 if t <= warmup_steps else t**-0.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="counts its steps s from 1" expect_zh="步数 s 从 1 数起"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * min(t**-0.5, t * warmup_steps**-1.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="needs a function of t; transformer_factor returned" expect_zh="需要一个 t 的函数"
def transformer_factor(d_model, warmup_steps, base_lr):
    return d_model**-0.5 * warmup_steps**-1.5 / base_lr

# %% tags=["wrong"] ex="03.2" expect="its peak is base_lr" expect_zh="峰值成了 base_lr"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: min((t + 1) / warmup_steps, (warmup_steps / (t + 1)) ** 0.5)

# %% tags=["wrong"] ex="03.2" expect="take the smaller" expect_zh="应取较小的"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * max((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="d_model is missing" expect_zh="缺少 d_model"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="instead of divided" expect_zh="而不是乘"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5) / base_lr

# %% tags=["wrong"] ex="03.2" expect="must meet at s = warmup_steps" expect_zh="s = warmup_steps 处相接"
def transformer_factor(d_model, warmup_steps, base_lr):
    return lambda t: d_model**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-0.5) / base_lr

# %% [markdown] lang="en" tags=["card"]
# ## 03.3 · Mend a warm-up that never hands over
#
# **Difficulty** ●●● · **Time** 25 minutes · **Expected result** 0.1 after six epochs of warm-up, then 0.1, 0.1, 0.05 …
#
# `Naive` below is on many web pages. Its first epoch runs at 0, all groups run at group 0's learning rate, the
# after-scheduler never runs, and a saved run does not resume. Write `Warmup` without these faults:
#
# - update $t < w$ uses $(t + 1)/(w + 1)$ of each group's own base learning rate, $w$ being `warmup_epochs`;
# - update $w + k$ uses what the after-scheduler gives at *its* update $k$;
# - `state_dict` and `load_state_dict` go on where they stopped, on a freshly built pair. The optimizer is loaded too.
#
# <details><summary>Hint 1</summary>
#
# `LRScheduler.step()` counts `self.last_epoch` up, calls `self.get_lr()` and writes what it returns into the groups.
# `self.base_lrs` holds one base learning rate a group. The constructor makes the first `step()` itself.
# </details>
#
# <details><summary>Hint 2</summary>
#
# At `last_epoch == warmup_epochs` the groups have their full learning rates: the after-scheduler's update 0. Let the next
# `step()` step it *before* the rest, and have `get_lr` return what then stands in the groups.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `super().state_dict()` holds every attribute but the optimizer, and so the after-scheduler as an object, which belongs
# to the old optimizer. What should stand there instead?
# </details>

# %% [markdown] lang="zh" of="ca0d090c"
# ## 03.3 · 修好从不交接的预热
#
# **难度** ●●● · **用时** 25 分钟 · **预期结果** 六轮预热之后为 0.1，随后 0.1、0.1、0.05……
#
# 下面的 `Naive` 在网上随处可见。它的第一轮学习率为 0，所有参数组都用参数组 0 的学习率，之后的调度器从不运行，
# 存下的训练也无法续训。写出没有这些毛病的 `Warmup`：
#
# - 更新步 $t < w$ 使用各组自己的基准学习率的 $(t + 1)/(w + 1)$，$w$ 即 `warmup_epochs`；
# - 第 $w + k$ 步使用之后的调度器在*它自己的*第 $k$ 步给出的值；
# - `state_dict` 与 `load_state_dict` 能在全新构造的一对上从中断处继续。优化器的状态也会载入。
#
# <details><summary>提示 1</summary>
#
# `LRScheduler.step()` 让 `self.last_epoch` 加一，调用 `self.get_lr()`，再把返回值写进各组。`self.base_lrs` 为每组存有一个基准学习率。
# 构造函数会自己执行第一次 `step()`。
# </details>
#
# <details><summary>提示 2</summary>
#
# `last_epoch == warmup_epochs` 时各组已是全部学习率：这正是之后的调度器的第 0 步。让下一次 `step()` 在其余动作*之前*先推动它，
# 并让 `get_lr` 返回此时各组中的值。
# </details>
#
# <details><summary>提示 3</summary>
#
# `super().state_dict()` 保存了除优化器之外的所有属性，因此也把之后的调度器作为对象存了进去，而它属于旧优化器。那里应该放什么？
# </details>

# %% name="naive"
class Naive(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        share = min(self.last_epoch / self.warmup_epochs, 1)
        return [self.base_lrs[0] * share for group in self.optimizer.param_groups]

# %% tags=["answer"] name="Warmup" ex="03.3"
class Warmup(lr_scheduler.LRScheduler):
    """Linear warm-up, then another scheduler from its own beginning."""

    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        ### BEGIN SOLUTION
        if self.last_epoch > self.warmup_epochs:
            return [group["lr"] for group in self.optimizer.param_groups]
        share = (self.last_epoch + 1) / (self.warmup_epochs + 1)
        return [base * share for base in self.base_lrs]

    def step(self):
        if self.last_epoch >= self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)
        ### END SOLUTION

# %% tags=["check"] ex="03.3" points=5
check("03.3", Warmup)

# %% tags=["show"]
with once_solved():
    print(record(lambda optimizer: Warmup(optimizer, 6, lr_scheduler.StepLR(optimizer, 3, 0.5)), 16, lr=0.1).round(4))

# %% [markdown] lang="en" tags=["solution"]
# The warm-up multiplies `base_lrs`, so nothing accumulates and the groups keep their ratio. From update $w$ on the
# after-scheduler owns the learning rates, and `get_lr` only repeats them.
#
# What is still missing, `lrcourse.WarmupScheduler` has: a plateau's metric, after-schedulers that do not begin at the base
# learning rate (OneCycleLR, CyclicLR), loading in any order, and refusals where the two cannot belong together.

# %% [markdown] lang="zh" of="00440057"
# 预热乘的是 `base_lrs`，所以不会累积，各组也保持比例。从第 $w$ 步起，学习率归之后的调度器管，`get_lr` 只是复述它们。
#
# 尚缺的，`lrcourse.WarmupScheduler` 都有：平台期调度器的指标，不从基准学习率开始的调度器（OneCycleLR、CyclicLR），
# 任意顺序的载入，以及在两者不可能配对时的拒绝。

# %% tags=["wrong"] ex="03.3" expect="update 0, group 0: expected .*found 0: update 0 runs at 0" expect_zh="第 0 步的学习率为 0"
class Warmup(lrcourse.WarmupScheduler):
    def get_lr(self):
        if self.last_epoch < self.warmup_epochs:
            return [base * self.last_epoch / self.warmup_epochs for base in self.base_lrs]
        return super().get_lr()

# %% tags=["wrong"] ex="03.3" expect="arrives one update early" expect_zh="早到了一步"
class Warmup(lrcourse.WarmupScheduler):
    def get_lr(self):
        if self.last_epoch < self.warmup_epochs:
            return [base * (self.last_epoch + 1) / self.warmup_epochs for base in self.base_lrs]
        return super().get_lr()

# %% tags=["wrong"] ex="03.3" expect="never hands over" expect_zh="从未交接"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs = warmup_epochs
        super().__init__(optimizer)

    def get_lr(self):
        return [base * min((self.last_epoch + 1) / (self.warmup_epochs + 1), 1) for base in self.base_lrs]

# %% tags=["wrong"] ex="03.3" expect="begins one update late" expect_zh="晚了一步"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.warmup_epochs:
            return [group["lr"] for group in self.optimizer.param_groups]
        return [base * (self.last_epoch + 1) / (self.warmup_epochs + 1) for base in self.base_lrs]

    def step(self):
        if self.last_epoch > self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)

# %% tags=["wrong"] ex="03.3" expect="begins one update early" expect_zh="早了一步：第 warmup_epochs 步"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.warmup_epochs:
            return [group["lr"] for group in self.optimizer.param_groups]
        return [base * (self.last_epoch + 1) / (self.warmup_epochs + 1) for base in self.base_lrs]

    def step(self):
        if self.last_epoch >= self.warmup_epochs - 1:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)

# %% tags=["wrong"] ex="03.3" expect="begins in its middle" expect_zh="一上来就处在中途"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch >= self.warmup_epochs:
            return self.after_scheduler._get_closed_form_lr()
        return [base * (self.last_epoch + 1) / (self.warmup_epochs + 1) for base in self.base_lrs]

    def step(self):
        if self.last_epoch >= 0:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)

# %% tags=["wrong"] ex="03.3" expect="group 1: expected .*all groups run at the learning rate of group 0" expect_zh="参数组 1：应为.*都用了参数组 0 的学习率"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        groups = self.optimizer.param_groups
        if self.last_epoch > self.warmup_epochs:
            return [groups[0]["lr"]] * len(groups)
        return [self.base_lrs[0] * (self.last_epoch + 1) / (self.warmup_epochs + 1)] * len(groups)

    def step(self):
        if self.last_epoch >= self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)

# %% tags=["wrong"] ex="03.3" expect="multiply the base learning rate, not the current one" expect_zh="应乘基准学习率"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        lrs = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch > self.warmup_epochs:
            return lrs
        return [lr * (self.last_epoch + 1) / (self.warmup_epochs + 1) for lr in lrs]

    def step(self):
        if self.last_epoch >= self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        return {**super().state_dict(), "after_scheduler": self.after_scheduler.state_dict()}

    def load_state_dict(self, state_dict):
        state = dict(state_dict)
        self.after_scheduler.load_state_dict(state.pop("after_scheduler"))
        super().load_state_dict(state)

# %% tags=["wrong"] ex="03.3" expect="resumed, update 1, group 0.*it stands still after loading|resumed, update \d, group 0.*it stands still after loading" expect_zh="恢复后.*载入后停住不动"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.warmup_epochs:
            return [group["lr"] for group in self.optimizer.param_groups]
        return [base * (self.last_epoch + 1) / (self.warmup_epochs + 1) for base in self.base_lrs]

    def step(self):
        if self.last_epoch >= self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

# %% tags=["wrong"] ex="03.3" expect="resumed.*begins anew after loading" expect_zh="恢复后.*又从头开始"
class Warmup(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, warmup_epochs, after_scheduler):
        self.warmup_epochs, self.after_scheduler = warmup_epochs, after_scheduler
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.warmup_epochs:
            return [group["lr"] for group in self.optimizer.param_groups]
        return [base * (self.last_epoch + 1) / (self.warmup_epochs + 1) for base in self.base_lrs]

    def step(self):
        if self.last_epoch >= self.warmup_epochs:
            self.after_scheduler.step()
        super().step()

    def state_dict(self):
        state = super().state_dict()
        del state["after_scheduler"]
        return state

# %% [markdown] lang="en" tags=["card"]
# ## 03.4 · The shortest warm-up that survives
#
# **Difficulty** ●●○ · **Time** 12 minutes · **Expected result** 40 updates for tanh networks at $\eta = 4 \times
# 2/\lambda_0$
#
# Write `shortest_warmup(train, peak, lengths, limit)`. `train(rates)` trains three real networks with the given learning
# rates, 200 of them, and returns their three final losses. Return the shortest of the `lengths` (in no order) for which a
# linear warm-up to `peak` leaves **every** loss below `limit`. One of them always does. (The check hands over a `train` of
# its own.)
#
# `curves.linear_warmup(peak, w)(range(200))` makes the rates.
#
# <details><summary>Hint 1</summary>
#
# A diverged network has the loss `nan`. What does `nan < limit` give? And `nan >= limit`?
# </details>
#
# <details><summary>Hint 2</summary>
#
# A training takes a quarter of a second. Begin with the shortest, and stop at the first success.
# </details>

# %% [markdown] lang="zh" of="4bf6c9b3"
# ## 03.4 · 能活下来的最短预热
#
# **难度** ●●○ · **用时** 12 分钟 · **预期结果** tanh 网络在 $\eta = 4 \times 2/\lambda_0$ 时为 40 步
#
# 写出 `shortest_warmup(train, peak, lengths, limit)`。`train(rates)` 用给定的 200 个学习率训练三个真实的网络，返回它们的三个最终损失。
# 请返回 `lengths`（没有顺序）中最短的一个，使得线性预热到 `peak` 之后**每一个**损失都低于 `limit`。其中总有一个做得到。
# （检查时会传入它自己的 `train`。）
#
# `curves.linear_warmup(peak, w)(range(200))` 给出学习率。
#
# <details><summary>提示 1</summary>
#
# 发散的网络，损失为 `nan`。`nan < limit` 得到什么？`nan >= limit` 呢？
# </details>
#
# <details><summary>提示 2</summary>
#
# 一次训练要四分之一秒。从最短的开始，一成功就停。
# </details>

# %% name="train"
def train(rates):
    return descend(rates, seeds=3).loss[0, :, -1]

# %% tags=["answer"] name="shortest_warmup" ex="03.4"
def shortest_warmup(train, peak, lengths, limit):
    """The shortest warm-up after which every loss is below the limit."""
    ### BEGIN SOLUTION
    for warmup in sorted(lengths):
        losses = train(curves.linear_warmup(peak, warmup)(range(200)))
        if (losses < limit).all():
            return warmup
    ### END SOLUTION

# %% tags=["check"] ex="03.4" points=3
check("03.4", shortest_warmup)

# %% tags=["show"]
with once_solved():
    for peak in (2, 3, 4):
        print(peak, shortest_warmup(train, peak, [0, 10, 20, 40, 80], 0.035))

# %% [markdown] lang="en" tags=["solution"]
# `(losses < limit).all()` is False for a `nan` and for a dead network alike. The length grows with the peak: the curvature
# has to follow. Do not bisect: beyond the edge the dynamics are chaotic, and a longer warm-up can fail where a shorter one
# lived by luck. Two seeds more, and the answer may move.

# %% [markdown] lang="zh" of="0c5c6bf8"
# 无论是 `nan` 还是死网络，`(losses < limit).all()` 都为 False。长度随峰值增长：曲率得跟得上。不要用二分法：越过边界后动力学是混沌的，
# 较短的预热可能侥幸活下来，较长的反而失败。多加两个随机种子，答案也可能改变。

# %% tags=["wrong"] ex="03.4" expect="finite is not alive" expect_zh="没有发散不等于活着"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths):
        if np.isfinite(train(curves.linear_warmup(peak, warmup)(range(200)))).all():
            return warmup

# %% tags=["wrong"] ex="03.4" expect="nan went unnoticed" expect_zh="漏掉了 nan"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths):
        if not (train(curves.linear_warmup(peak, warmup)(range(200))) >= limit).any():
            return warmup

# %% tags=["wrong"] ex="03.4" expect="that diverged was overlooked" expect_zh="发散的网络被忽略"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths):
        if (train(curves.linear_warmup(peak, warmup)(range(200))) < limit).any():
            return warmup

# %% tags=["wrong"] ex="03.4" expect="only the first network was looked at" expect_zh="只看了第一个网络"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths):
        if train(curves.linear_warmup(peak, warmup)(range(200)))[0] < limit:
            return warmup

# %% tags=["wrong"] ex="03.4" expect="a mean hides the network that failed" expect_zh="平均值掩盖了失败的那个网络"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths):
        if train(curves.linear_warmup(peak, warmup)(range(200))).mean() < limit:
            return warmup

# %% tags=["wrong"] ex="03.4" expect="first good one in the order given" expect_zh="未必最短"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in lengths:
        if (train(curves.linear_warmup(peak, warmup)(range(200))) < limit).all():
            return warmup

# %% tags=["wrong"] ex="03.4" expect="the longest of those that survive" expect_zh="存活者中最长的"
def shortest_warmup(train, peak, lengths, limit):
    for warmup in sorted(lengths, reverse=True):
        if (train(curves.linear_warmup(peak, warmup)(range(200))) < limit).all():
            return warmup

# %% tags=["wrong"] ex="03.4" expect="the one with the lowest loss" expect_zh="损失最低的"
def shortest_warmup(train, peak, lengths, limit):
    losses = {w: train(curves.linear_warmup(peak, w)(range(200))) for w in lengths}
    return min((w for w in lengths if (losses[w] < limit).all()), key=lambda w: losses[w].mean())

# %% tags=["wrong"] ex="03.4" expect="a place in the list" expect_zh="在列表中的位置"
def shortest_warmup(train, peak, lengths, limit):
    for place, warmup in enumerate(sorted(lengths)):
        if (train(curves.linear_warmup(peak, warmup)(range(200))) < limit).all():
            return place
