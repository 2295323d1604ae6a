# %% [markdown] lang="en"
# # Exercises 06 · Chaining
#
# Four exercises, from ten minutes to half an hour. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="7ea90090"
# # 练习 06 · 组合
#
# 四道练习，从十分钟到半小时。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import torch
from torch.optim import lr_scheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.chaining import against
from lrcourse.schedulers import record

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import torch
from torch.optim import lr_scheduler

import lrcourse
from lrcourse.checks import check, once_solved
from lrcourse.figures.chaining import against
from lrcourse.schedulers import record

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 06.1 · Warm up, then land on a given rate
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** the last of 100 updates uses exactly `0.001`
#
# Write `warmup_then_cosine(optimizer, warmup, updates, last)`. It returns one `SequentialLR` of a `LinearLR` and a
# `CosineAnnealingLR`, for a run of `updates` updates, stepped after each:
#
# - update 0 uses 1/(warmup + 1) of each group's base rate, and the rates rise in a straight line;
# - update `warmup` is the first of the cosine, and uses the whole base rate;
# - the last update uses exactly `last`, in every group.
#
# <details><summary>Hint 1</summary>
#
# Write down, for `warmup=3` and `updates=8`, which number each of the updates 0 to 7 has on the cosine's own clock.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `total_iters` is the update at which `LinearLR` has arrived, whether it is used there or not.
# </details>
#
# <details><summary>Hint 3</summary>
#
# The cosine has come down to `eta_min` when its own clock shows `T_max`. What does it show at the last update?
# </details>

# %% [markdown] lang="zh" of="5b7affce"
# ## 06.1 · 先预热，再落在给定的学习率上
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** 100 步中的最后一步恰好用 `0.001`
#
# 写出 `warmup_then_cosine(optimizer, warmup, updates, last)`。它返回一个由 `LinearLR` 和 `CosineAnnealingLR` 组成的
# `SequentialLR`，用于 `updates` 个更新步的训练，每个更新步之后走一步：
#
# - 第 0 步用每个参数组基准学习率的 1/(warmup + 1)，学习率沿直线上升；
# - 第 `warmup` 步是余弦的第一步，用完整的基准学习率；
# - 最后一步恰好用 `last`，每个参数组都一样。
#
# <details><summary>提示 1</summary>
#
# 取 `warmup=3`、`updates=8`，写下第 0 到 7 步在余弦自己的时钟上各是几。
# </details>
#
# <details><summary>提示 2</summary>
#
# `total_iters` 是 `LinearLR` 到达终点的那一步，无论那一步是否用到它。
# </details>
#
# <details><summary>提示 3</summary>
#
# 余弦自己的时钟走到 `T_max` 时降到 `eta_min`。最后一步时，它显示多少？
# </details>

# %% tags=["answer"] name="warmup_then_cosine" ex="06.1"
def warmup_then_cosine(optimizer, warmup, updates, last):
    """One scheduler for the whole run: a straight line up, then a cosine that ends on *last*."""
    ### BEGIN SOLUTION
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])
    ### END SOLUTION

# %% tags=["check"] ex="06.1" points=2
check("06.1", warmup_then_cosine)

# %% tags=["show"]
with once_solved():
    rates = record(lambda optimizer: warmup_then_cosine(optimizer, 10, 100, 0.001), 100, lr=0.1)
    print(f"first {rates[0]:.4f}, update 10 {rates[10]:.4f}, last {rates[-1]:.4f}")

# %% [markdown] lang="en" tags=["solution"]
# Update `updates - 1` stands at `updates - 1 - warmup` on the cosine's clock, so that is `T_max`. The usual
# `T_max=updates - warmup` is one more: the run then ends just above `eta_min`, which harms nobody, but is not *exactly*
# `last`.
#
# `eta_min` is a rate, not a factor: groups with different base rates end on the same one.

# %% [markdown] lang="zh" of="9f12426c"
# 第 `updates - 1` 步在余弦的时钟上是 `updates - 1 - warmup`，这就是 `T_max`。常见的写法 `T_max=updates - warmup` 多了一：
# 训练会停在略高于 `eta_min` 的地方，这并无害处，但并非*恰好*是 `last`。
#
# `eta_min` 是学习率，不是倍率：基准学习率不同的参数组会落在同一个值上。

# %% tags=["wrong"] ex="06.1" expect="one update early, so that it jumps" expect_zh="早交接了一步"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup - 1])

# %% tags=["wrong"] ex="06.1" expect="one update late, so that the full rate is used twice" expect_zh="晚交接了一步"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup + 1])

# %% tags=["wrong"] ex="06.1" expect="`T_max` counts from update 0" expect_zh="`T_max` 从第 0 步数起"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])

# %% tags=["wrong"] ex="06.1" expect="`T_max` one too many" expect_zh="`T_max` 多了一"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - warmup, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])

# %% tags=["wrong"] ex="06.1" expect="it lands on 0; the cosine's floor is `eta_min`" expect_zh="下限是 `eta_min`"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])

# %% tags=["wrong"] ex="06.1" expect="update 0, group 0.*still torch's 1/3" expect_zh="第 0 步，参数组 0.*默认的 1/3"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    return lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])

# %% tags=["wrong"] ex="06.1" expect="both run at once from update 0" expect_zh="从第 0 步起同时运行"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    return lr_scheduler.ChainedScheduler([heat, cool])

# %% tags=["wrong"] ex="06.1" expect="is the `return` missing" expect_zh="是不是忘了 `return`"
def warmup_then_cosine(optimizer, warmup, updates, last):
    heat = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    cool = lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates - 1 - warmup, eta_min=last)
    lr_scheduler.SequentialLR(optimizer, [heat, cool], milestones=[warmup])

# %% [markdown] lang="en" tags=["card"]
# ## 06.2 · A product where the chain fails
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** the peaks shrink, on the dashed line
#
# `a` and `b` are functions of the update number t that return factors: a decay and a wave, say. Write
# `product(optimizer, a, b)`, which returns a torch scheduler: update t uses a(t)·b(t) times each group's base rate.
#
# <details><summary>Hint 1</summary>
#
# A `LambdaLR` for each of them in a `ChainedScheduler` runs without an error. Draw what it does before you believe it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The chain overwrites, because it has two schedulers. How many do you need, if the *function* is already the product?
# </details>

# %% [markdown] lang="zh" of="7969d249"
# ## 06.2 · 链式组合失灵时的乘积
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** 峰逐渐变矮，落在虚线上
#
# `a` 和 `b` 是更新步编号 t 的函数，返回倍率：例如一个衰减、一个波。写出 `product(optimizer, a, b)`，
# 返回一个 torch 调度器：第 t 步用每个参数组的基准学习率乘以 a(t)·b(t)。
#
# <details><summary>提示 1</summary>
#
# 为两者各建一个 `LambdaLR`，放进 `ChainedScheduler`，不会报错。先画出它做了什么，再决定信不信。
# </details>
#
# <details><summary>提示 2</summary>
#
# 链式组合会覆盖，是因为其中有两个调度器。如果*函数*本身已经是乘积，你需要几个？
# </details>

# %% name="decay-and-wave"
def decay(t):
    return 0.97**t


def wave(t):
    return 0.1 + 0.9 * abs((t / 10 + 1) % 2 - 1)

# %% tags=["answer"] name="product" ex="06.2"
def product(optimizer, a, b):
    """A scheduler: update t uses a(t) · b(t) times each group's base rate."""
    ### BEGIN SOLUTION
    return lr_scheduler.LambdaLR(optimizer, lambda t: a(t) * b(t))
    ### END SOLUTION

# %% tags=["check"] ex="06.2" points=2
check("06.2", product)

# %% tags=["show"]
def chained(optimizer):
    return lr_scheduler.ChainedScheduler([lr_scheduler.LambdaLR(optimizer, f) for f in (decay, wave)])


with once_solved():
    right = [0.1 * decay(t) * wave(t) for t in range(100)]
    used = record(lambda optimizer: product(optimizer, decay, wave), 100, lr=0.1)
    display(against({"ChainedScheduler": (record(chained, 100, lr=0.1), right), "product": (used, right)}))

# %% [markdown] lang="en" tags=["solution"]
# Multiply the functions, and let one scheduler have the product. A chain of two would give b alone: each `LambdaLR`
# writes `base · factor` without a look at what stands there.
#
# `lrcourse.CurveLR(optimizer, lambda t: a(t) * b(t), relative=True)` does the same, and resumes in any order of loading.

# %% [markdown] lang="zh" of="61ec61c4"
# 把函数相乘，再让一个调度器使用乘积。两个调度器的链只会给出 b：每个 `LambdaLR` 都直接写入 `base · factor`，
# 不看那里原来是什么。
#
# `lrcourse.CurveLR(optimizer, lambda t: a(t) * b(t), relative=True)` 的效果相同，而且续训时载入顺序随意。

# %% tags=["wrong"] ex="06.2" expect="only b is left: in a chain" expect_zh="只剩下 b"
def product(optimizer, a, b):
    return lr_scheduler.ChainedScheduler([lr_scheduler.LambdaLR(optimizer, a), lr_scheduler.LambdaLR(optimizer, b)])

# %% tags=["wrong"] ex="06.2" expect="only a is left: in a chain" expect_zh="只剩下 a"
def product(optimizer, a, b):
    return lr_scheduler.ChainedScheduler([lr_scheduler.LambdaLR(optimizer, b), lr_scheduler.LambdaLR(optimizer, a)])

# %% tags=["wrong"] ex="06.2" expect="that is the sum" expect_zh="这是和"
def product(optimizer, a, b):
    return lr_scheduler.LambdaLR(optimizer, lambda t: a(t) + b(t))

# %% tags=["wrong"] ex="06.2" expect="the base rate is missing" expect_zh="缺少基准学习率"
def product(optimizer, a, b):
    return lrcourse.CurveLR(optimizer, lambda t: a(t) * b(t))

# %% tags=["wrong"] ex="06.2" expect="the base rate is in it twice" expect_zh="基准学习率乘了两次"
def product(optimizer, a, b):
    base = [group["lr"] for group in optimizer.param_groups]
    return lr_scheduler.LambdaLR(optimizer, [lambda t, lr=lr: lr * a(t) * b(t) for lr in base])

# %% tags=["wrong"] ex="06.2" expect="group 1.*only param group 0" expect_zh="参数组 1.*只改了参数组 0"
def product(optimizer, a, b):
    others = [lambda t: 1.0] * (len(optimizer.param_groups) - 1)
    return lr_scheduler.LambdaLR(optimizer, [lambda t: a(t) * b(t), *others])

# %% tags=["wrong"] ex="06.2" expect="multiplies the current rate, as MultiplicativeLR does" expect_zh="像 MultiplicativeLR 那样"
def product(optimizer, a, b):
    return lr_scheduler.MultiplicativeLR(optimizer, lambda t: a(t) * b(t))

# %% tags=["wrong"] ex="06.2" expect="multiplies the current rate; multiply the base" expect_zh="它乘的是当前的学习率；应乘基准"
def product(optimizer, a, b):
    class Product(lr_scheduler.LRScheduler):
        def get_lr(self):
            factor = a(self.last_epoch) * b(self.last_epoch)
            return [group["lr"] * factor for group in self.optimizer.param_groups]

    return Product(optimizer)

# %% tags=["wrong"] ex="06.2" expect="expected a scheduler.*found function" expect_zh="应为调度器.*得到 function"
def product(optimizer, a, b):
    return lambda t: a(t) * b(t)

# %% [markdown] lang="en" tags=["card"]
# ## 06.3 · Write then
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** `then(rise, fall, 5)(5)` equals `fall(0)`
#
# Write `then(a, b, at)` for functions of t. It returns a function: a until update `at`, from there b, which begins
# anew at its own 0. It nests: `then(then(a, b, 5), c, 9)`.
#
# <details><summary>Hint 1</summary>
#
# A function may define a function and return it. The inner one still knows a, b and at.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Which t does b see at t = at? And at t = at + 1?
# </details>

# %% [markdown] lang="zh" of="414732be"
# ## 06.3 · 写出 then
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** `then(rise, fall, 5)(5)` 等于 `fall(0)`
#
# 为 t 的函数写出 `then(a, b, at)`。它返回一个函数：到第 `at` 步之前是 a，从那里起是 b，并且 b 从自己的 0 重新开始。
# 它可以嵌套：`then(then(a, b, 5), c, 9)`。
#
# <details><summary>提示 1</summary>
#
# 函数里可以定义函数并返回它。内层的函数仍然认得 a、b 和 at。
# </details>
#
# <details><summary>提示 2</summary>
#
# 在 t = at 时，b 看到的是哪个 t？在 t = at + 1 时呢？
# </details>

# %% name="rise-and-fall"
def rise(t):
    return 0.1 * (t + 1) / 6


def fall(t):
    return 0.1 * 0.9**t

# %% tags=["answer"] name="then" ex="06.3"
def then(a, b, at):
    """A function of t: a(t) before update at, from there b, begun anew."""
    ### BEGIN SOLUTION
    def joined(t):
        return a(t) if t < at else b(t - at)

    return joined
    ### END SOLUTION

# %% tags=["check"] ex="06.3" points=2
check("06.3", then)

# %% tags=["show"]
with once_solved():
    joined = then(rise, then(fall, fall, 10), 5)
    print([round(joined(t), 4) for t in (0, 4, 5, 14, 15)])
    scheduler = lrcourse.CurveLR(torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1), joined)
    print("CurveLR", scheduler.get_last_lr())

# %% [markdown] lang="en" tags=["solution"]
# Two lines, and it does what `SequentialLR` promises: nothing is remembered, so nothing can be stale; a part may be
# anything that is a function of t, another `then` too. `lrcourse.curves.then` also takes arrays of t, and prints itself.

# %% [markdown] lang="zh" of="0693ee57"
# 两行代码，就做到了 `SequentialLR` 的承诺：什么都不必记住，也就没有什么会过时；任何 t 的函数都能作为一部分，
# 另一个 `then` 也行。`lrcourse.curves.then` 还接受 t 的数组，并能打印出自己的表达式。

# %% tags=["wrong"] ex="06.3" expect="t = \d+: expected.*b does not begin anew" expect_zh="b 没有重新开始"
def then(a, b, at):
    return lambda t: a(t) if t < at else b(t)

# %% tags=["wrong"] ex="06.3" expect="one update late: t = at is the first" expect_zh="晚了一步"
def then(a, b, at):
    return lambda t: a(t) if t <= at else b(t - at)

# %% tags=["wrong"] ex="06.3" expect="one update early" expect_zh="早了一步"
def then(a, b, at):
    return lambda t: a(t) if t < at - 1 else b(t - at + 1)

# %% tags=["wrong"] ex="06.3" expect="first value of b is left out" expect_zh="漏掉了 b 的第一个值"
def then(a, b, at):
    return lambda t: a(t) if t < at else b(t - at + 1)

# %% tags=["wrong"] ex="06.3" expect="goes on from the rate that a has come to" expect_zh="从 a 到达的学习率接着走"
def then(a, b, at):
    return lambda t: a(t) if t < at else a(at) * b(t - at) / b(0)

# %% tags=["wrong"] ex="06.3" expect="b multiplies the rate that a has come to" expect_zh="b 乘在 a 到达的学习率上"
def then(a, b, at):
    return lambda t: a(t) if t < at else a(at - 1) * b(t - at)

# %% tags=["wrong"] ex="06.3" expect="gives float; it shall be a function of t" expect_zh="得到 float；它应当是 t 的函数"
def then(a, b, at):
    return a(at) + b(0)

# %% [markdown] lang="en" tags=["card"]
# ## 06.4 · A composite that resumes
#
# **Difficulty** ●●● · **Time** 30 minutes · **Expected result** stopped at update 7, it goes on as if it had not been
#
# Write a scheduler of your own: `InSequence(optimizer, first, second, milestone)`. `first` and `second` are functions
# of t that return factors of each group's base rate; `second` begins anew at the milestone. Torch's `LRScheduler` does
# the counting: `self.last_epoch` is the number of the coming update, `self.base_lrs` are the base rates.
#
# - `get_lr` returns the rates of update `self.last_epoch`, one a group.
# - `state_dict` returns what a checkpoint can hold: no functions.
# - `load_state_dict(state)` goes on from there. It must be right for the *very next* update, whether the optimizer's
#   own state was loaded before this scheduler was built, or not at all.
#
# <details><summary>Hint 1</summary>
#
# `super().state_dict()` is a dict of all attributes but the optimizer; two of them are functions.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Building the new scheduler wrote the rates of update 0 into the optimizer. Who replaces them before the next update?
# </details>
#
# <details><summary>Hint 3</summary>
#
# Torch's own `load_state_dict` brings the place back. The rates stand in `self.optimizer.param_groups`; who knows what
# they should be?
# </details>

# %% [markdown] lang="zh" of="7e701583"
# ## 06.4 · 能续训的组合调度器
#
# **难度** ●●● · **用时** 30 分钟 · **预期结果** 在第 7 步停下，再接着训练，仿佛从未停过
#
# 写一个自己的调度器：`InSequence(optimizer, first, second, milestone)`。`first` 和 `second` 是 t 的函数，
# 返回每个参数组基准学习率的倍率；`second` 在里程碑处重新开始。计数由 torch 的 `LRScheduler` 负责：
# `self.last_epoch` 是即将到来的更新步的编号，`self.base_lrs` 是基准学习率。
#
# - `get_lr` 返回第 `self.last_epoch` 步的学习率，每个参数组一个。
# - `state_dict` 返回检查点能存的内容：不含函数。
# - `load_state_dict(state)` 从那里继续。无论构造这个调度器之前优化器自己的状态是否已经载入，*紧接着的那一步*都必须正确。
#
# <details><summary>提示 1</summary>
#
# `super().state_dict()` 是一个字典，包含除优化器以外的所有属性；其中有两个是函数。
# </details>
#
# <details><summary>提示 2</summary>
#
# 构造新的调度器时，第 0 步的学习率已写进优化器。下一步之前，谁来替换它们？
# </details>
#
# <details><summary>提示 3</summary>
#
# torch 自己的 `load_state_dict` 会恢复位置。学习率存放在 `self.optimizer.param_groups` 里；谁知道它们该是多少？
# </details>

# %% tags=["answer"] name="InSequence" ex="06.4"
class InSequence(lr_scheduler.LRScheduler):
    """first(t) times each base rate until the milestone, from there second, begun anew."""

    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        """The rates of update self.last_epoch, one a group."""
        ### BEGIN SOLUTION
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]
        ### END SOLUTION

    def state_dict(self):
        """What a checkpoint holds: plain numbers."""
        ### BEGIN SOLUTION
        return {key: value for key, value in super().state_dict().items() if key not in ("first", "second")}
        ### END SOLUTION

    def load_state_dict(self, state):
        """Go on where *state* was saved."""
        ### BEGIN SOLUTION
        super().load_state_dict(state)
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        ### END SOLUTION

# %% tags=["check"] ex="06.4" points=5
check("06.4", InSequence)

# %% tags=["show"]
def new_optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def rates_of(scheduler, updates):
    rates = []
    for _ in range(updates):
        rates.append(round(scheduler.optimizer.param_groups[0]["lr"], 4))
        scheduler.optimizer.step()
        scheduler.step()
    return rates


with once_solved():
    plan = dict(first=lambda t: (t + 1) / 5, second=lambda t: 0.8**t, milestone=4)
    print(rates_of(InSequence(new_optimizer(), **plan), 10))
    begun, late = InSequence(new_optimizer(), **plan), InSequence(new_optimizer(), **plan)
    print(rates_of(begun, 7))
    late.load_state_dict(begun.state_dict())
    print(" " * 50, rates_of(late, 3))

# %% [markdown] lang="en" tags=["solution"]
# The rates are a function of `last_epoch` alone, so the place is all there is to save; the base rates come along in
# `super().state_dict()`. The functions stay in the code that builds the scheduler, as with torch's `LambdaLR`.
#
# Torch's own classes leave out the last two lines, so that the first update after loading has the rate of whoever wrote
# last into the optimizer. That is why they need the optimizer's state, loaded *after* they were built.

# %% [markdown] lang="zh" of="a2fe48d2"
# 学习率只取决于 `last_epoch`，所以要保存的只有位置；基准学习率随 `super().state_dict()` 一起保存。
# 函数则留在构造调度器的代码里，torch 的 `LambdaLR` 也是如此。
#
# torch 自己的类没有最后那两行，因此载入后的第一步，用的是最后一次写进优化器的学习率。
# 所以它们才需要优化器的状态，而且必须在构造*之后*载入。

# %% tags=["wrong"] ex="06.4" expect="k = \d+.*the place is back, the rates are not" expect_zh="位置恢复了，学习率没有"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]

    def state_dict(self):
        return {"last_epoch": self.last_epoch, "_step_count": self._step_count}

    def load_state_dict(self, state):
        self.__dict__.update(state)

# %% tags=["wrong"] ex="06.4" expect="k = \d+.*begins again at update 0" expect_zh="又从第 0 步开始"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        super().load_state_dict(state)

# %% tags=["wrong"] ex="06.4" expect="`state_dict\(\)` cannot be saved" expect_zh="`state_dict\(\)` 无法保存"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]

# %% tags=["wrong"] ex="06.4" expect="one update is left out: loading must not step" expect_zh="载入时不应再走一步"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]

    def state_dict(self):
        return {"last_epoch": self.last_epoch, "base_lrs": self.base_lrs}

    def load_state_dict(self, state):
        self.__dict__.update(state)
        self.optimizer.step()
        self.step()

# %% tags=["wrong"] ex="06.4" expect="optimizer.load_state_dict.*base rate was read from an optimizer that had been loaded" expect_zh="从已载入的优化器读出"
class InSequence:
    def __init__(self, optimizer, first, second, milestone):
        self.optimizer, self.first, self.second, self.milestone = optimizer, first, second, milestone
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self.t = -1
        self.step()

    def step(self):
        self.t += 1
        self.write()

    def write(self):
        factor = self.first(self.t) if self.t < self.milestone else self.second(self.t - self.milestone)
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base * factor

    def state_dict(self):
        return {"t": self.t}

    def load_state_dict(self, state):
        self.t = state["t"]
        self.write()

# %% tags=["wrong"] ex="06.4" expect="update \d+, group 0.*multiplies the current rate" expect_zh="它乘的是当前的学习率"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def state_dict(self):
        return {"last_epoch": self.last_epoch}

# %% tags=["wrong"] ex="06.4" expect="second function does not begin anew" expect_zh="第二个函数没有重新开始"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t)
        return [base * factor for base in self.base_lrs]

    def state_dict(self):
        return {"last_epoch": self.last_epoch}

# %% tags=["wrong"] ex="06.4" expect="one update late: the milestone is the first" expect_zh="晚了一步"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t <= self.milestone else self.second(t - self.milestone)
        return [base * factor for base in self.base_lrs]

    def state_dict(self):
        return {"last_epoch": self.last_epoch}

# %% tags=["wrong"] ex="06.4" expect="group 1.*only param group 0" expect_zh="参数组 1.*只改了参数组 0"
class InSequence(lr_scheduler.LRScheduler):
    def __init__(self, optimizer, first, second, milestone):
        self.first, self.second, self.milestone = first, second, milestone
        super().__init__(optimizer)

    def get_lr(self):
        t = self.last_epoch
        factor = self.first(t) if t < self.milestone else self.second(t - self.milestone)
        return [self.base_lrs[0] * factor, *self.base_lrs[1:]]

    def state_dict(self):
        return {"last_epoch": self.last_epoch}
