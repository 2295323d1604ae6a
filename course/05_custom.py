# %% [markdown] lang="en"
# # Write your own schedule
#
# **35 minutes · you need section 02.** A schedule is a function of time, and any function will do. You will be able to
#
# 1. draw a schedule and judge it: paired seeds, equal budget, standard errors,
# 2. turn any function of t into a scheduler, for several param groups, without a wasted first update,
# 3. resume it in the middle, and say what `LambdaLR` forgets,
# 4. write simulated annealing, and say what freezes a network,
# 5. name the modern families, and how far and how cold each of them goes,
# 6. branch a run to every horizon from one trunk,
# 7. tell when decay does nothing.

# %% [markdown] lang="zh" of="6d6f9838"
# # 写出你自己的调度
#
# **35 分钟 · 你需要第 02 节。** 调度是时间的函数，任何函数都行。学完本页，你将能够
#
# 1. 画出一种调度并给出评判：同一组随机种子、同样的预算、标准误；
# 2. 把任意的 t 的函数变成调度器，适用于多个参数组，也不浪费第一个更新步；
# 3. 在中途断点续训，并说出 `LambdaLR` 忘了什么；
# 4. 写出模拟退火（simulated annealing），并说出什么会把网络冻住；
# 5. 说出各种现代调度的名字，以及每一种走多远、冷到什么程度；
# 6. 从一条主干分叉，到达每个终点；
# 7. 判断什么时候衰减毫无作用。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Draw one, and race it
#
# Six points make your schedule. Let a slider go, and sixteen small networks learn MNIST-1D anew: 300 updates, the same
# first weights and the same batches as the sixteen that follow the cosine at its best peak.

# %% [markdown] lang="zh" of="42ff489d"
# ## 画一个，让它上赛道
#
# 六个点构成你的调度。松开滑块，十六个小网络就重新学习 MNIST-1D：300 个更新步，初始权重和批次与另外十六个相同，
# 后者使用取最佳峰值的余弦。

# %% [markdown] lang="en"
# **Predict** which of the six points matters most. The goal is to beat the cosine by 2 standard errors; then ask
# for fresh seeds, for luck does not repeat itself.

# %% [markdown] lang="zh" of="5f5ad3af"
# **先猜一猜**：六个点中哪一个最要紧？目标是以 2 个标准误胜过余弦；然后换上全新的随机种子再试，因为运气不会重演。

# %% name="draw"
from lrcourse import explorers

explorers.custom.draw_your_own()

# %% [markdown] lang="en"
# The last one, first of all. The constant 0.06 goes exactly as far as the cosine ($\sum\eta$ is 18 for both), ends hot, and
# loses by more than ten standard errors. With the end at 0 almost any fair shape comes near. What is left to win
# is small: in the race below a straight line wins 0.016.

# %% [markdown] lang="zh" of="9f3a8c18"
# 最要紧的是最后那个点。恒定的 0.06 与余弦走得恰好一样远（$\sum\eta$ 都是 18），结束时却还很热，输了十多个标准误。
# 把末端降到 0，几乎任何像样的形状都与余弦相近。剩下能赢的很少：在后面的比赛里，一条直线赢了 0.016。

# %% [markdown] lang="en"
# ## Any function of t is a schedule
#
# `LambdaLR` takes a function of $t$ that returns a *multiplier*: group $i$ uses $\eta_i(t) = \eta_i \cdot f(t)$, with
# $\eta_i$ the rate that its optimizer was built with.

# %% [markdown] lang="zh" of="3a9344ef"
# ## 任何 t 的函数都是调度
#
# `LambdaLR` 接受一个 $t$ 的函数，它返回*倍率*：第 $i$ 组使用 $\eta_i(t) = \eta_i \cdot f(t)$，
# 其中 $\eta_i$ 是构造优化器时给定的学习率。

# %% [markdown] lang="en"
# **Predict** the two rates of update 0, and of update 9.

# %% [markdown] lang="zh" of="729a6383"
# **先猜一猜**：第 0 步和第 9 步，两个组的学习率各是多少？

# %% name="lambda"
import torch
from torch.optim.lr_scheduler import LambdaLR

def optimizer_of(*lrs):
    return torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in lrs])

def warm_hold_decay(t):
    if t < 4:
        return (t + 1) / 5
    return 1.0 if t < 8 else 0.8 ** (t - 8)

optimizer = optimizer_of(0.1, 0.01)
scheduler = LambdaLR(optimizer, warm_hold_decay)

# %% name="lambda-steps"
for t in range(11):
    print(t, [f"{lr:.4g}" for lr in scheduler.get_last_lr()])
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en" given="0.08"
# 0.02 and 0.002; then 0.08 and 0.008. Warm-up, hold and decay in four lines, and the groups keep their ratio.
#
# Why $(t + 1)/5$ and not $t/4$? **Predict** what the usual $t/w$ gives to update 0.

# %% [markdown] lang="zh" of="86c9b640"
# 0.02 与 0.002；然后是 0.08 与 0.008。四行就写完了预热、保持、衰减，两组的比值始终不变。
#
# 为什么是 $(t + 1)/5$ 而不是 $t/4$？**先猜一猜**：常见的 $t/w$ 给第 0 步的是什么？

# %% name="first-value"
from lrcourse import custom_lr_lambda

print("t / w            ", [t / 4 for t in range(6)])
print("custom_lr_lambda ", [custom_lr_lambda(t, warmup_epochs=4) for t in range(6)])

# %% [markdown] lang="en"
# Zero: a batch is drawn, its gradient computed, and nothing moves.
#
# `custom_lr_lambda(epoch, warmup_epochs=10, hold_epochs=20, gamma=0.95)` is the function above with lengths of your
# choice. It too reaches 1 at update $w$.

# %% [markdown] lang="zh" of="5b3cd9a6"
# 是零：抽了一批数据，算了梯度，却什么也没动。
#
# `custom_lr_lambda(epoch, warmup_epochs=10, hold_epochs=20, gamma=0.95)` 就是上面的函数，各段长度由你定。
# 它同样在第 $w$ 步达到 1。

# %% [markdown] lang="en"
# ## A scheduler that refuses nonsense
#
# `CustomScheduler(optimizer, schedule_fn)` means the same as `LambdaLR`. **Predict** what each of them does
# with $1 - t/3$ at $t = 5$.

# %% [markdown] lang="zh" of="ad5bebe9"
# ## 一个拒绝胡来的调度器
#
# `CustomScheduler(optimizer, schedule_fn)` 与 `LambdaLR` 含义相同。**先猜一猜**：对于 $1 - t/3$，
# 在 $t = 5$ 时二者各会怎么做？

# %% name="refuses"
from lrcourse import CustomScheduler

for Scheduler in (LambdaLR, CustomScheduler):
    optimizer = optimizer_of(0.1)
    scheduler = Scheduler(optimizer, lambda t: 1 - t / 3)
    try:
        for _ in range(5):
            optimizer.step()
            scheduler.step()
        print(Scheduler.__name__, [f"{lr:.4f}" for lr in scheduler.get_last_lr()])
    except ValueError as error:
        print(Scheduler.__name__, error)

# %% [markdown] lang="en"
# `LambdaLR` hands the optimizer a negative rate, and the network climbs. `CustomScheduler` stops, names the $t$, and
# has not taken the step.

# %% [markdown] lang="zh" of="c9b67bb5"
# `LambdaLR` 把负的学习率交给优化器，网络开始往上爬。`CustomScheduler` 停下来，指出是哪个 $t$，而且这一步并未执行。

# %% [markdown] lang="en"
# ## What a lambda forgets
#
# **Predict** what `state_dict()` keeps of a lambda, and of an object that can be called.

# %% [markdown] lang="zh" of="86bed5e5"
# ## lambda 忘了什么
#
# **先猜一猜**：`state_dict()` 会保存 lambda 的什么？又会保存可调用对象的什么？

# %% name="forgets"
class Decay:
    def __init__(self, gamma):
        self.gamma = gamma

    def __call__(self, t):
        return self.gamma**t

for function in (lambda t: 0.5**t, Decay(0.5)):
    print(LambdaLR(optimizer_of(0.1), function).state_dict()["lr_lambdas"])

# %% [markdown] lang="en"
# Of a lambda nothing, of an object its attributes. So resume with the function as it was, or write an object: it brings
# its numbers back, whatever the script says by then.
#
# **Predict** the first rate after resuming at $t = 3$, when the optimizer is loaded first and the scheduler built after.

# %% [markdown] lang="zh" of="40c1dc43"
# lambda 什么都不保存，对象则保存属性。所以续训时要用原样的函数，或者写成对象：不管脚本后来改成什么样，它都会把自己的
# 数值带回来。
#
# **先猜一猜**：在 $t = 3$ 处续训，先载入优化器、后构造调度器，第一个学习率是多少？

# %% name="resume"
def run(scheduler, updates):
    lrs = []
    for _ in range(updates):
        lrs.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return lrs

# %% name="resume-late"
for Scheduler in (LambdaLR, CustomScheduler):
    scheduler = Scheduler(optimizer_of(0.1), Decay(0.5))
    run(scheduler, 3)
    saved = scheduler.optimizer.state_dict(), scheduler.state_dict()
    optimizer = optimizer_of(0.1)
    optimizer.load_state_dict(saved[0])
    late = Scheduler(optimizer, Decay(0.9))  # edited meanwhile
    late.load_state_dict(saved[1])
    print(f"{Scheduler.__name__:16}", run(late, 3), " should be", run(scheduler, 3))

# %% [markdown] lang="en"
# Constructing a `LambdaLR` writes $f(0)$ over the rate that was loaded, and one update runs eight times too hot.
# `CustomScheduler` keeps the rates in its own state: any order is right. Both took the old 0.5 from the object.

# %% [markdown] lang="zh" of="e87a3e56"
# 构造 `LambdaLR` 时，会用基准学习率的 $f(0)$ 倍覆盖刚载入的值，于是有一步热了八倍。`CustomScheduler` 把学习率存在自己的状态里：
# 什么顺序都对。两者都从对象那里取回了旧的 0.5。

# %% [markdown] lang="en"
# ## Every closed form is a scheduler
#
# `CurveLR(optimizer, schedule)` takes the learning rate itself, not a multiplier: any schedule of `lrcourse.curves`, or
# what the algebra of section 06 makes of them.

# %% [markdown] lang="zh" of="c8f8daa6"
# ## 每个闭式公式都是调度器
#
# `CurveLR(optimizer, schedule)` 接受的是学习率本身，而不是倍率：`lrcourse.curves` 中的任何调度，
# 或第 06 节的代数由它们组合出来的调度。

# %% [markdown] lang="en"
# **Predict**: the optimizer below is built with `lr=1.0`. Does it matter?

# %% [markdown] lang="zh" of="d3f87c09"
# **先猜一猜**：下面的优化器以 `lr=1.0` 构造。这有影响吗？

# %% name="live"
import numpy as np
from lrcourse import CurveLR, curves, training

data = training.mnist1d()
plans = {
    "WSD": curves.wsd(0.1, total_steps=300, cooldown_steps=90, warmup_steps=15),
    "annealing": curves.simulated_annealing(0.1, T0=1.0, T_min=0.01, alpha=0.985),
}

def train(schedule, seed):
    model = training.mlp((40, 32, 32, 10), torch.nn.ReLU, seed=seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    scheduler = CurveLR(optimizer, schedule)
    return training.fit(model, data, optimizer, scheduler, updates=300, batch_size=32, seed=seed)

# %% name="live-figure"
from lrcourse.figures import schedulers

runs = {name: [train(schedule, seed) for seed in range(3)] for name, schedule in plans.items()}
for name, histories in runs.items():
    print(name, "as planned", np.array_equal(histories[0].lr, plans[name](np.arange(300))))
schedulers.trained(runs)

# %% [markdown] lang="en"
# It does not: from the first update on, the optimizer used the curve and nothing else. The green line is the subject of
# the next step: it is cold by halftime, and learns little after that.

# %% [markdown] lang="zh" of="10724169"
# 没有影响：从第一步起，优化器用的就是这条曲线，别无其他。绿线正是下一步的主题：它半程就已经冷了，此后学不到多少。

# %% [markdown] lang="en"
# ## Anneal, but not into a freezer
#
# Simulated annealing cools geometrically down to a floor:
#
# $$T(t) = \max(T_{\min},\; T_0\,\alpha^t)$$
#
# With $T_0 = 1$, $T_{\min} = 0.01$, $\alpha = 0.99$: **predict** at which epoch the floor takes over.

# %% [markdown] lang="zh" of="1d0f6f89"
# ## 退火，但不要退进冰箱
#
# 模拟退火按几何级数降温，直到一个下限：
#
# $$T(t) = \max(T_{\min},\; T_0\,\alpha^t)$$
#
# 取 $T_0 = 1$、$T_{\min} = 0.01$、$\alpha = 0.99$：**先猜一猜**下限从第几轮开始起作用？

# %% name="floor"
from lrcourse import simulated_annealing_schedule

for epoch in (0, 100, 458, 459, 1000):
    print(epoch, f"{simulated_annealing_schedule(epoch, T0=1.0, T_min=0.01, alpha=0.99):.5f}")

# %% [markdown] lang="en"
# From 459 on, $\ln T_{\min} / \ln\alpha$ rounded up.
#
# Now the physics: a thousand balls in a rugged valley with nine wells. **Predict** how the share that finds
# the deepest one grows, if each cooling takes ten times as long as the one before. (First line: a quench.)

# %% [markdown] lang="zh" of="f8a3791e"
# 从 459 起，即 $\ln T_{\min} / \ln\alpha$ 向上取整。
#
# 再看物理：一千个小球，在有九个势阱的崎岖山谷里。**先猜一猜**：如果每次冷却的时间都是前一次的十倍，
# 找到最深势阱的比例会怎样增长？（第一行是淬火。）

# %% name="anneal"
from lrcourse import dynamics

def found(temperature):
    share = dynamics.anneal(dynamics.rugged(), temperature, particles=1000, seed=0).share
    return f"{share:.3f} ± {(share * (1 - share) / 1000) ** 0.5:.3f}"

print("quench", found(np.zeros(3000)))
for steps in (30, 300, 3000):
    alpha = (0.1 / 3) ** (1 / steps)
    temperature = simulated_annealing_schedule(np.arange(steps), T0=3, T_min=0.1, alpha=alpha)
    print(f"{steps:4} steps", found(temperature))

# %% [markdown] lang="en"
# Thirty steps are a quench, within the error; after that each tenfold of time nearly doubles the share. Here only the
# noise was cooled; the balls stayed as mobile as before.
#
# A learning rate does both at once. Lower it, and the noise goes, but so does the speed (section 01: $\eta$ is
# temperature *and* clock).

# %% [markdown] lang="zh" of="f3ed3250"
# 三十步在误差范围内就等于淬火；此后时间每乘十，比例几乎翻倍。这里只降低了噪声，小球依旧灵活。
#
# 学习率则两样一起改变。降低它，噪声没了，速度也没了（第 01 节：$\eta$ 既是温度，*也*是时钟）。

# %% [markdown] lang="en"
# **Predict**: hot networks are cooled by 0.3, 0.1 or 0.01 at update 600, and heated again at 800. Which lies lowest at
# 800? What is left of it at 1000?

# %% [markdown] lang="zh" of="f3d924d6"
# **先猜一猜**：热的网络在第 600 步降温到 0.3、0.1 或 0.01 倍，第 800 步再加热。第 800 步时谁最低？到第 1000 步还剩下多少？

# %% name="drop"
from lrcourse.training.sweep import sweep

def plan(factor):
    return np.repeat([0.2, 0.2 * factor, 0.2], [600, 200, 200])

plans = {f"{factor:g}": plan(factor) for factor in (1, 0.3, 0.1, 0.01)}
cooled = sweep(data, plans, seeds=8, updates=1000, batch_size=16, model=(40, 32, 32, 10))

# %% name="drop-numbers"
def mean(values, digits=3):
    return f"{np.mean(values):+.{digits}f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.{digits}f}"

for factor in cooled.schedules[1:]:
    gain = (cooled.at(schedule=factor).loss - cooled.at(schedule="1").loss)[0, 0]
    print(f"x {factor:4}", " updates 700-800", mean(gain[:, 700:800].mean(1)),
          " updates 900-1000", mean(gain[:, 900:].mean(1)))  # fmt: skip

# %% name="drop-figure"
from lrcourse.figures import custom as figures

figures.reheated(cooled, cold=slice(600, 800))

# %% [markdown] lang="en"
# A gentle drop gains 0.095; a hundredfold one a quarter of that: all but frozen on the spot.
#
# Heated again, all gain melts as fast as the picture can show (a mean over 30 updates), and the time spent cold is lost: all three end *behind* those
# that never cooled, by seven standard errors and more. Cooling pays once, and last.

# %% [markdown] lang="zh" of="35ae01f0"
# 温和的降温赢得 0.095；降到百分之一，只有它的四分之一：几乎当场冻住了。
#
# 再加热之后，赢得的很快全部化掉，快到图上（30 步的平均）分辨不出，冷着的那段时间也白费了：三者最后都*落后*于从未降温的，差七个标准误以上。
# 降温只划算一次，而且要放在最后。

# %% [markdown] lang="en"
# ## The families, on one page
#
# In use today, each under its name; in grey the cosine. The numbers: first and last rate used, and $\sum\eta$ as a share
# of updates times peak.

# %% [markdown] lang="zh" of="f899e25b"
# ## 各类调度，尽在一页
#
# 今天在用的调度，各标其名；灰线是余弦。数字依次为：所用的首值与末值，以及 $\sum\eta$ 占“更新步数乘以峰值”的比例。

# %% [markdown] lang="en"
# **Predict** which of them go equally far, to the last digit shown.

# %% [markdown] lang="zh" of="6607921f"
# **先猜一猜**：哪些走得一样远，图上显示的每一位都相同？

# %% name="families"
figures.families()

# %% [markdown] lang="en"
# Linear and cosine: half the peak on average, both; and WSD with either of these cooldowns. WSD (warm-up, stable, decay; the trapezoid) goes farther than all
# others and still ends cold. The inverse square root never ends cold.

# %% [markdown] lang="zh" of="4abcf076"
# 线性与余弦：平均都是峰值的一半；配上这两种冷却的 WSD 也是一对。WSD（warm-up, stable, decay，即梯形）比其他各种走得都远，最后仍然够冷。
# 反平方根则永远不会以冷收尾。

# %% [markdown] lang="en" given="1.5 1%"
# **Predict** which shape goes 1.5 times as far as the cosine and still ends below 1% of the peak. That is the goal;
# there is more than one way.

# %% [markdown] lang="zh" of="6c8061d3"
# **先猜一猜**：哪种形状能走到余弦的 1.5 倍远，最后仍低于峰值的 1%？这就是目标，办法不止一种。

# %% name="browser"
explorers.custom.family_browser()

# %% [markdown] lang="en" given="50% 1.5"
# A WSD whose cooldown takes 50% of the updates does it, for instance.
#
# ## The front runners lie close together
#
# Nine schedules, 500 updates each, six seeds, and for each schedule the best of five peaks: a schedule is judged at
# *its* best learning rate, or the race is about the learning rate.

# %% [markdown] lang="zh" of="543a2498"
# 例如，冷却占更新步 50% 的 WSD 就能做到。
#
# ## 领先者挤在一起
#
# 九种调度，各 500 个更新步，六个随机种子；每种调度都取五个峰值中最好的那个：评判一种调度要用*它自己的*最佳学习率，
# 否则比的就是学习率了。

# %% [markdown] lang="en"
# **Predict** the winner, the loser, and the distance between the first and the fifth.

# %% [markdown] lang="zh" of="85a15c14"
# **先猜一猜**：谁第一，谁最后，第一名与第五名相差多少？

# %% name="race"
T = 500
shapes = {
    "constant": curves.constant(1),
    "step": curves.multi_step_lr(1, milestones=[300, 400], gamma=1 / 3),
    "exponential": curves.exponential_lr(1, gamma=0.01 ** (1 / T)),
    "inverse sqrt": curves.inverse_sqrt(1, warmup_steps=25),
    "linear": curves.linear_to_zero(1, T),
    "cosine": curves.cosine_annealing_lr(1, T_max=T),
    "one-cycle": curves.one_cycle_lr(1, max_lr=1, total_steps=T, cycle_momentum=False),
    "WSD": curves.wsd(1, T, cooldown_steps=150, warmup_steps=25),
    "REX": curves.rex(1, T),
}

# %% name="race-figure"
race = sweep(data, shapes, lrs=[0.025, 0.05, 0.1, 0.2, 0.4], seeds=6, updates=T, **figures.BENCH)
figures.raced(race)

# %% [markdown] lang="en"
# Linear and REX beat the cosine by several standard errors, but by little; step and WSD are level with it, within two.
# From the first to the fifth it is a sixth of what separates the fifth from the constant rate (which is best at the
# lowest peak tried: a lower one may bring it nearer).
#
# What they share counts more than their formula: neither cold early nor warm at the end. The exponential, a hundredfold colder
# by the end, is cold too early; the inverse square root and the constant never are.

# %% [markdown] lang="zh" of="ea2f65c6"
# 线性与 REX 胜过余弦好几个标准误，但幅度很小；阶梯和 WSD 与它不分上下，相差不到两个标准误。第一名到第五名的差距，
# 只有第五名到恒定学习率差距的六分之一（恒定学习率在所试的最低峰值处最好，再低一些也许会更接近）。
#
# 比公式更要紧的是它们的共同点：既不早早变冷，也不以热收尾。指数衰减最后冷了一百倍，冷得太早；
# 反平方根和恒定学习率则从未冷过。

# %% [markdown] lang="en"
# ## At work: one trunk, every horizon
#
# A cosine has its horizon in every value. A WSD run has it only in the cooldown: before that it is the same
# run for *every* horizon. Save it on the way, and cool copies.

# %% [markdown] lang="zh" of="31dfd565"
# ## 实战：一条主干，通往每个终点
#
# 余弦的每个值里都有总步数。WSD 只在冷却段里才有：在那之前，它对*每个*终点都是同一次训练。
# 途中把它存下来，再让副本各自冷却。

# %% name="work"
import copy

def build(schedule_fn):
    model = training.mlp((40, 32, 32, 10), torch.nn.ReLU, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, CustomScheduler(optimizer, schedule_fn)

def loss_of(model, t=None):
    rows = torch.arange(4000)
    if t is not None:  # the batch of update t
        rows = torch.randint(4000, (32,), generator=torch.Generator().manual_seed(t))
    return torch.nn.functional.cross_entropy(model(data.x[rows]), data.y[rows])

# %% name="work-train"
def train_on(parts, updates):
    model, optimizer, scheduler = parts
    for t in updates:
        optimizer.zero_grad()
        loss_of(model, t).backward()
        optimizer.step()
        scheduler.step()

cooling = {horizon: horizon * 3 // 10 for horizon in (100, 200, 400)}
trunk, begin, checkpoints = build(curves.linear_warmup(1, 30)), 0, {}
for horizon, cooldown in cooling.items():
    train_on(trunk, range(begin, horizon - cooldown))
    begin = horizon - cooldown
    checkpoints[horizon] = copy.deepcopy([part.state_dict() for part in trunk])  # or torch.save

# %% [markdown] lang="en"
# **Predict** how a branch compares with the same WSD run from update 0, without a trunk.

# %% [markdown] lang="zh" of="2015b493"
# **先猜一猜**：分支与不经主干、从第 0 步跑完的同一个 WSD 相比，会怎样？

# %% name="work-branch"
for horizon, cooldown in cooling.items():
    schedule = curves.wsd(1, horizon, cooldown, warmup_steps=30)
    branch, whole = build(schedule), build(schedule)
    for part, state in zip(branch, checkpoints[horizon], strict=True):
        part.load_state_dict(state)
    train_on(branch, range(horizon - cooldown, horizon))
    train_on(whole, range(horizon))
    print(horizon, f"branch {loss_of(branch[0]):.6f}  whole {loss_of(whole[0]):.6f}")

# %% [markdown] lang="en"
# It *is* that run, to the last digit, and costs the cooldown only. All three states have to be saved; `deepcopy`,
# because `state_dict()` hands out the live tensors, which the trunk goes on changing.
#
# **Predict**: four horizons from one trunk at $\eta = 0.1$, against four cosines, each at its own best peak.

# %% [markdown] lang="zh" of="d9ba581f"
# 它*就是*那次训练，每一位都相同，而代价只是冷却那一段。三份状态都要保存；用 `deepcopy`，是因为 `state_dict()`
# 给出的是活的张量，主干还会继续改动它们。
#
# **先猜一猜**：$\eta = 0.1$ 的一条主干分出四个终点，对阵四条余弦，每条余弦都用自己的最佳峰值。

# %% name="branches"
def both(T):
    warm, cosine = curves.linear_warmup(1, 30), curves.cosine_annealing_lr(1, T_max=T - 30)
    return {"WSD": curves.wsd(1, T, T * 3 // 10, warmup_steps=30), "cosine": curves.then(warm, cosine, at=30)}

lrs, horizons = [0.05, 0.1, 0.2], (150, 300, 600, 1200)
races = {T: sweep(data, both(T), lrs=lrs, seeds=6, updates=T, **figures.BENCH) for T in horizons}
for T, result in races.items():
    peak, cosine = figures.at_best_peak(result, "cosine")
    print(f"{T:4}  WSD minus cosine {mean(result.at(schedule='WSD', lr=0.1).train_loss[0, 0] - cosine)}  its peak {peak}")
cooldowns = sum(T * 3 // 10 for T in horizons)
print("updates", 1200 - 360 + cooldowns, "against", sum(horizons))

# %% name="branches-figure"
figures.branched(races, peak=0.1, cooldown=0.3)

# %% [markdown] lang="en"
# Level with a tuned cosine at every horizon, within two standard errors, for two thirds of the updates. And nobody had
# to know the horizon in advance.

# %% [markdown] lang="zh" of="e2215496"
# 在每个终点上都与调好的余弦不分上下（相差不到两个标准误），只用了三分之二的更新步。而且，谁也不必事先知道终点在哪里。

# %% [markdown] lang="en"
# ## When decay does nothing
#
# **Predict**: digits, clean, then with one label in five drawn at random. By how much does linear decay lower the
# training loss of a constant rate, both at their best peaks?

# %% [markdown] lang="zh" of="030e87b4"
# ## 什么时候衰减毫无作用
#
# **先猜一猜**：手写数字，先是干净的，然后五分之一的标签随机抽取。恒定与线性衰减都用最佳峰值，后者能把训练损失降低多少？

# %% name="nothing"
shapes = {"constant": curves.constant(1), "linear": curves.linear_to_zero(1, 400)}
lrs = [0.05, 0.1, 0.2, 0.4, 0.8]
for noise in (0.0, 0.2):
    digits = training.digits(label_noise=noise)
    result = sweep(digits, shapes, lrs=lrs, seeds=8, updates=400, batch_size=16)
    (_, constant), (_, linear) = (figures.at_best_peak(result, name) for name in shapes)
    print(f"label noise {noise}  constant {constant.mean():.3f}  linear minus constant {mean(linear - constant)}")

# %% [markdown] lang="en"
# On clean digits by nothing that the error allows to see. A network that can fit every example runs out of gradient
# noise by itself: it has cooled without us. With wrong labels, which it cannot fit in these 400
# updates, the noise stays, and decay wins 0.059.

# %% [markdown] lang="zh" of="77772186"
# 在干净的数字上，没有任何超出误差的差别。能拟合每个样本的网络，梯度噪声会自行耗尽：不用我们动手，它已经冷了。
# 标签有错时，网络在这 400 步内拟合不了它们，噪声就一直在，衰减便赢得 0.059。

# %% [markdown] lang="en"
# ## Traps
#
# **The rate instead of the multiplier**, and **a loop of lambdas**. **Predict** both lines.

# %% [markdown] lang="zh" of="b2db99b0"
# ## 陷阱
#
# **返回学习率而不是倍率**，以及**循环中的 lambda**。**先猜一猜**下面两行输出。

# %% name="trap-lambda"
scheduler = LambdaLR(optimizer_of(0.1), lambda t: 0.1 * 0.5**t)
print("returns the rate", scheduler.get_last_lr())

factors = []
for gamma in (0.9, 0.5):
    factors.append(lambda t: gamma**t)  # noqa: B023
scheduler = LambdaLR(optimizer_of(0.1, 0.1), factors)
run(scheduler, 2)
print("gamma 0.9, 0.5  ", scheduler.get_last_lr())

# %% [markdown] lang="en"
# The first is ten times too small, for it was multiplied once more. In the second both groups decay by 0.5: a lambda
# looks `gamma` up when it is called, and by then the loop is over. Write `lambda t, gamma=gamma: gamma**t`.
#
# **The cooldown that never came.** Stop a WSD run early, and it has not cooled at all.

# %% [markdown] lang="zh" of="8d8a48ee"
# 第一个小了十倍，因为又被乘了一次。第二个中两组都按 0.5 衰减：lambda 在被调用时才去查 `gamma`，而那时循环早已结束。
# 应写成 `lambda t, gamma=gamma: gamma**t`。
#
# **从未到来的冷却。** 提前停下 WSD，它就完全没有降过温。

# %% name="trap-horizon"
for name, schedule in {"WSD": curves.wsd(0.1, 1000, 200), "cosine": curves.cosine_annealing_lr(0.1, T_max=1000)}.items():
    print(f"{name:6} planned 1000, stopped at 800: last lr {schedule(799):.4f}")

# %% [markdown] lang="en"
# Then branch: load the last checkpoint, and cool from there.

# %% [markdown] lang="zh" of="383440a0"
# 这时就分叉：载入最后的检查点，从那里开始冷却。

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. Judge a schedule at equal budget, at its best peak, by paired differences with their standard error.
# 2. A multiplier: `LambdaLR` or `CustomScheduler`. The rate itself: `CurveLR`. Start at $(t + 1)/(w + 1)$, not at 0.
# 3. A lambda is not saved, an object is; `LambdaLR` built after loading overwrites the rate, `CustomScheduler` does not.
# 4. $\max(T_{\min}, T_0\,\alpha^t)$ anneals. Too cold is frozen, and what cooling won melts in the heat: cool once, last.
# 5. Linear and cosine go equally far, WSD farther, the inverse square root is never cold. The front runners are close.
# 6. One WSD trunk, a cooldown for each horizon; save model, optimizer and scheduler.
# 7. Where a network can fit everything, noise dies by itself, and decay gained nothing that we could measure.

# %% [markdown] lang="zh" of="3216d0ba"
# ## 要点
#
# 1. 评判一种调度：同样的预算，它自己的最佳峰值，看配对之差及其标准误。
# 2. 倍率用 `LambdaLR` 或 `CustomScheduler`，学习率本身用 `CurveLR`。从 $(t + 1)/(w + 1)$ 开始，而不是从 0。
# 3. lambda 不会保存，对象会；载入之后才构造的 `LambdaLR` 会覆盖学习率，`CustomScheduler` 不会。
# 4. $\max(T_{\min}, T_0\,\alpha^t)$ 就是退火。太冷就冻住，降温赢得的遇热即化：只冷一次，放在最后。
# 5. 线性与余弦走得一样远，WSD 更远，反平方根永远不冷。领先者相差不大。
# 6. 一条 WSD 主干，每个终点一段冷却；模型、优化器、调度器都要保存。
# 7. 网络若能拟合一切，噪声会自行消失，衰减没有带来可测的收益。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 05](../exercises/05_custom.ipynb): 05.1 write your own simulated annealing (compulsory) ·
# 05.2 warm up, hold, decay · 05.3 cool a branch from a checkpoint · 05.4 draw a schedule that beats a constant.

# %% [markdown] lang="zh" of="0edc1749"
# ## 自己动手
#
# [第 05 节的练习](../../exercises/zh/05_custom.ipynb)：05.1 写出你自己的模拟退火（必做）· 05.2 预热、保持、衰减 ·
# 05.3 从检查点冷却一个分支 · 05.4 画一种胜过恒定学习率的调度。

# %% [markdown] lang="en"
# ## Sources
#
# - Kirkpatrick, Gelatt and Vecchi, Optimization by simulated annealing, Science 220 (1983).
# - Hägele and others, Scaling laws and compute-optimal training beyond fixed training durations, arXiv:2405.18392; Hu
#   and others, MiniCPM, arXiv:2404.06395 (WSD).
# - Chen, Wolfe and Kyrillidis, REX, arXiv:2107.04197; Defazio and others, Optimal linear decay, arXiv:2310.07831.
# - Greydanus and Kobak, Scaling down deep learning with MNIST-1D, arXiv:2011.14439.

# %% [markdown] lang="zh" of="380daf12"
# ## 来源
#
# - Kirkpatrick、Gelatt 与 Vecchi，Optimization by simulated annealing，Science 220 (1983)。
# - Hägele 等，Scaling laws and compute-optimal training beyond fixed training durations，arXiv:2405.18392；
#   Hu 等，MiniCPM，arXiv:2404.06395（WSD）。
# - Chen、Wolfe 与 Kyrillidis，REX，arXiv:2107.04197；Defazio 等，Optimal linear decay，arXiv:2310.07831。
# - Greydanus 与 Kobak，Scaling down deep learning with MNIST-1D，arXiv:2011.14439。
