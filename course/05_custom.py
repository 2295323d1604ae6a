# %% [markdown] lang="en"
# # Write your own schedule
#
# **35 minutes · you need sections 01 and 02.** A schedule is a function of time, and any function will do. You will be
# able to
#
# 1. draw a schedule and judge it: paired seeds, equal budget, standard errors,
# 2. turn any function of t into a scheduler, for several param groups, without a wasted first update,
# 3. resume it in the middle, and say what `LambdaLR` forgets,
# 4. write simulated annealing, and say what freezes a network,
# 5. name the modern families, how far each goes ($\sum\eta$) and how cold it ends,
# 6. train one long run, and cool a copy of it wherever you want to stop,
# 7. tell when decay does nothing.

# %% [markdown] lang="zh" of="05f403b8"
# # 写出你自己的调度
#
# **35 分钟 · 你需要第 01 和 02 节。** 调度是时间的函数，任何函数都行。学完本页，你将能够
#
# 1. 画出一种调度，并公平地评判它：随机种子相同、预算相同、看标准误；
# 2. 把 t 的任意函数变成调度器，适用于多个参数组，也不浪费第一个更新步；
# 3. 在中途断点续训，并说出 `LambdaLR` 忘了什么；
# 4. 写出模拟退火（simulated annealing），并说出什么会把网络冻住；
# 5. 说出各种现代调度的名字、各自走多远（$\sum\eta$）、最后冷到什么程度；
# 6. 只做一次长训练，想在哪里停，就让一个副本从那里开始冷却；
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
# Six sliders set the learning rate at six points. Move one and let it go: sixteen small networks train anew, 300
# updates each. Their task is MNIST-1D: 4000 signals of 40 samples, ten classes, hard for a network of this size.
#
# Sixteen more follow the cosine at its best peak, from the same first weights through the same batches. So yours are
# compared with them in pairs, network by network.

# %% [markdown] lang="zh" of="2a76d070"
# ## 画一个，让它上赛道
#
# 六个滑块设定六个点上的学习率。拖动一个再松开，十六个小网络就重新训练，各 300 个更新步。任务是 MNIST-1D：4000 条信号，
# 每条 40 个采样点，分十类，对这么小的网络来说不容易。
#
# 另有十六个网络跟随余弦，峰值取最佳，初始权重和批次都与你的相同。所以可以逐个网络配对比较。

# %% [markdown] lang="en"
# **Predict**: you may move *one* point of the flat line. Which, and up or down? The goal is to beat the cosine by 2
# standard errors; for that you will need more than one. Then ask for fresh seeds: luck does not repeat itself.

# %% [markdown] lang="zh" of="2f08357d"
# **先猜一猜**：如果只许移动水平线上的*一个*点，你选哪个，往上还是往下？目标是比余弦好 2 个标准误以上，这就不止要动一个点了。
# 达到之后换一组全新的随机种子再试：运气不会重演。

# %% name="draw"
from lrcourse import explorers

explorers.custom.draw_your_own()

# %% [markdown] lang="en"
# The last one, down to 0. The constant 0.06 goes exactly as far as the cosine ($\sum\eta$ is 18 for both), ends hot,
# and loses by more than ten standard errors. That one point alone wins back nine tenths of the gap; no other wins back
# a third.
#
# What is left to win is small: in the race further down a straight line ends 0.016 below the cosine.

# %% [markdown] lang="zh" of="7b3d1c63"
# 最后那个点，降到 0。恒定的 0.06 与余弦走得恰好一样远（$\sum\eta$ 都是 18），结束时却还很热，输了十多个标准误。
# 只动这一个点，就能追回差距的九成；动其他任何一个点，都追不回三分之一。
#
# 剩下的余地很小：在后面的比赛里，一条直线只比余弦低 0.016。

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
# Below, two groups with 0.1 and 0.01, and a function in three phases. **Predict** the two rates of update 0, and of
# update 9.

# %% [markdown] lang="zh" of="5f1f2007"
# 下面有两个组，学习率为 0.1 和 0.01，函数分三段。**先猜一猜**：第 0 步和第 9 步，两个组的学习率各是多少？

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
# Why $(t + 1)/5$ and not $t/4$? **Predict** what the usual warm-up $t/w$, with $w$ its length, gives to update 0.

# %% [markdown] lang="zh" of="11b4fd45"
# 0.02 与 0.002；然后是 0.08 与 0.008。四行就写完了预热、保持、衰减，两组的比值始终不变。
#
# 为什么是 $(t + 1)/5$ 而不是 $t/4$？**先猜一猜**：常见的预热公式 $t/w$（$w$ 是预热的长度）给第 0 步的是多少？

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
# ## Go below zero
#
# `CustomScheduler(optimizer, schedule_fn)` is this package's `LambdaLR`. **Predict** what each of the two does with
# $1 - t/3$, stepped five times.

# %% [markdown] lang="zh" of="0504d259"
# ## 降到零以下试试
#
# `CustomScheduler(optimizer, schedule_fn)` 是本课程自己的 `LambdaLR`。**先猜一猜**：给它们 $1 - t/3$，各走五步，
# 二者会怎么做？

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
# `LambdaLR` hands the optimizer a negative rate, and the network climbs. `CustomScheduler` names the first $t$ that is
# wrong and stops there, before the optimizer gets the value.

# %% [markdown] lang="zh" of="522696db"
# `LambdaLR` 把负的学习率交给优化器，网络开始往上爬。`CustomScheduler` 在第一个出错的 $t$ 处停下并把它指出来，
# 坏值不会进入优化器。

# %% [markdown] lang="en"
# ## Save it, and resume
#
# **Predict** what `state_dict()` keeps of a lambda, and of an object that can be called.

# %% [markdown] lang="zh" of="ae94b657"
# ## 保存，再续训
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
# Now stop $0.1 \cdot 0.5^t$ at $t = 3$, and resume: the optimizer is loaded first, the scheduler built after. **Predict**
# the next rate.

# %% [markdown] lang="zh" of="fab0765d"
# lambda 什么都没存，对象存下了属性。所以续训时要么用原样的函数，要么写成对象：不管脚本后来改成什么样，它都会把自己的
# 数值带回来。
#
# 现在让 $0.1 \cdot 0.5^t$ 停在 $t = 3$，再续训：先载入优化器，后构造调度器。**先猜一猜**：接下来的学习率是多少？

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
# Constructing a `LambdaLR` writes its first rate, $\eta_i f(0)$, over the one that was loaded, and one update runs eight
# times too hot. With torch's schedulers build everything, then load everything. `CustomScheduler` keeps the rates in its
# own state: any order is right. Both took the old 0.5 from the object.

# %% [markdown] lang="zh" of="d115acb6"
# 构造 `LambdaLR` 时，会用首个学习率 $\eta_i f(0)$ 覆盖刚载入的值，于是有一步的学习率是应有的八倍。用 torch 的调度器，
# 要先全部构造，再全部载入。`CustomScheduler` 把学习率存在自己的状态里，什么顺序都对。两者都从对象那里取回了旧的 0.5。

# %% [markdown] lang="en"
# ## Every closed form is a scheduler
#
# `CurveLR(optimizer, schedule)` takes the learning rate itself, not a multiplier: any schedule of `lrcourse.curves`, or
# what the algebra of section 06 makes of them. Two to begin with: WSD (warm-up, stable, decay: a trapezoid) and simulated
# annealing, which cools geometrically.

# %% [markdown] lang="zh" of="e47ac551"
# ## 每个闭式公式都是调度器
#
# `CurveLR(optimizer, schedule)` 接受的是学习率本身，而不是倍率：`lrcourse.curves` 中的任何调度，
# 或用第 06 节的代数组合出来的调度。先看两个：WSD（warm-up, stable, decay：预热、稳定、衰减，形如梯形），
# 以及按几何级数降温的模拟退火。

# %% [markdown] lang="en"
# The optimizer below is built with `lr=1.0`, ten times both peaks. **Predict** what update 0 uses under each plan.

# %% [markdown] lang="zh" of="fb7cf83a"
# 下面的优化器以 `lr=1.0` 构造，是两个峰值的十倍。**先猜一猜**：两个方案的第 0 步各用多大的学习率？

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
    as_planned = np.array_equal(histories[0].lr, plans[name](np.arange(300)))
    print(f"{name:10} first lr {histories[0].lr[0]:.5f}  as planned {as_planned}")
schedulers.trained(runs)

# %% [markdown] lang="en"
# 0.00625, a sixteenth of the peak, and 0.1: from the first update on the optimizer used the curve and nothing else.
#
# The green line is down to a tenth of its peak by halftime, and gains little after that. WSD is still at its peak there,
# cools late, and ends lower. Why?

# %% [markdown] lang="zh" of="640e26ad"
# 0.00625（峰值的十六分之一）和 0.1：从第一步起，优化器用的就是这条曲线，别无其他。
#
# 绿线到半程只剩峰值的十分之一，此后学不到多少。WSD 那时还在峰值上，冷得晚，最后损失却更低。为什么？

# %% [markdown] lang="en"
# ## Anneal: cool down to a floor
#
# Simulated annealing (the optimisation method, and the metal before it) multiplies its temperature by $\alpha$ at every
# step, down to a floor:
#
# $$T(t) = \max(T_{\min},\; T_0\,\alpha^t)$$
#
# With $T_0 = 1$, $T_{\min} = 0.01$, $\alpha = 0.99$: **predict** at which epoch the floor takes over.

# %% [markdown] lang="zh" of="77752ef6"
# ## 退火：降温，直到下限
#
# 模拟退火（作为优化方法，它的原型是金属退火）每一步都把温度乘以 $\alpha$，直到一个下限：
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
# Now the physics: a thousand noisy balls in a rugged valley with nine wells. **Predict** how the share that finds
# the deepest one grows, if each cooling takes ten times as long as the one before. (First line: a *quench*, all noise
# taken away at once.)

# %% [markdown] lang="zh" of="6c155e83"
# 从 459 起，即 $\ln T_{\min} / \ln\alpha$ 向上取整。
#
# 再看物理：一千个受噪声驱动的小球，在有九个势阱的崎岖山谷里。**先猜一猜**：如果每次冷却的时间都是前一次的十倍，
# 找到最深势阱的比例会怎样增长？（第一行是*淬火*（quench），即一下子撤掉全部噪声。）

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
# Thirty steps are no better than a quench, within the error; after that ten times the time nearly doubles the share. Here
# only the noise was cooled; the balls stayed as mobile as before.
#
# A learning rate changes both at once. Lower it, and there is less noise, but also less speed (section 01: $\eta$ is
# temperature *and* clock).

# %% [markdown] lang="zh" of="9fd0f7d3"
# 三十步与淬火没有区别（在误差范围内）；此后时间每增加到十倍，比例就几乎翻倍。这里降低的只是噪声，小球依旧灵活。
#
# 学习率则会同时改变两样。降低它，噪声小了，速度也慢了（第 01 节：$\eta$ 是温度，*也*是时钟）。

# %% [markdown] lang="en"
# Networks train at $\eta = 0.2$; from update 600 to 800 at 0.3, 0.1 or 0.01 times that; then at 0.2 again. **Predict**
# which has the lowest loss by 800, and what is left of its lead by 1000.

# %% [markdown] lang="zh" of="0a58b042"
# 网络以 $\eta = 0.2$ 训练；第 600 到 800 步降到它的 0.3、0.1 或 0.01 倍；然后回到 0.2。**先猜一猜**：到第 800 步，
# 谁的损失最低？到第 1000 步，这个优势还剩多少？

# %% name="drop"
from lrcourse.training import sweep

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
          " updates 900-1000", mean(gain[:, 900:].mean(1)))

# %% name="drop-figure"
from lrcourse.figures import custom as figures

figures.reheated(cooled, cold=slice(600, 800))

# %% [markdown] lang="en"
# A gentle drop lowers the loss by 0.095; a hundredfold one by a quarter of that: the networks all but freeze on the
# spot.
#
# Heated again, all three lose the gain as fast as the picture can show (each point is a mean over 30 updates). The time
# spent cold is lost as well: they end *behind* those that never cooled, by seven standard errors and more. So cool once, and last.

# %% [markdown] lang="zh" of="a249cab0"
# 温和的降温让损失降低 0.095；降到百分之一时，只有它的四分之一：网络几乎当场就冻住了。
#
# 再加热之后，三者的优势立刻化掉，快到图上分辨不出（每个点是 30 步的平均）。冷着的那段时间也白费了：
# 最后它们都*落后*于从未降温的网络，差七个标准误以上。所以只冷一次，而且放在最后。

# %% [markdown] lang="en"
# ## The families, on one page
#
# Nine schedules in use today; in grey, the cosine. REX is the "reflected exponential"; the inverse square root falls as
# $1/\sqrt t$ after its warm-up. The numbers: first and last rate used, and $\sum\eta$ as a share of updates times peak.

# %% [markdown] lang="zh" of="076afac2"
# ## 各类调度，尽在一页
#
# 今天常用的九种调度；灰线是余弦。REX 意为“反射的指数”（reflected exponential）；反平方根在预热之后按 $1/\sqrt t$ 下降。
# 数字依次为：第一步与最后一步的学习率，以及 $\sum\eta$ 占“更新步数乘以峰值”的比例。

# %% [markdown] lang="en"
# **Predict** which of them go equally far (the same $\sum\eta$, to the last digit shown).

# %% [markdown] lang="zh" of="d1e9fcd9"
# **先猜一猜**：哪些走得一样远（$\sum\eta$ 显示出来的每一位都相同）？

# %% name="families"
figures.families()

# %% [markdown] lang="en"
# Linear and cosine: half the peak on average, both; and WSD with either of these cooldowns. WSD goes farther than all
# others and still ends cold. The inverse square root does not.

# %% [markdown] lang="zh" of="a1962f9a"
# 线性与余弦：平均都是峰值的一半；分别用这两种形状冷却的 WSD 也一样远。WSD 比其他各种走得都远，最后仍然够冷。
# 反平方根最后就不够冷。

# %% [markdown] lang="en" given="1.5 1%"
# **Predict** which family can go 1.5 times as far as the cosine and still end below 1% of the peak, and how. That is the
# goal; there is more than one way.

# %% [markdown] lang="zh" of="cd429251"
# **先猜一猜**：哪一类能走到余弦的 1.5 倍远，最后仍低于峰值的 1%？要怎么设？这就是目标，办法不止一种。

# %% name="browser"
explorers.custom.family_browser()

# %% [markdown] lang="en" given="50% 38%"
# WSD does, without a warm-up: with a linear or cosine cooldown over 50% of the updates, or with $1 - \sqrt p$ over 38%
# ($p$ runs from 0 to 1 over the cooldown).

# %% [markdown] lang="zh" of="8cf8e715"
# WSD 可以，不要预热：线性或余弦冷却占更新步的 50%，或者 $1 - \sqrt p$ 冷却占 38%（$p$ 在冷却期内从 0 走到 1）。

# %% [markdown] lang="en"
# ## Race nine of them
#
# Nine schedules, 500 updates each, six seeds, and for each schedule the best of six peaks: a schedule is judged at
# *its* best learning rate, or the race is about the learning rate.

# %% [markdown] lang="zh" of="3ccf393a"
# ## 让九种调度赛一场
#
# 九种调度，各 500 个更新步，六个随机种子；每种调度都取六个峰值中最好的那个：评判一种调度要用*它自己的*最佳学习率，
# 否则比的就是学习率了。

# %% [markdown] lang="en"
# **Predict** the first and the last. And which gap is wider: from the first to the fifth, or from the fifth to the last?

# %% [markdown] lang="zh" of="68ecfbf3"
# **先猜一猜**：谁第一，谁最后？第一名到第五名，第五名到最后一名，哪一段差距更大？

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
race = sweep(data, shapes, lrs=[0.0125, 0.025, 0.05, 0.1, 0.2, 0.4], seeds=6, updates=T, **figures.BENCH)
figures.raced(race)

# %% [markdown] lang="en"
# Linear and REX beat the cosine by three standard errors and more, but by little; step and WSD are level with it,
# within two. The first five lie close together: the gap from the first to the fifth is a sixth of that from the fifth
# to the constant. (Twelve other seeds change the order: REX leads, and the sixth becomes a quarter.)
#
# What the five share counts more than their formulas: neither cold early nor warm at the end. The exponential, a
# hundredfold colder by the end, is cold too early; the inverse square root and the constant never get cold.

# %% [markdown] lang="zh" of="94a44a71"
# 线性与 REX 胜过余弦三个标准误以上，但幅度很小；阶梯和 WSD 与它不分上下，相差不到两个标准误。前五名挤在一起：
# 第一名到第五名的差距，只有第五名到恒定学习率的六分之一。（换一批随机种子，名次会变：另取十二个，领先的是 REX，
# 这个比例是四分之一。）
#
# 比公式更要紧的是前五名的共同点：既不早早变冷，也不以热收尾。指数衰减最后只剩百分之一，冷得太早；
# 反平方根和恒定学习率则从未冷过。

# %% [markdown] lang="en"
# ## At work: one trunk, every horizon
#
# Every value of a cosine depends on its horizon, the update at which it shall end. A WSD run knows its horizon only in the
# cooldown: before that it is the same run for *every* horizon, the trunk. Save it on the way, and cool copies, the
# branches.

# %% [markdown] lang="zh" of="0d5d8500"
# ## 实战：一条主干，通往每个终点
#
# 余弦的每个值都取决于终点，即打算在第几步结束。WSD 直到冷却段才用到终点：在那之前，不管终点在哪里，都是同一次训练，
# 也就是主干（trunk）。途中把它存下来，再让副本各自冷却，这就是分支（branch）。

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
# **Predict**: how far are the weights of a branch from those of the same WSD, run in one go from update 0?

# %% [markdown] lang="zh" of="6e1ab60d"
# **先猜一猜**：同一个 WSD 从第 0 步一口气跑完，分支的权重与它的相差多少？

# %% name="work-branch"
for horizon, cooldown in cooling.items():
    schedule = curves.wsd(1, horizon, cooldown, warmup_steps=30)
    branch, whole = build(schedule), build(schedule)
    for part, state in zip(branch, checkpoints[horizon], strict=True):
        part.load_state_dict(state)
    train_on(branch, range(horizon - cooldown, horizon))
    train_on(whole, range(horizon))
    weights = zip(branch[0].parameters(), whole[0].parameters(), strict=True)
    print(horizon, f"loss {loss_of(branch[0]):.3f}  all weights equal {all(torch.equal(a, b) for a, b in weights)}")

# %% [markdown] lang="en"
# It *is* that run, to the last bit of every weight, and costs the cooldown only. All three states have to be saved;
# `deepcopy`, because `state_dict()` hands out the live tensors, which the trunk goes on changing.
#
# The batches have to be the same too. Here the number of the update seeds the generator that draws its batch; a
# `DataLoader` that shuffles has a state of its own, which you have to save (section 06).

# %% [markdown] lang="zh" of="b6aeba2b"
# 毫无差别，它*就是*那次训练，每个权重逐位相同，而代价只是冷却那一段。三份状态都要保存；用 `deepcopy`，
# 是因为 `state_dict()` 给出的张量并非副本，主干还会继续改动它们。
#
# 批次也必须相同。这里用更新步的编号作为随机种子来抽取该步的批次；会打乱顺序的 `DataLoader` 有自己的随机状态，
# 也要保存（第 06 节）。

# %% [markdown] lang="en"
# Four horizons from one trunk at $\eta = 0.1$, against four cosines, each at its own best peak. **Predict** who wins, and
# what each side pays in updates.

# %% [markdown] lang="zh" of="a8bd558c"
# $\eta = 0.1$ 的一条主干分出四个终点，对阵四条余弦，每条余弦都用自己的最佳峰值。**先猜一猜**：谁胜出？双方各要花多少更新步？

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
# to know the horizon in advance. (The trunk's rate has to be right, as a cosine's peak has.)

# %% [markdown] lang="zh" of="5a09adbe"
# 在每个终点上都与调好的余弦不分上下（相差不到两个标准误），只用了三分之二的更新步。而且，谁也不必事先知道终点在哪里。
# （主干的学习率同样要选对，就像余弦的峰值一样。）

# %% [markdown] lang="en"
# ## Race a line against a constant
#
# Handwritten digits, first clean, then with one label in five drawn at random. **Predict** where linear decay lowers the
# training loss more, clean or noisy, both shapes at their best peaks.

# %% [markdown] lang="zh" of="510dbb8e"
# ## 让直线与恒定比一比
#
# 手写数字，先用干净的标签，再把五分之一的标签换成随机的。恒定与线性衰减都用最佳峰值。**先猜一猜**：
# 线性衰减在哪种情况下把训练损失降得更多？

# %% name="nothing"
shapes = {"constant": curves.constant(1), "linear": curves.linear_to_zero(1, 400)}
lrs = [0.05, 0.1, 0.2, 0.4, 0.8]
for noise in (0.0, 0.2):
    digits = training.digits(label_noise=noise)
    result = sweep(digits, shapes, lrs=lrs, seeds=8, updates=400, batch_size=16)
    (_, constant), (_, linear) = (figures.at_best_peak(result, name) for name in shapes)
    print(f"label noise {noise}  constant {constant.mean():.3f}  linear minus constant {mean(linear - constant)}")

# %% [markdown] lang="en"
# On clean digits it does nothing, within the error. With wrong labels it wins 0.059.
#
# The picture behind it: where a network fits every example, all gradients vanish together, and the noise dies by itself.
# It has cooled without us. Wrong labels it cannot fit in these 400 updates, so the noise stays, and somebody has to turn
# it down.

# %% [markdown] lang="zh" of="4d0a4286"
# 标签干净时，衰减毫无作用（在误差范围内）。标签有错时，它把损失降低了 0.059。
#
# 背后的图景是：网络能拟合每个样本时，所有梯度一起消失，噪声也就自行消失，不用我们动手它已经冷了。
# 错误的标签在这 400 步内拟合不了，噪声就一直在，得有人把它降下来。

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
    factors.append(lambda t: gamma**t)
scheduler = LambdaLR(optimizer_of(0.1, 0.1), factors)
run(scheduler, 2)
print("gamma 0.9, 0.5  ", scheduler.get_last_lr())

# %% [markdown] lang="en"
# The first is a tenth of what was meant, for 0.1 was multiplied by 0.1. In the second both groups decay by 0.5: a lambda
# looks `gamma` up when it is called, and by then the loop is over. Write `lambda t, gamma=gamma: gamma**t`.
#
# **The cooldown that never came.** Stop a WSD run before its cooldown, and it has not cooled at all.

# %% [markdown] lang="zh" of="33a7dff7"
# 第一个只有本意的十分之一，因为 0.1 又乘了一次 0.1。第二个中两组都按 0.5 衰减：lambda 在被调用时才去查 `gamma`，而那时循环早已结束。
# 应写成 `lambda t, gamma=gamma: gamma**t`。
#
# **从未到来的冷却。** 在冷却段之前停下 WSD，它就完全没有降过温。

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
# 1. Judge a schedule at equal budget, at its best peak, by paired differences with their standard error. The end counts most.
# 2. A multiplier: `LambdaLR` or `CustomScheduler`. The rate itself: `CurveLR`. Start at $(t + 1)/(w + 1)$, not at 0.
# 3. A lambda is not saved, an object is; `LambdaLR` built after loading overwrites the rate, `CustomScheduler` does not.
# 4. $\max(T_{\min}, T_0\,\alpha^t)$ anneals. Too cold is frozen, and what cooling won melts in the heat: cool once, last.
# 5. Linear and cosine go equally far, WSD farther, the inverse square root ends warm. The front runners are close.
# 6. One WSD trunk, a cooldown for each horizon; save model, optimizer, scheduler, and where the batches come from.
# 7. On clean digits, which the network can fit, decay gained nothing that we could measure; with wrong labels it did.

# %% [markdown] lang="zh" of="34e16853"
# ## 要点
#
# 1. 评判一种调度：预算相同，用它自己的最佳峰值，看配对之差及其标准误。最要紧的是结尾。
# 2. 倍率用 `LambdaLR` 或 `CustomScheduler`，学习率本身用 `CurveLR`。从 $(t + 1)/(w + 1)$ 开始，而不是从 0。
# 3. lambda 不会保存，对象会；载入之后才构造的 `LambdaLR` 会覆盖学习率，`CustomScheduler` 不会。
# 4. $\max(T_{\min}, T_0\,\alpha^t)$ 就是退火。太冷就冻住，降温赢得的遇热即化：只冷一次，放在最后。
# 5. 线性与余弦走得一样远，WSD 更远，反平方根收尾时不够冷。领先者相差不大。
# 6. 一条 WSD 主干，每个终点一段冷却；模型、优化器、调度器，以及批次的随机状态，都要保存。
# 7. 标签干净、网络能拟合时，衰减没有带来可测的收益；标签有错时才有。

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
