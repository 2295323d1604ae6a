# %% [markdown] lang="en"
# # Exercises 05 · Schedules of your own
#
# Four exercises, from ten minutes to half an hour. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="24cb1873"
# # 练习 05 · 你自己的调度
#
# 四道练习，从十分钟到半小时。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 05.1 · Write your own simulated annealing
#
# **Difficulty** ●●○ · **Time** 20 minutes · **Expected result** `temperature(100)` is about `0.366`
#
# *Compulsory exercise 3: write your own simulated-annealing scheduler.* Twice:
#
# - `temperature(epoch, T0, T_min, alpha)`: starts at `T0`, is multiplied by `alpha` each epoch, and never falls below
#   `T_min`. A multiplier, for one epoch.
# - `AnnealingLR`, a real `LRScheduler`: at each epoch, every param group uses its base learning rate times the
#   temperature. Saved and loaded in the middle, it goes on as if nothing had happened.
#
# <details><summary>Hint 1</summary>
#
# Which of `min` and `max` keeps a value from falling below a floor?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `LRScheduler.__init__` calls `get_lr` at once, with `self.last_epoch` equal to 0. So what `get_lr` reads has to be there
# before `super().__init__`, which is why the stub stores it first.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `self.base_lrs` is a list, one number for each param group; it never changes. `get_lr` returns such a list.
# </details>
#
# <details><summary>Hint 4</summary>
#
# `state_dict` of `LRScheduler` holds every attribute but the optimizer. Keep your place in `self.last_epoch`, which torch
# counts for you, and there is nothing to do for saving and loading.
# </details>

# %% [markdown] lang="zh" of="8ce007aa"
# ## 05.1 · 写出你自己的模拟退火
#
# **难度** ●●○ · **用时** 20 分钟 · **预期结果** `temperature(100)` 约为 `0.366`
#
# *必做练习三：写出你自己的模拟退火调度器*。写两遍：
#
# - `temperature(epoch, T0, T_min, alpha)`：从 `T0` 开始，每轮乘以 `alpha`，且永不低于 `T_min`。它是某一轮的倍率。
# - `AnnealingLR`，一个真正的 `LRScheduler`：在每一轮，每个参数组都使用其基准学习率乘以温度。在中途保存再载入，
#   它会若无其事地继续下去。
#
# <details><summary>提示 1</summary>
#
# `min` 与 `max`，哪一个能让数值不低于下限？
# </details>
#
# <details><summary>提示 2</summary>
#
# `LRScheduler.__init__` 会立刻调用 `get_lr`，此时 `self.last_epoch` 为 0。所以 `get_lr` 要读的东西必须在
# `super().__init__` 之前就位，骨架因此先把它们存下来。
# </details>
#
# <details><summary>提示 3</summary>
#
# `self.base_lrs` 是一个列表，每个参数组一个数，永不改变。`get_lr` 返回的正是这样一个列表。
# </details>
#
# <details><summary>提示 4</summary>
#
# `LRScheduler` 的 `state_dict` 保存除优化器之外的所有属性。把位置记在 `self.last_epoch` 里（torch 会替你数），
# 保存和载入就不用再做任何事。
# </details>

# %% tags=["answer"] name="annealing" ex="05.1"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    """The multiplier of one epoch."""
    ### BEGIN SOLUTION
    return max(T_min, T0 * alpha**epoch)
    ### END SOLUTION


class AnnealingLR(LRScheduler):
    """Every param group uses its base learning rate times the temperature."""

    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The learning rate of each param group at epoch self.last_epoch."""
        ### BEGIN SOLUTION
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]
        ### END SOLUTION

# %% tags=["check"] ex="05.1" points=5
check("05.1", (temperature, AnnealingLR))

# %% tags=["show"]
@styled
def picture(curves):
    figure = Figure(7.2, 3.0, alt="; ".join(f"alpha {alpha}: {c[0]:.2g}, {c[-1]:.2g}" for alpha, c in curves.items()))
    axes = figure.subplots()
    for alpha, curve in curves.items():
        axes.plot(curve, label=f"alpha = {alpha}")
    axes.set(yscale="log", xlabel=label("epoch", "轮（epoch）"), title=label("Three coolings", "三种降温"))
    axes.set_ylabel(label("learning rate", "学习率"))
    axes.legend()
    return figure


def trace(alpha, epochs=300):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler, rates = AnnealingLR(optimizer, alpha=alpha), []
    for _ in range(epochs):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


with once_solved():
    display(picture({alpha: trace(alpha) for alpha in (0.9, 0.97, 0.99)}))

# %% [markdown] lang="en" tags=["solution"]
# The class has no clock and no memory of its own: what it needs is `self.last_epoch`, and the base learning rates. That
# is why it resumes, and why two groups keep their ratio. Multiply `group["lr"]` instead, as `ExponentialLR` does, and
# each epoch's factor stays in it for ever.
#
# `LambdaLR(optimizer, temperature)` does the same with the defaults; `lrcourse.CustomScheduler` too, and refuses values
# that no learning rate can have.

# %% [markdown] lang="zh" of="96d8ef34"
# 这个类没有自己的时钟，也没有自己的记忆：它只需要 `self.last_epoch` 和各组的基准学习率。所以它能续训，
# 两个组也始终保持比例。若像 `ExponentialLR` 那样改为乘 `group["lr"]`，每一轮的因子就会永远留在里面。
#
# 用默认参数时，`LambdaLR(optimizer, temperature)` 效果相同；`lrcourse.CustomScheduler` 也一样，
# 而且会拒绝学习率不可能取的值。

# %% tags=["wrong"] ex="05.1" expect="AnnealingLR, epoch 0, group 1.*only param group 0 cools" expect_zh="AnnealingLR，第 0 轮，参数组 1.*只有参数组 0 在降温"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [self.base_lrs[0] * factor, *self.base_lrs[1:]]

# %% tags=["wrong"] ex="05.1" expect="get_lr has to return a list" expect_zh="get_lr 要返回一个列表"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return self.base_lrs[0] * temperature(self.last_epoch, self.T0, self.T_min, self.alpha)

# %% tags=["wrong"] ex="05.1" expect="temperature, epoch 0.*one epoch early; epoch 0 has" expect_zh="temperature，第 0 轮.*早了一轮；第 0 轮"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha ** (epoch + 1))


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="AnnealingLR, epoch 0, group 0.*the scheduler is one epoch early" expect_zh="AnnealingLR，第 0 轮，参数组 0.*调度器早了一轮"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch + 1, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="temperature, epoch \d+.*it cools below T_min" expect_zh="temperature，第 \d+ 轮.*降到 T_min 以下了；它是下限"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return T0 * alpha**epoch


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="AnnealingLR, epoch 1, group 0.*the factors pile up" expect_zh="AnnealingLR，第 1 轮，参数组 0.*因子层层累积"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

# %% tags=["wrong"] ex="05.1" expect="AnnealingLR.load_state_dict, epoch \d.*loses its place" expect_zh="AnnealingLR.load_state_dict，第 \d 轮.*找不到自己的位置"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

    def state_dict(self):
        return {"T0": self.T0, "T_min": self.T_min, "alpha": self.alpha}

    def load_state_dict(self, state):
        self.__dict__.update(state)

# %% tags=["wrong"] ex="05.1" expect="AnnealingLR, epoch 0.*that is the multiplier" expect_zh="AnnealingLR，第 0 轮.*这是倍率"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [factor for _ in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="temperature, epoch 0.*returns a learning rate; it is a multiplier" expect_zh="temperature，第 0 轮.*返回的是学习率"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return 0.1 * max(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="a floor needs `max`" expect_zh="下限要用 `max`"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return min(T_min, T0 * alpha**epoch)


class AnnealingLR(LRScheduler):
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99, last_epoch=-1):
        self.T0, self.T_min, self.alpha = T0, T_min, alpha
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        factor = temperature(self.last_epoch, self.T0, self.T_min, self.alpha)
        return [base_lr * factor for base_lr in self.base_lrs]

# %% tags=["wrong"] ex="05.1" expect="is no torch scheduler" expect_zh="不是 torch 的调度器"
def temperature(epoch, T0=1.0, T_min=0.01, alpha=0.99):
    return max(T_min, T0 * alpha**epoch)


class AnnealingLR:
    def __init__(self, optimizer, T0=1.0, T_min=0.01, alpha=0.99):
        self.optimizer, self.T0, self.T_min, self.alpha, self.epoch = optimizer, T0, T_min, alpha, 0
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]

    def step(self):
        self.epoch += 1
        for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base_lr * temperature(self.epoch, self.T0, self.T_min, self.alpha)

# %% [markdown] lang="en" tags=["card"]
# ## 05.2 · Warm up, hold, decay
#
# **Difficulty** ●○○ · **Time** 10 minutes · **Expected result** `warm_hold_decay(0, 4, 4, 0.8)` is `0.2`
#
# Write `warm_hold_decay(t, warmup, hold, gamma)`, a multiplier for `LambdaLR`. It rises in equal steps over the first
# `warmup` epochs, none of them wasted on 0, and is 1 at epoch `warmup`, for `hold` epochs. Then it is multiplied by
# `gamma` each epoch; the first epoch of the decay still has 1.
#
# <details><summary>Hint 1</summary>
#
# Write down the values for `warmup=4`: five equal steps from 0 to 1, without the 0.
# </details>
#
# <details><summary>Hint 2</summary>
#
# How many epochs after the end of the hold is epoch t? That number is the exponent.
# </details>

# %% [markdown] lang="zh" of="9a3c1971"
# ## 05.2 · 预热、保持、衰减
#
# **难度** ●○○ · **用时** 10 分钟 · **预期结果** `warm_hold_decay(0, 4, 4, 0.8)` 为 `0.2`
#
# 写出 `warm_hold_decay(t, warmup, hold, gamma)`，一个供 `LambdaLR` 使用的倍率。前 `warmup` 轮等步上升，
# 没有一轮浪费在 0 上；到第 `warmup` 轮为 1，并保持 `hold` 轮。之后每轮乘以 `gamma`；衰减段的第一轮仍为 1。
#
# <details><summary>提示 1</summary>
#
# 写出 `warmup=4` 时的各个值：从 0 到 1 的五个等步，去掉 0。
# </details>
#
# <details><summary>提示 2</summary>
#
# 第 t 轮是保持段结束之后的第几轮？这个数就是指数。
# </details>

# %% tags=["answer"] name="warm_hold_decay" ex="05.2"
def warm_hold_decay(t, warmup, hold, gamma):
    """The multiplier of epoch t."""
    ### BEGIN SOLUTION
    if t < warmup:
        return (t + 1) / (warmup + 1)
    if t < warmup + hold:
        return 1.0
    return gamma ** (t - warmup - hold)
    ### END SOLUTION

# %% tags=["check"] ex="05.2" points=2
check("05.2", warm_hold_decay)

# %% tags=["show"]
with once_solved():
    print([round(warm_hold_decay(t, 4, 4, 0.8), 3) for t in range(13)])

# %% [markdown] lang="en" tags=["solution"]
# `min(1, (t + 1) / (warmup + 1)) * gamma ** max(0, t - warmup - hold)` says it in one line. With the lengths as
# arguments, hand it to `LambdaLR` through `functools.partial`; `lrcourse.custom_lr_lambda` is this function.

# %% [markdown] lang="zh" of="c2ff3569"
# 一行也能写完：`min(1, (t + 1) / (warmup + 1)) * gamma ** max(0, t - warmup - hold)`。长度是参数，
# 交给 `LambdaLR` 时用 `functools.partial`；`lrcourse.custom_lr_lambda` 就是这个函数。

# %% tags=["wrong"] ex="05.2" expect="t = 0: expected.*moves nothing; begin at 1/\(warmup \+ 1\)" expect_zh="t = 0：应为.*什么也没学；应从"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return t / warmup
    return 1.0 if t < warmup + hold else gamma ** (t - warmup - hold)

# %% tags=["wrong"] ex="05.2" expect="arrives one epoch early" expect_zh="预热早到了一轮"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return (t + 1) / warmup
    return 1.0 if t < warmup + hold else gamma ** (t - warmup - hold)

# %% tags=["wrong"] ex="05.2" expect="t = \d+: expected.*gamma⁰ = 1 first" expect_zh="t = \d+：应为.*先是 gamma⁰ = 1"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return 1.0 if t < warmup + hold else gamma**t

# %% tags=["wrong"] ex="05.2" expect="the hold is missing" expect_zh="漏了保持段"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return gamma ** (t - warmup)

# %% tags=["wrong"] ex="05.2" expect="not from the warm-up" expect_zh="而不是从预热结束处"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return 1.0 if t < warmup + hold else gamma ** (t - warmup)

# %% tags=["wrong"] ex="05.2" expect="decayed one epoch early" expect_zh="衰减早了一轮"
def warm_hold_decay(t, warmup, hold, gamma):
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return 1.0 if t < warmup + hold else gamma ** (t - warmup - hold + 1)

# %% [markdown] lang="en" tags=["card"]
# ## 05.3 · Cool a branch from a checkpoint
#
# **Difficulty** ●●○ · **Time** 20 minutes · **Expected result** a branch whose last update is its coldest, and not 0
#
# A trunk runs at constant learning rates, one for each param group, and leaves a checkpoint, a dict with the states of
# `"model"` and `"optimizer"`. Write `branch(build, checkpoint, cooldown_steps)`. It returns
# `model, optimizer, scheduler`, ready to go on where the trunk stood: update k of the branch uses the *trunk's* rates
# times $1 - k/\text{cooldown\_steps}$.
#
# - `build()` returns a new model and its optimizer, with learning rates of their own.
#
# <details><summary>Hint 1</summary>
#
# Which two parts have a state that the trunk has changed? Momentum is in one of them.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A `LambdaLR` reads its base learning rates from the optimizer once, when it is built. Where do the trunk's rates stand,
# and from when on?
# </details>

# %% [markdown] lang="zh" of="ad2fabc4"
# ## 05.3 · 从检查点冷却一个分支
#
# **难度** ●●○ · **用时** 20 分钟 · **预期结果** 一个分支，最后一步最冷，但不是 0
#
# 主干以恒定的学习率运行（每个参数组一个），留下一个检查点：一个字典，装着 `"model"` 与 `"optimizer"` 的状态。
# 写出 `branch(build, checkpoint, cooldown_steps)`。它返回 `model, optimizer, scheduler`，从主干停下之处继续：
# 分支的第 k 步使用*主干的*学习率乘以 $1 - k/\text{cooldown\_steps}$。
#
# - `build()` 返回一个新模型及其优化器，学习率是它们自己的。
#
# <details><summary>提示 1</summary>
#
# 主干改动了哪两部分的状态？动量在其中之一里。
# </details>
#
# <details><summary>提示 2</summary>
#
# `LambdaLR` 只在构造时从优化器读取一次基准学习率。主干的学习率存在哪里？从什么时候起才在那里？
# </details>

# %% tags=["answer"] name="branch" ex="05.3"
def branch(build, checkpoint, cooldown_steps):
    """Model, optimizer and scheduler of a run that cools from the checkpoint to 0."""
    ### BEGIN SOLUTION
    model, optimizer = build()
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler = LambdaLR(optimizer, lambda k: 1 - k / cooldown_steps)
    return model, optimizer, scheduler
    ### END SOLUTION

# %% tags=["check"] ex="05.3" points=4
check("05.3", branch)

# %% [markdown] lang="en" tags=["solution"]
# To *resume* a run, build everything and then load everything (section 02). A *branch* gets a new schedule that begins
# with what the trunk left, so here the optimizer is loaded first, and the scheduler takes its base from it.
#
# Had the trunk had a scheduler, the groups would hold `initial_lr` as well, and that would be the base.

# %% [markdown] lang="zh" of="303ad7d1"
# *续训*时，先全部构造，再全部载入（第 02 节）。*分支*则要一个新的调度，从主干留下的学习率开始，
# 所以这里先载入优化器，调度器再从中取基准。
#
# 如果主干本来就有调度器，参数组里还会有 `initial_lr`，那时它才是基准。

# %% tags=["wrong"] ex="05.3" expect="lr, update 1, group 0.*cools from the new optimizer's learning rate" expect_zh="lr，第 1 步，参数组 0.*从新优化器的学习率开始降"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    scheduler = LambdaLR(optimizer, lambda k: 1 - k / cooldown_steps)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer, scheduler

# %% tags=["wrong"] ex="05.3" expect="the weights are those of a new model" expect_zh="权重还是新模型的"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer, LambdaLR(optimizer, lambda k: 1 - k / cooldown_steps)

# %% tags=["wrong"] ex="05.3" expect="the optimizer is a new one" expect_zh="优化器是全新的"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    model.load_state_dict(checkpoint["model"])
    return model, optimizer, LambdaLR(optimizer, lambda k: 1 - k / cooldown_steps)

# %% tags=["wrong"] ex="05.3" expect="the momentum is lost" expect_zh="动量却丢了"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    model.load_state_dict(checkpoint["model"])
    for group, old in zip(optimizer.param_groups, checkpoint["optimizer"]["param_groups"], strict=True):
        group["lr"] = old["lr"]
    return model, optimizer, LambdaLR(optimizer, lambda k: 1 - k / cooldown_steps)

# %% tags=["wrong"] ex="05.3" expect="lr, update 0.*one update early" expect_zh="lr，第 0 步.*早了一步"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer, LambdaLR(optimizer, lambda k: 1 - (k + 1) / cooldown_steps)

# %% tags=["wrong"] ex="05.3" expect="the last update has 0 and is wasted" expect_zh="最后一步为 0，白白浪费"
def branch(build, checkpoint, cooldown_steps):
    model, optimizer = build()
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer, LambdaLR(optimizer, lambda k: max(0, 1 - k / (cooldown_steps - 1)))

# %% [markdown] lang="en" tags=["card"]
# ## 05.4 · Draw a schedule that beats a constant
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** a training loss 2.4 standard errors below the constant's
#
# Eight small networks learn MNIST-1D in 200 updates of 32 examples (SGD, momentum 0.9). At their best constant rate,
# about 0.06, they are still hot at the end. Write `schedule(t)`, the learning rate of update `t = 0 … 199`, as straight
# lines between control points of your choice (`np.interp`), and beat them. The check draws new networks each time.
#
# <details><summary>Hint 1</summary>
#
# `np.interp(t, [0, 100, 200], [0.1, 0.05, 0.02])` goes through three points.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A constant has to be low enough for its end. Yours may begin above 0.06, if it comes down.
# </details>

# %% [markdown] lang="zh" of="c94d267b"
# ## 05.4 · 画一种胜过恒定学习率的调度
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** 训练损失比恒定学习率低 2.4 个标准误
#
# 八个小网络用 200 个更新步学习 MNIST-1D，每步 32 个样本（SGD，动量 0.9）。最佳的恒定学习率约为 0.06，
# 但结束时网络仍然很热。写出 `schedule(t)`，即第 `t = 0 … 199` 步的学习率，用你选定的控制点之间的直线（`np.interp`），
# 胜过它们。检查每次都抽取新的网络。
#
# <details><summary>提示 1</summary>
#
# `np.interp(t, [0, 100, 200], [0.1, 0.05, 0.02])` 经过三个点。
# </details>
#
# <details><summary>提示 2</summary>
#
# 恒定学习率要为结尾而压得够低。你的可以从高于 0.06 处开始，只要最后降下来。
# </details>

# %% tags=["answer"] name="schedule" ex="05.4"
def schedule(t):
    """The learning rate of update t = 0 ... 199."""
    ### BEGIN SOLUTION
    return np.interp(t, [0, 120, 200], [0.12, 0.1, 0])
    ### END SOLUTION

# %% tags=["check"] ex="05.4" points=3
check("05.4", schedule)

# %% [markdown] lang="en" tags=["solution"]
# Twice the constant's rate for most of the way, then straight down. The constant is a compromise between going far and
# ending cold; a schedule need not choose. Points at `[0, 200]` with `[0.12, 0]`, the plain line, do as well.

# %% [markdown] lang="zh" of="d8a2084b"
# 大部分路程用恒定学习率的两倍，然后直线降下来。恒定学习率要在走得远与冷得下来之间折中；调度则不必取舍。
# 控制点取 `[0, 200]` 与 `[0.12, 0]`，即一条直线，也一样好。

# %% tags=["wrong"] ex="05.4" expect="that is a constant again; lower the end" expect_zh="这还是恒定的"
def schedule(t):
    return np.interp(t, [0, 200], [0.1, 0.1])

# %% tags=["wrong"] ex="05.4" expect="too cold: Σ η is \d+% of the constant's" expect_zh="太冷：Σ η 只有恒定学习率的 \d+%"
def schedule(t):
    return np.interp(t, [0, 200], [0.01, 0])

# %% tags=["wrong"] ex="05.4" expect="it ends hot, at 0\.\d+ over the last tenth" expect_zh="结束时还很热，最后十分之一平均为 0\.\d+"
def schedule(t):
    return np.interp(t, [0, 200], [0, 0.2])

# %% tags=["wrong"] ex="05.4" expect="schedule\(101\): expected a learning rate, 0 or more" expect_zh="schedule\(101\)：应为不小于 0 的学习率"
def schedule(t):
    return 0.12 * (1 - t / 100)

# %% tags=["wrong"] ex="05.4" expect="found nothing; is the `return` missing" expect_zh="忘了 `return`"
def schedule(t):
    np.interp(t, [0, 120, 200], [0.12, 0.1, 0])
