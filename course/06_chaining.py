# %% [markdown] lang="en"
# # Join plans so that they hold
#
# **30 minutes · you need sections 01 and 02.** One schedule warms up, another cools; one cycles, another shrinks the
# cycles. PyTorch has two classes to put them together, and both have holes. You will be able to
#
# 1. hand over from one scheduler to the next, and say which rate the update at the joint uses,
# 2. tell which faults at a joint cost dearly, and which cost nothing that can be measured,
# 3. name the parts that `SequentialLR` does not start anew, and those that it refuses,
# 4. say when `ChainedScheduler` is a product, and what it is otherwise,
# 5. write what you meant with `then` and `*`, to any depth, as one scheduler,
# 6. save such a run at any update and go on as if nothing had happened.

# %% [markdown] lang="zh" of="3a390698"
# # 把方案接牢
#
# **30 分钟 · 你需要第 01 和 02 节。** 一个调度负责预热，另一个负责冷却；一个循环起伏，另一个让起伏逐渐变小。
# PyTorch 有两个类可以把它们组合起来，但都有漏洞。学完本页，你将能够
#
# 1. 从一个调度器交接到下一个，并说出接头处的更新步用的是哪个学习率；
# 2. 判断接头处的哪些错误代价高昂，哪些测不出代价；
# 3. 说出 `SequentialLR` 不会重新开始的部分，以及它拒绝的部分；
# 4. 说明 `ChainedScheduler` 何时是乘积，其他时候又是什么；
# 5. 用 `then` 和 `*` 写出你的本意，嵌套几层都行，最后合成一个调度器；
# 6. 在任意更新步保存这样的训练，再接着训练，仿佛从未中断。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Put any two together
#
# Blue is what trains, recorded from torch; dashed is what one means by it: the product of the two, or one after the
# other. Below, their ratio.

# %% [markdown] lang="zh" of="4ec55cfe"
# ## 任选两个，组合起来
#
# 蓝线是真正参与训练的学习率，由 torch 实际运行记录下来；虚线是本意：两个调度的乘积，或者一个接着另一个。下方是实际与本意之比。

# %% [markdown] lang="en"
# **Predict**: does `ExponentialLR` shrink the peaks of `CyclicLR`? Then choose "Sequential". The goal: two classes that
# leave the run ten times too cold from the milestone on.

# %% [markdown] lang="zh" of="f8de5c7b"
# **先猜一猜**：`ExponentialLR` 会让 `CyclicLR` 的峰变矮吗？然后选择 “Sequential”。目标：找出这样两个类，从里程碑起学习率只有本意的十分之一。

# %% name="bench"
from lrcourse import explorers

explorers.chaining.chain_bench()

# %% [markdown] lang="en"
# The peaks stay: the decay is gone without a trace. No error, no warning; only a recording shows it. This section says
# why, and what to write instead.

# %% [markdown] lang="zh" of="4e9da7e0"
# 峰没有变矮：衰减消失得无影无踪。没有报错，没有警告；只有把学习率记录下来才看得出。本节说明原因，以及该怎样写。

# %% [markdown] lang="en"
# ## At the milestone the next part begins at its own zero
#
# `SequentialLR` runs one scheduler after another. The classic: warm up, then a cosine.

# %% [markdown] lang="zh" of="64904484"
# ## 到了里程碑，下一部分从自己的零点开始
#
# `SequentialLR`（顺序组合）让调度器一个接一个地运行。最经典的用法：先预热，再余弦退火。

# %% [markdown] lang="en"
# **Predict** the rates of update 3, of update 4, and of the last one.

# %% [markdown] lang="zh" of="577a1c54"
# **先猜一猜**第 3 步、第 4 步和最后一步的学习率。

# %% name="sequential"
import torch
from torch.optim import lr_scheduler

def new_optimizer(lr=0.1):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)

optimizer = new_optimizer()
warmup = lr_scheduler.LinearLR(optimizer, start_factor=0.2, total_iters=4)
cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[4])
for t in range(10):
    print(t, f"{scheduler.get_last_lr()[0]:.4f}")
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# 0.08, 0.1, 0.0067. The milestone is the *first* update of the next part. There torch sets that part's own
# clock to 0, and it begins at *its* first rate, wherever the one before has come to. Whether anything jumps is up to
# you.

# %% [markdown] lang="zh" of="6d37af2a"
# 0.08、0.1、0.0067。里程碑（milestone）是下一部分的*第一个*更新步。在那里，torch 把该部分自己的时钟拨到 0，
# 它就从*自己的*首个学习率开始，不管前一部分走到了哪里。会不会跳变，全在你。

# %% [markdown] lang="en"
# **Predict** updates 2 to 5 with the milestone one too early, and one too late.

# %% [markdown] lang="zh" of="3a32ef94"
# **先猜一猜**：里程碑早一步、晚一步，第 2 到第 5 步各是多少？

# %% name="milestones"
from functools import partial
from lrcourse.schedulers import curve, record

def in_sequence(first, second, at):
    return lambda optimizer: lr_scheduler.SequentialLR(optimizer, [first(optimizer), second(optimizer)], [at])

heat = partial(lr_scheduler.LinearLR, start_factor=0.2, total_iters=4)
for at in (3, 4, 5):
    cool = partial(lr_scheduler.CosineAnnealingLR, T_max=10 - at)
    print("milestone", at, record(in_sequence(heat, cool, at), 10)[2:6].round(4))

# %% [markdown] lang="en"
# At 3 it jumps from 0.06 to 0.1; at 5 it stays at 0.1 for two updates. With `total_iters` equal to the milestone the
# joint is smooth.

# %% [markdown] lang="zh" of="22ce4bd9"
# 里程碑为 3 时从 0.06 跳到 0.1；为 5 时在 0.1 停留两步。让 `total_iters` 等于里程碑，接头就是平滑的。

# %% [markdown] lang="en"
# ## T_max counts from the joint
#
# The second part knows nothing of the first. Hold 0.1 for 150 of 300 updates, then cool along a cosine.

# %% [markdown] lang="zh" of="b45af3d8"
# ## T_max 从接头处数起
#
# 第二部分对第一部分一无所知。300 个更新步中，先保持 0.1 共 150 步，再沿余弦冷却。

# %% [markdown] lang="en"
# **Predict** the last rate for `T_max` of 300, 150 and 75.

# %% [markdown] lang="zh" of="8eecef33"
# **先猜一猜** `T_max` 为 300、150、75 时最后一步的学习率。

# %% name="t-max"
def cosine_for(T_max):
    return partial(lr_scheduler.CosineAnnealingLR, T_max=T_max)

hold = partial(lr_scheduler.ConstantLR, factor=1.0)
for T_max in (300, 150, 75):
    print("T_max", T_max, "last lr", f"{record(in_sequence(hold, cosine_for(T_max), at=150), 300)[-1]:.2g}")

# %% [markdown] lang="en"
# Only `T_max = 300 - 150` ends cold. Counted from update 0 the cosine stops half way down, at 0.051. With a `T_max` too
# short it climbs back to 0.1.

# %% [markdown] lang="zh" of="2a590f41"
# 只有 `T_max = 300 - 150` 才以冷收尾。若从第 0 步数起，余弦停在半路，是 0.051；`T_max` 太短，它又爬回 0.1。

# %% [markdown] lang="en"
# ## Find the fault that costs
#
# Which of these faults does a network notice? Digits with one label in five drawn at random and noisy pixels, 300
# updates, 32 seeds that all schedules share.

# %% [markdown] lang="zh" of="e2c41eee"
# ## 找出代价高的错误
#
# 网络会在意哪些错误？手写数字，五分之一的标签换成随机的，像素带噪声，300 个更新步，32 个随机种子，各调度共用。

# %% [markdown] lang="en"
# Three warm-ups: smooth into the cosine at update 20; smooth at 10; and the first one cut off at 10, so that it jumps
# from half way up (marked ↑). Then the three cosines of the last cell. **Predict** which faults cost. (Each line is named
# milestone → `T_max`.)

# %% [markdown] lang="zh" of="e7271800"
# 三种预热：到第 20 步平滑地接上余弦；到第 10 步平滑地接上；以及把第一种在第 10 步截断，于是从半途跳上去（以 ↑ 标出）。
# 再加上前一格里的三种余弦。**先猜一猜**：哪些错误有代价？（每行的名字是里程碑 → `T_max`。）

# %% name="joints"
from torch import nn
from lrcourse import training
from lrcourse.figures import chaining as figures
from lrcourse.training import sweep

digits = training.digits(label_noise=0.2, seed=0)
noise = torch.randn(digits.x.shape, generator=torch.Generator().manual_seed(0))
digits = digits._replace(x=digits.x + 0.5 * noise)

def train(makers):
    rates = {name: record(make, 300) for name, make in makers.items()}
    network = dict(model=(64, 64, 10), activation=nn.Tanh, momentum=0.9, batch_size=16)
    return sweep(digits, rates, seeds=32, updates=300, progress=False, **network)

# %% name="joints-trained"
heat = partial(lr_scheduler.LinearLR, start_factor=0.1, total_iters=20)
short = partial(lr_scheduler.LinearLR, start_factor=0.1, total_iters=10)
joints = train({
    "20 → T_max=280": in_sequence(heat, cosine_for(280), at=20),
    "10 → T_max=290": in_sequence(short, cosine_for(290), at=10),
    "10 ↑ T_max=290": in_sequence(heat, cosine_for(290), at=10),
    "150 → T_max=150": in_sequence(hold, cosine_for(150), at=150),
    "150 → T_max=300": in_sequence(hold, cosine_for(300), at=150),
    "150 → T_max=75": in_sequence(hold, cosine_for(75), at=150),
})
figures.joints(joints)

# %% name="joints-paired"
def gap(result, name, reference):
    difference = (result.at(schedule=name).test_loss - result.at(schedule=reference).test_loss).ravel()
    return f"{difference.mean():+.3f} ± {difference.std(ddof=1) / len(difference) ** 0.5:.3f}"

for name, reference in [("10 ↑ T_max=290", "10 → T_max=290"), ("150 → T_max=300", "150 → T_max=150"),
                        ("150 → T_max=75", "150 → T_max=150")]:
    print(f"{name:15} against {reference:15}", gap(joints, name, reference))

# %% [markdown] lang="en" given="0.0505"
# This jump, from 0.0505 to 0.1, did no harm, for 0.1 is a rate that the network can bear: against the smooth joint at
# the same update the losses differ by 0.003 ± 0.002. The two ends left warm cost 0.109 ± 0.013 and 0.203 ± 0.023. What
# counts is the rate at the *end*.

# %% [markdown] lang="zh" of="ce2d9073"
# 这次从 0.0505 跳到 0.1，没有害处，因为 0.1 是网络承受得住的学习率：与同一步上的平滑交接相比，损失只差 0.003 ± 0.002。
# 收尾太热则要付出
# 0.109 ± 0.013 和 0.203 ± 0.023 的代价。要紧的是*结尾*处的学习率。

# %% [markdown] lang="en"
# ## Some parts do not begin anew
#
# Each pair below is run by `SequentialLR` on one optimizer. **Predict** which of the second parts begin where they
# should.

# %% [markdown] lang="zh" of="f2436d3f"
# ## 有些部分不会重新开始
#
# 下面每一对都由 `SequentialLR` 在同一个优化器上运行。**先猜一猜**：哪几对的第二部分会从该开始的地方开始？

# %% name="not-anew"
pairs = {("ConstantLR", "ExponentialLR"): 20, ("ConstantLR", "MultiplicativeLR"): 20,
         ("ExponentialLR", "SWALR"): 50, ("LinearLR", "OneCycleLR"): 20}
panels = {}
for (first, second), at in pairs.items():
    used = figures.composed("SequentialLR", first, second, 100, at)
    panels[f"{first} → {second}"] = used, figures.meant("SequentialLR", first, second, 100, at)
figures.against(panels)

# %% [markdown] lang="en"
# Only the first. A class with a closed form can be set to its own 0. `MultiplicativeLR` has none: it multiplies the
# rate it *finds*, here a tenth of the base rate, and so stays ten times too low to the end. `SWALR` too goes on from
# what it finds, as it is meant to.
#
# `OneCycleLR` does worse: its constructor overwrites the optimizer's base rate, from which *every* part starts, so that
# the warm-up climbs to 0.004 at most, instead of 0.1.

# %% [markdown] lang="zh" of="07493c21"
# 只有第一对。有闭式公式的类可以拨回自己的 0。`MultiplicativeLR` 没有：它乘的是它*遇到*的学习率，这里只有基准学习率的十分之一，
# 于是直到最后都只有应有的十分之一。`SWALR` 也从遇到的值接着走，那正是它的用途。
#
# `OneCycleLR` 更糟：它的构造函数会改写优化器里的基准学习率，*所有*部分都由此出发，于是预热最多升到 0.004，而不是 0.1。

# %% [markdown] lang="en"
# The same factor 0.985 an update, once by each class. **Predict** whether the run that `MultiplicativeLR` leaves too
# cold costs more or less than the warm ends did.

# %% [markdown] lang="zh" of="121c643e"
# 每步同样乘 0.985，两个类各训练一次。**先猜一猜**：`MultiplicativeLR` 让学习率过低，代价比收尾太热更大还是更小？

# %% name="cold"
low = partial(lr_scheduler.ConstantLR, factor=0.1, total_iters=20)
cold = train({
    "ExponentialLR": in_sequence(low, partial(lr_scheduler.ExponentialLR, gamma=0.985), at=20),
    "MultiplicativeLR": in_sequence(low, partial(lr_scheduler.MultiplicativeLR, lr_lambda=lambda t: 0.985), at=20),
})
for name in cold.schedules:
    part = cold.at(schedule=name)
    print(f"{name:16} test loss {part.mean()[0, 0]:.3f} ± {part.standard_error()[0, 0]:.3f}")
print("lost", gap(cold, "MultiplicativeLR", "ExponentialLR"))

# %% [markdown] lang="en"
# More than either: almost twice the loss, from two lines that say the same. The run froze on its way (section 02).

# %% [markdown] lang="zh" of="b32672a6"
# 比那两种都大：两行意思相同的代码，损失却相差近一倍。训练冻在了半路（第 02 节）。

# %% [markdown] lang="en"
# ## Put one inside another
#
# **Predict**: may a `SequentialLR` be a part of a `SequentialLR`? Second, or first?

# %% [markdown] lang="zh" of="a54b2d2c"
# ## 一个套一个
#
# **先猜一猜**：`SequentialLR` 能作为另一个 `SequentialLR` 的一部分吗？放在第二个，还是第一个？

# %% name="nested"
import warnings

inner = in_sequence(partial(lr_scheduler.LinearLR, start_factor=0.2, total_iters=4), cosine_for(6), at=4)
try:
    record(in_sequence(hold, inner, at=3), 6)
except NotImplementedError as error:
    print("second:", repr(error))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print("alone: ", record(inner, 5).round(4))
    print("first: ", record(in_sequence(inner, hold, at=8), 5).round(4))
print([str(warning.message).split(". ")[0] for warning in caught])

# %% [markdown] lang="en"
# Second, it stops at the milestone, hours into your run. First, it loses an update (0.08 is skipped) and blames the
# order of a loop that is right: the warning is false.

# %% [markdown] lang="zh" of="d78b4cc3"
# 放在第二个，它会在里程碑处报错停下，也许你已经训练了几个小时。放在第一个，它会漏掉一步（跳过了 0.08），
# 还警告说循环里的调用顺序不对，其实循环没有错：这是误报。

# %% [markdown] lang="en"
# Before you run the next cell, **predict** what happens to a `ReduceLROnPlateau` inside. Its `step` needs a metric.

# %% [markdown] lang="zh" of="fde7775c"
# 运行下一格之前，**先猜一猜**：把 `ReduceLROnPlateau` 放进去会怎样？它的 `step` 要有指标才行。

# %% name="no-plateau"
for how, more in ((lr_scheduler.SequentialLR, {"milestones": [3]}), (lr_scheduler.ChainedScheduler, {})):
    optimizer = new_optimizer()
    parts = [hold(optimizer), lr_scheduler.ReduceLROnPlateau(optimizer)]
    try:
        how(optimizer=optimizer, schedulers=parts, **more)
    except ValueError as error:
        print(str(error).split(" scheduler as")[0])

# %% [markdown] lang="en"
# Refused at once, by both classes: nobody would pass it the metric.

# %% [markdown] lang="zh" of="c9276a48"
# 两个类都当场拒绝：没有谁会把指标传给它。

# %% [markdown] lang="en"
# ## A chain multiplies what it finds
#
# `ChainedScheduler` steps all its parts at every update. Most classes multiply:
#
# $$\eta \leftarrow \eta \cdot \frac{f(t)}{f(t-1)}$$
#
# where $f(t)$ is the factor that the class would give alone. Two of them in turn give the product of their factors.

# %% [markdown] lang="zh" of="35d238dd"
# ## 链式组合：在现有的值上相乘
#
# `ChainedScheduler`（链式组合）在每个更新步让所有部分各走一步。大多数类都是相乘：
#
# $$\eta \leftarrow \eta \cdot \frac{f(t)}{f(t-1)}$$
#
# 其中 $f(t)$ 是该类单独运行时给出的倍率。两个这样的类依次作用，得到的就是两个倍率的乘积。

# %% [markdown] lang="en"
# **Predict** update 2: warm-up from 0.02 in four updates, times 0.9 an update.

# %% [markdown] lang="zh" of="699d4ce4"
# **先猜一猜**第 2 步：四步之内从 0.02 预热，同时每步乘 0.9。

# %% name="product"
def chained(*parts):
    return lambda optimizer: lr_scheduler.ChainedScheduler([part(optimizer) for part in parts])

decay = partial(lr_scheduler.ExponentialLR, gamma=0.9)
heat = partial(lr_scheduler.LinearLR, start_factor=0.2, total_iters=4)
print("chained", record(chained(heat, decay), 6).round(4))
print("product", (curve("LinearLR", 6, start_factor=0.2, total_iters=4) * 0.9 ** torch.arange(6).numpy()).round(4))

# %% [markdown] lang="en"
# 0.0486, which is 0.06 · 0.9². Here the chain is what it promises.

# %% [markdown] lang="zh" of="55cb0532"
# 0.0486，即 0.06 · 0.9²。在这里，链式组合名副其实。

# %% [markdown] lang="en"
# Now a decay over cycles. **Predict** the very first rate, and the height of the peak, at update 2000.

# %% [markdown] lang="zh" of="e831590e"
# 再来看循环上叠加衰减。**先猜一猜**第一个学习率，以及第 2000 步处峰的高度。

# %% name="not-a-product"
decay = partial(lr_scheduler.ExponentialLR, gamma=0.99)
cycle = partial(lr_scheduler.CyclicLR, base_lr=0.001, max_lr=0.01)
used, reverse = record(chained(decay, cycle), 2001), record(chained(cycle, decay), 2001)
alone = record(cycle, 2001)
for t in (0, 1, 100, 2000):
    print(f"{t:4}  chained {used[t]:.7f}  reverse {reverse[t]:.7f}  CyclicLR {alone[t]:.7f}  product {alone[t] * 0.99**t:.2e}")

# %% [markdown] lang="en"
# Pure `CyclicLR`, and before it one update at 0.1, ten times the highest rate you asked for. In the reverse order one
# factor of 0.99 is there, and never a second.
#
# `CyclicLR` does not look at the rate it finds. It *overwrites*, $\eta \leftarrow c(t)$ with $c(t)$ its own triangle, and
# so undoes whoever stepped before. The first value is stale: `ExponentialLR`, built first, had stored 0.1 as the group's
# base rate, and `CyclicLR` takes its first rate from there.

# %% [markdown] lang="zh" of="27a7db4e"
# 得到的是不折不扣的 `CyclicLR`，而且最前面还有一步用了 0.1，是你要求的最高值的十倍。顺序反过来，衰减只剩一个因子 0.99，
# 此后不再累积。
#
# `CyclicLR` 不看它遇到的学习率。它*覆盖*：$\eta \leftarrow c(t)$，其中 $c(t)$ 是它自己的三角波，于是抹掉了前面的部分
# 所做的一切。第一个值则是过时的：先构造的 `ExponentialLR` 已经把 0.1 存为参数组的基准学习率，`CyclicLR` 的首个值就取自那里。

# %% [markdown] lang="en"
# Who overwrites? An experiment decides: halve the rate behind the scheduler's back, step, and see whether the result is
# halved too. **Predict** for `LinearLR`, `LambdaLR` and `SWALR`; then see fourteen.

# %% [markdown] lang="zh" of="afc004b3"
# 谁会覆盖？做个实验就知道：背着调度器把学习率减半，再走一步，看结果是否也减半。**先猜一猜** `LinearLR`、`LambdaLR` 和
# `SWALR` 各会怎样，再看全部十四个。

# %% name="what-it-does"
from lrcourse import chaining
from lrcourse.schedulers import build

for name, arguments in figures.PARTS.items():
    print(f"{name:28}", chaining.what_it_does(build(name.split(",")[0], **arguments)))

# %% [markdown] lang="en"
# Eight multiply, four overwrite. Two do neither: a cosine with `eta_min` and `SWALR` pull the rate towards a value of
# their own. So a chain should be a product only where *every* part multiplies. **Predict** for how many of the 14 · 14
# ordered pairs; here each is recorded.

# %% [markdown] lang="zh" of="f9ab53e6"
# 八个相乘，四个覆盖。还有两个都不是：带 `eta_min` 的余弦与 `SWALR` 会把学习率拉向自己的值。
# 所以，应当只有在*每个*部分都相乘时，链式组合才是乘积。**先猜一猜**：14 · 14 个有序组合里有多少个是？下面是逐一记录的结果。

# %% name="matrix"
figures.where_chains_multiply(steps=40)

# %% [markdown] lang="en"
# 8 · 8, those where both multiply.
#
# What does a lost decay cost? Cycles between 0.02 and 0.2, with a decay of 0.985 an update, as a chain and as the
# product. **Predict**: as much as the warm ends, more, or less?

# %% [markdown] lang="zh" of="4d54c81b"
# 8 · 8 个，即两者都相乘的那些。衰减丢了，代价有多大？在 0.02 与 0.2 之间循环，每步再乘 0.985，一个用链式组合，一个用真正的乘积。**先猜一猜**：
# 与收尾太热相比，差不多，更大，还是更小？

# %% name="chain-cost"
from lrcourse import curves

cycle = dict(base_lr=0.02, max_lr=0.2, step_size_up=25, cycle_momentum=False)
shrinking = curves.cyclic_lr(0.1, **cycle) * curves.exponential_lr(1, gamma=0.985)
lost = train({
    "ChainedScheduler": chained(partial(lr_scheduler.ExponentialLR, gamma=0.985), partial(lr_scheduler.CyclicLR, **cycle)),
    "product": lambda optimizer: lrcourse.CurveLR(optimizer, shrinking),
})
print("chain against product", gap(lost, "ChainedScheduler", "product"))
figures.joints(lost)

# %% [markdown] lang="en"
# The chain cycles on at full height to the end, and loses 0.238 ± 0.020: it is a warm end too, and costs about as much
# as the worse of those above.

# %% [markdown] lang="zh" of="c3812b4a"
# 链式组合直到最后都在以全高循环，损失多出 0.238 ± 0.020：这也是收尾太热，代价与上面更糟的那种相仿。

# %% [markdown] lang="en"
# ## The way out: compose functions, not schedulers
#
# All these faults have one cause. A torch scheduler is a little machine with a memory, and two of them write into one
# place. A *function* of $t$ has no memory, and functions compose:
#
# $$\text{then}(a, b, n)(t) = \begin{cases} a(t) & \text{for } t < n \\ b(t - n) & \text{from } t = n \text{ on} \end{cases}
# \qquad\qquad (a \cdot b)(t) = a(t)\, b(t)$$

# %% [markdown] lang="zh" of="3e5b926d"
# ## 出路：组合函数，而不是调度器
#
# 这些错误都出自同一个原因。torch 的调度器是带记忆的小机器，组合起来就是两台机器往同一处写。$t$ 的*函数*没有记忆，
# 可以放心组合：
#
# $$\text{then}(a, b, n)(t) = \begin{cases} a(t) & \text{若 } t < n \\ b(t - n) & \text{自 } t = n \text{ 起} \end{cases}
# \qquad\qquad (a \cdot b)(t) = a(t)\, b(t)$$

# %% [markdown] lang="en"
# Chained, 64 of 196 pairs were right. **Predict** whether `SequentialLR`, with a milestone at 8, joins more of them as
# meant, and which pairs it fails. And `then`, and `*`?

# %% [markdown] lang="zh" of="fb6ac5c1"
# 链式组合在 196 对中对了 64 对。**先猜一猜**：里程碑取 8，`SequentialLR` 符合本意的会更多吗？哪些对会失败？`then` 和 `*` 呢？

# %% name="tally"
from itertools import product

for how in ("SequentialLR", "then", "*"):
    wrong = [
        (a, b) for a, b in product(figures.PARTS, repeat=2)
        if figures.first_wrong(figures.composed(how, a, b, 12, at=8), figures.meant(how, a, b, 12, at=8)) is not None
    ]
    goes_on = sum(second in ("MultiplicativeLR", "SWALR") for _, second in wrong)
    print(f"{how:12} {196 - len(wrong)} of 196 as meant; wrong: {goes_on} + {len(wrong) - goes_on}")

# %% [markdown] lang="en"
# The 56 that fail are of two kinds. In 26 the second part, `MultiplicativeLR` or `SWALR`, goes on from what it finds
# (only behind `StepLR` and `MultiStepLR`, which have not dropped by update 8, does `SWALR` find the full rate). In 30
# `OneCycleLR`, or `CyclicLR` built first, has rewritten the base rate of its partner.
#
# `then` and `*`: all of them. And the result is *one* scheduler, built by `chaining.sequential` or `chaining.product`, or by
# `CurveLR(optimizer, schedule)`, whatever the function.
#
# With `relative=True` the schedules are factors, of each group's own base rate.

# %% [markdown] lang="zh" of="29d73e63"
# 失败的 56 对分两类。其中 26 对，第二部分是 `MultiplicativeLR` 或 `SWALR`，
# 会从遇到的值接着走（只有接在 `StepLR` 和 `MultiStepLR` 之后，`SWALR` 才没有出错：到第 8 步，这两种阶梯还没有下降）。另外 30 对，
# 是 `OneCycleLR` 或者先构造的 `CyclicLR` 改写了对方的基准学习率。
#
# `then` 和 `*`：全部符合。而且结果是*一个*调度器，由 `chaining.sequential` 或 `chaining.product` 构造；任何函数都可以交给
# `CurveLR(optimizer, schedule)`。
#
# 写上 `relative=True`，各个调度就是倍率，乘以每个参数组自己的基准学习率。

# %% [markdown] lang="en"
# **Predict** the rates of both groups at update 2.

# %% [markdown] lang="zh" of="9ba4e3ba"
# **先猜一猜**两个参数组在第 2 步的学习率。

# %% name="groups"
weights = [torch.zeros(1, requires_grad=True) for _ in range(2)]
optimizer = torch.optim.SGD([{"params": weights[0], "lr": 0.1}, {"params": weights[1], "lr": 0.01}])
factors = [curves.linear_warmup(1, warmup_steps=4), curves.cosine_annealing_lr(1, T_max=6)]
scheduler = chaining.sequential(optimizer, factors, milestones=[4], relative=True)
for t in range(6):
    print(t, [f"{lr:.4f}" for lr in scheduler.get_last_lr()])
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# 0.006: three fifths of 0.01. This warm-up rises by $(t + 1)/(w + 1)$, with $w$ the length `warmup_steps`, so that the
# first update moves and update $w$ has the full rate (section 03).

# %% [markdown] lang="zh" of="64351bd0"
# 0.006：0.01 的五分之三。这种预热按 $(t + 1)/(w + 1)$ 上升，$w$ 是其长度 `warmup_steps`，所以第一个更新步就在动，
# 第 $w$ 步达到全速（第 03 节）。

# %% [markdown] lang="en"
# Now nest them: warm up for 10 updates, hold until 40, then three cosines of 20, each half as high as the one before; all
# of it times a line that reaches zero at 100. **Predict** the rates of updates 10, 40, 60 and 80.

# %% [markdown] lang="zh" of="51a7de59"
# 现在嵌套起来：预热 10 步，保持到第 40 步，再接三个各 20 步的余弦，每个的高度是前一个的一半；整体再乘以一条在第 100 步降到零的
# 直线。**先猜一猜**第 10、40、60、80 步的学习率。

# %% name="nests"
from lrcourse.curves import then

cool = curves.cosine_annealing_lr(0.1, T_max=20)
cooling = then(cool, then(0.5 * cool, 0.25 * cool, at=20), at=20)
held = then(curves.constant(0.1), cooling, at=30)
schedule = then(curves.linear_warmup(0.1, 10), held, at=10) * curves.linear_to_zero(1, 100)
used = record(partial(lrcourse.CurveLR, schedule=schedule), 100)
print("updates 10, 40, 60, 80", used[[10, 40, 60, 80]].round(4), " as the function", (used == schedule(range(100))).all())

# %% [markdown] lang="en"
# 0.09, 0.06, 0.02 and 0.005: four deep, and exact to the last bit.

# %% [markdown] lang="zh" of="8d6980e9"
# 0.09、0.06、0.02 和 0.005：嵌套四层，逐位精确。

# %% [markdown] lang="en" given="0.0002"
# Build your own, with `then`, `*` and `shift` (the same curve, later). The words below the picture end in the expression,
# to copy behind `from lrcourse.curves import *`.
#
# **Predict** which kind of cooling reaches the goal: three times from half the height, and a last rate below 0.0002.

# %% [markdown] lang="zh" of="cce8f5bf"
# 现在用 `then`、`*` 和 `shift`（同一条曲线，往后推）自己搭一个。图下文字的末尾就是表达式，可以复制到
# `from lrcourse.curves import *` 之后。
#
# **先猜一猜**哪种冷却能达到目标：三次冷却，每次高度减半，最后的学习率低于 0.0002。

# %% name="composer"
explorers.chaining.composer()

# %% [markdown] lang="en"
# Only the cosine lands so softly. A straight line stops one whole step above zero, and this exponential falls to a
# hundredth of each peak, no further.
#
# The composer writes a warm-up as `*` and `shift`: a shifted curve holds its first value until it starts. **Predict**
# whether that agrees with `then` at every update.

# %% [markdown] lang="zh" of="bbabd636"
# 只有余弦能落得这样轻。直线停在零点之上整整一步，而这里的指数只降到每个峰的百分之一，不再往下。
#
# 搭建器把预热写成 `*` 加 `shift`：推后的曲线在开始之前保持首个值。**先猜一猜**它与 `then` 是否步步一致。

# %% name="shift"
by_then = then(curves.linear_warmup(0.1, 10), curves.cosine_annealing_lr(0.1, T_max=90), at=10)
by_shift = curves.linear_warmup(0.1, 10) * curves.cosine_annealing_lr(1, T_max=90).shift(10)
print("equal at every update", abs(by_then(range(100)) - by_shift(range(100))).max() < 1e-15)
print(by_shift)

# %% [markdown] lang="en"
# ## Save it at any update
#
# A run is stopped at update $k$ and goes on in a new process. There the scheduler is built, and states are loaded: first
# "build, optimizer, scheduler"; then "optimizer, build, scheduler"; then "build, scheduler", the optimizer's state left
# out.
#
# **Predict** in which of the three torch's learning rates are right at *every* $k$. And ours?

# %% [markdown] lang="zh" of="ea8eae82"
# ## 在任意更新步保存
#
# 训练在第 $k$ 步停下，在新的进程里继续。那里要构造调度器，还要载入状态，有三种顺序：“build, optimizer, scheduler”先构造，
# 再载入优化器和调度器；“optimizer, build, scheduler”先载入优化器；“build, scheduler”不载入优化器的状态。
#
# **先猜一猜**：哪几种顺序能让 torch 的学习率在*每个* $k$ 处都正确？我们的呢？

# %% name="resume"
def resumed(make, k, order, updates=20):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    for _ in range(k):
        optimizer.step()
        scheduler.step()
    saved = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    parts = {"optimizer": new_optimizer()}
    for name in order:
        if name == "build":
            parts["scheduler"] = make(parts["optimizer"])
        else:
            parts[name].load_state_dict(saved[name])
    return record_from(parts, updates - k)

# %% name="resume-record"
def record_from(parts, updates):
    rates = []
    for _ in range(updates):
        rates.append(parts["optimizer"].param_groups[0]["lr"])
        parts["optimizer"].step()
        parts["scheduler"].step()
    return torch.tensor(rates)

ours = partial(chaining.sequential, schedules=[curves.linear_warmup(0.1, 4), cool], milestones=[4])
theirs = in_sequence(heat, cosine_for(16), at=4)
for order in (["build", "optimizer", "scheduler"], ["optimizer", "build", "scheduler"], ["build", "scheduler"]):
    for name, make in {"SequentialLR": theirs, "sequential": ours}.items():
        uninterrupted = torch.tensor(record(make, 20))
        worst = max(abs(resumed(make, k, order) - uninterrupted[k:]).max().item() for k in range(20))
        print(f"{', '.join(order):28} {name:13} off by at most {worst:.3f}")

# %% [markdown] lang="en"
# Torch's are right in one of these three: build, then load *both*. Else the next update uses the first rate, which building
# has written into the optimizer, and the run goes on from there, up to 0.08 away from its plan. A function knows the rate of each $t$; its state puts it
# back, in any order. (The optimizer's own state, its momentum, you have to load all the same.)

# %% [markdown] lang="zh" of="a2e11541"
# 这三种顺序中，torch 的只有一种正确：先构造，再把*两者*都载入。否则，下一步用的是构造时写进优化器的首个学习率，
# 训练从那里接着走，偏离方案最多 0.08。函数知道每个 $t$ 的学习率，载入状态时会把它放回去，顺序随意。（优化器自己的状态，即动量，
# 仍然必须载入。）

# %% [markdown] lang="en"
# One thing the algebra cannot hold: a plateau is no function of $t$, its next rate depends on losses to come. For "warm
# up, then watch the loss" use `WarmupScheduler` of section 03. **Predict**: does *it* resume?

# %% [markdown] lang="zh" of="d4b0f629"
# 有一样东西这套代数装不下：平台期调度不是 $t$ 的函数，它的下一个学习率取决于还没有算出来的损失。要“先预热，再盯着损失”，
# 请用第 03 节的 `WarmupScheduler`。**先猜一猜**：*它*能断点续训吗？

# %% name="plateau"
losses = [1.0, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]

def warm_plateau(optimizer):
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    return lrcourse.WarmupScheduler(optimizer, warmup_epochs=3, after_scheduler=plateau)

def run(optimizer, scheduler, epochs):
    rates = []
    for epoch in epochs:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(losses[epoch])
    return rates

# %% name="plateau-resume"
optimizer = new_optimizer()
whole = run(optimizer, warm_plateau(optimizer), range(12))
for k in range(12):
    optimizer, late = new_optimizer(), new_optimizer()
    scheduler, again = warm_plateau(optimizer), warm_plateau(late)
    begun = run(optimizer, scheduler, range(k))
    late.load_state_dict(optimizer.state_dict())
    again.load_state_dict(scheduler.state_dict())
    assert begun + run(late, again, range(k, 12)) == whole
print("resumed at every epoch:", [round(rate, 4) for rate in whole])

# %% [markdown] lang="en"
# It does, at each of the twelve epochs: its state holds the plateau's, with the best loss so far and the count of bad
# epochs.

# %% [markdown] lang="zh" of="d49d99f4"
# 能，十二轮中的每一轮都行：它的状态里包含平台期调度器的状态，即迄今的最佳损失，以及没有改善的轮数。

# %% [markdown] lang="en"
# ## At work: one schedule, one checkpoint
#
# Warm up, hold, cool; saved at update 57, in the middle. Everything that the rest of the run depends on is in the file:
# weights, momentum, scheduler, and the generator that draws the batches.

# %% [markdown] lang="zh" of="18409e40"
# ## 实战：一个调度，一个检查点
#
# 预热、保持、冷却；中途在第 57 步保存。后半程需要的一切都在文件里：权重、动量、调度器，以及抽取批次的随机数生成器。

# %% name="work"
def build():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    plan = [curves.linear_warmup(1, 20), curves.constant(1), curves.linear_to_zero(1, 40)]
    scheduler = chaining.sequential(optimizer, plan, milestones=[20, 80], total_steps=120, relative=True)
    return model, optimizer, scheduler, torch.Generator().manual_seed(0)

# %% name="work-loop"
def train_updates(model, optimizer, scheduler, generator, updates):
    for _ in range(updates):
        batch = torch.randint(len(digits.x), (16,), generator=generator)
        loss = nn.functional.cross_entropy(model(digits.x[batch]), digits.y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()

# %% [markdown] lang="en"
# **Predict**: how far apart are the weights of the resumed run and of the uninterrupted one?

# %% [markdown] lang="zh" of="8d60b844"
# **先猜一猜**：续训得到的权重与不中断训练的权重相差多少？

# %% name="work-resume"
import io

whole, begun, late = build(), build(), build()
train_updates(*whole, updates=120)
train_updates(*begun, updates=57)
file = io.BytesIO()  # "checkpoint.pt" on your disk
torch.save([part.state_dict() for part in begun[:3]] + [begun[3].get_state()], file)
file.seek(0)
states = torch.load(file, weights_only=True)
for part, state in zip(late[:3], states[:3], strict=True):
    part.load_state_dict(state)
late[3].set_state(states[3])
train_updates(*late, updates=63)
pairs = zip(whole[0].parameters(), late[0].parameters(), strict=True)
print("all weights and biases equal, to the bit:", all(torch.equal(a, b) for a, b in pairs))

# %% [markdown] lang="en"
# Not at all. With a `DataLoader` that shuffles, hand it a generator of your own (`generator=`), and save that one's state
# at the end of an epoch: in the middle of one, the order of the rest is lost.

# %% [markdown] lang="zh" of="00d09338"
# 毫无差别。如果用会打乱顺序的 `DataLoader`，就给它一个自己的生成器（`generator=`），并在一轮结束时保存它的状态：
# 在一轮中途保存，余下批次的顺序就丢了。

# %% [markdown] lang="en"
# ## Traps
#
# **Milestones out of order** leave a part out, without a word; `chaining.sequential` says so.

# %% [markdown] lang="zh" of="cb82f5b7"
# ## 陷阱
#
# **里程碑顺序颠倒**会悄悄漏掉一部分；`chaining.sequential` 会指出来。

# %% name="trap-order"
def three(optimizer, milestones=(8, 4)):
    parts = [heat(optimizer), cosine_for(4)(optimizer), lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=99)]
    return lr_scheduler.SequentialLR(optimizer, parts, list(milestones))

print("8, 4:", record(three, 10).round(3))
print("4, 8:", record(partial(three, milestones=(4, 8)), 10).round(3))
try:
    chaining.sequential(new_optimizer(), [curves.linear_warmup(0.1, 4), cool, curves.constant(0.05)], milestones=[8, 4])
except ValueError as error:
    print(error)

# %% [markdown] lang="en"
# **A part stepped beside the whole.** The parts belong to the whole; step one of them too, and its clock runs twice as
# fast. (And `step(epoch)`, an old way to jump, is deprecated.) **Predict** update 2 of the warm-up.

# %% [markdown] lang="zh" of="0b6175ac"
# **部分与整体一起步进。** 各部分归整体管；若再单独步进其中一个，它的时钟就快了一倍。（另外，用来跳步的旧写法 `step(epoch)`
# 已被弃用。）**先猜一猜**预热的第 2 步。

# %% name="trap-twice"
optimizer = new_optimizer()
warmup, cosine = heat(optimizer), cosine_for(6)(optimizer)
scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[4])
rates = []
for _ in range(4):
    rates.append(round(scheduler.optimizer.param_groups[0]["lr"], 4))
    optimizer.step()
    warmup.step()
    scheduler.step()
print("warm-up stepped twice", rates, " once", record(in_sequence(heat, cosine_for(6), at=4), 4).round(4))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warmup.step(3)
print(str(caught[0].message).split(" where")[0])

# %% [markdown] lang="en"
# **Rate times rate.** A product of two schedules with `lr=0.1` is a hundredth, not a tenth. One factor is a rate, the
# others are built with `lr=1`.

# %% [markdown] lang="zh" of="47a8e27b"
# **学习率乘学习率。** 两个 `lr=0.1` 的调度之积是百分之一，而不是十分之一。只有一个因子是学习率，其余都用 `lr=1` 构造。

# %% name="trap-square"
for lr in (0.1, 1):
    schedule = curves.linear_warmup(0.1, 4) * curves.cosine_annealing_lr(lr, T_max=100)
    print(f"second factor with lr={lr}: update 4 uses {schedule(4):.4f}")

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. A milestone is the first update of the next part, which begins at its own 0: `T_max` counts from there.
# 2. A jump to a rate that is stable cost nothing we could measure; an end left warm cost much. Print the *last* rate.
# 3. `MultiplicativeLR` and `SWALR` go on from what they find, `OneCycleLR`, and `CyclicLR` where it is built
#    first, set the base of all. A `SequentialLR` inside another fails, a plateau is refused.
# 4. A chain is the product where every part multiplies. `LambdaLR`, warm restarts, `CyclicLR` and `OneCycleLR`
#    overwrite; a cosine with `eta_min` and `SWALR` pull towards a value of their own.
# 5. Functions of $t$ compose: `then(a, b, at=n)`, `a * b`, `2 * a`, `a.shift(n)`; `CurveLR`, `chaining.sequential` and
#    `chaining.product` make one scheduler of them.
# 6. Its rates resume at any update, in any order of loading; load the optimizer too. A plateau needs `WarmupScheduler`.

# %% [markdown] lang="zh" of="fb86bf95"
# ## 要点
#
# 1. 里程碑是下一部分的第一个更新步，该部分从自己的 0 开始：`T_max` 从那里数起。
# 2. 跳到仍然稳定的学习率，测不出代价；收尾太热代价很大。把*最后*一步的学习率打印出来看看。
# 3. `MultiplicativeLR` 和 `SWALR` 从遇到的值接着走；`OneCycleLR`，以及先构造的 `CyclicLR`，会改写所有部分的基准学习率。
#    `SequentialLR` 套在另一个里面会失败，平台期调度器会被拒绝。
# 4. 每个部分都相乘时，链式组合才是乘积。`LambdaLR`、热重启、`CyclicLR`、`OneCycleLR` 会覆盖；
#    带 `eta_min` 的余弦和 `SWALR` 会把学习率拉向自己的值。
# 5. $t$ 的函数可以组合：`then(a, b, at=n)`、`a * b`、`2 * a`、`a.shift(n)`；`CurveLR`、`chaining.sequential` 和
#    `chaining.product` 把它们变成一个调度器。
# 6. 它的学习率能在任意更新步续上，载入顺序随意；优化器也要载入。平台期调度要用 `WarmupScheduler`。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 06](../exercises/06_chaining.ipynb): 06.1 warm up, then land on a given rate · 06.2 a
# product where the chain fails · 06.3 write `then` · 06.4 a composite that resumes.

# %% [markdown] lang="zh" of="d3854a58"
# ## 自己动手
#
# [第 06 节的练习](../../exercises/zh/06_chaining.ipynb)：06.1 先预热，再落在给定的学习率上 · 06.2 链式组合失灵时的乘积 ·
# 06.3 写出 `then` · 06.4 能续训的组合调度器。

# %% [markdown] lang="en"
# ## Sources
#
# - PyTorch, [SequentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html) and
#   [ChainedScheduler](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html),
#   and the source of `torch.optim.lr_scheduler`.
# - Goyal et al., Accurate, large minibatch SGD: warm-up handed over to a schedule, arXiv:1706.02677.
# - Hägele et al., Scaling laws and compute-optimal training beyond fixed training durations: hold, then cool,
#   arXiv:2405.18392.

# %% [markdown] lang="zh" of="6e29bbb3"
# ## 来源
#
# - PyTorch，[SequentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html) 与
#   [ChainedScheduler](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html)，
#   以及 `torch.optim.lr_scheduler` 的源代码。
# - Goyal 等，Accurate, large minibatch SGD：预热之后交接给调度，arXiv:1706.02677。
# - Hägele 等，Scaling laws and compute-optimal training beyond fixed training durations：先保持，再冷却，
#   arXiv:2405.18392。
