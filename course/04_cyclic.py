# %% [markdown] lang="en"
# # Shake it, and count what escapes
#
# **30 minutes · you need sections 01 and 02.** A cyclic learning rate heats and cools in turn, again and again. You will
# be able to
#
# 1. step `CyclicLR`, and say what each of its arguments does to the learning rate and to the momentum,
# 2. write its three modes as functions of time,
# 3. predict how many balls a swinging rate sets free, and say whether some period is best,
# 4. compare cycling with other schedules at equal budget, and say what decides,
# 5. make an ensemble out of one run, and know when it is worth it.

# %% [markdown] lang="zh" of="672a3cc3"
# # 摇一摇，数数逃出多少
#
# **30 分钟 · 你需要第 01、02 节。** 循环学习率（cyclic learning rate）一遍遍地加热、冷却。学完本页，你将能够
#
# 1. 驱动 `CyclicLR`，并说出它的每个参数对学习率和动量做了什么；
# 2. 把它的三种模式写成时间的函数；
# 3. 预测摆动的学习率会放走多少小球，并说出有没有哪个周期最好；
# 4. 在相同预算下把循环与其他调度相比，并说出起决定作用的是什么；
# 5. 由一次训练得到一个集成，并知道何时值得这样做。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Swing the rate yourself
#
# Balls lie in the left well of a double well, with noise in their gradient (section 01). The learning rate swings around
# $\eta = 0.04$ as a sine (CyclicLR's triangle comes next). A ball that has once passed the grey line counts as escaped,
# wherever it goes then.

# %% [markdown] lang="zh" of="eff98126"
# ## 亲手让学习率摆动
#
# 小球躺在双势阱的左阱里，梯度带有噪声（第 01 节）。学习率围绕 $\eta = 0.04$ 按正弦摆动（CyclicLR 的三角波随后就到）。
# 小球只要越过一次灰线，就算逃逸，不管之后去了哪里。

# %% [markdown] lang="en" given="80% 0.027"
# **Predict** the period that frees most: do you expect a peak, a *resonance*, at some period? The goal: 80% escaped with
# an amplitude of at most 0.027. (The dashed line is the *adiabatic* prediction; what that is, this page derives.)

# %% [markdown] lang="zh" of="28ac1e79"
# **先猜一猜**哪个周期放走的小球最多：你觉得会在某个周期出现峰值，也就是*共振*（resonance）吗？
# 目标：振幅不超过 0.027，让 80% 的小球逃逸。（虚线是*绝热*（adiabatic）预测；它是什么，本页会推导。）

# %% name="drive-explorer"
from lrcourse import explorers

explorers.cyclic.drive()

# %% [markdown] lang="en"
# No peak stands out, at any amplitude: the share rises with the period, and levels off at the dashed line, which was
# drawn without ever simulating a swing. By the end of this page you will have computed that line.

# %% [markdown] lang="zh" of="e9962fb1"
# 无论振幅多大，都没有突出的峰：逃逸比例随周期上升，在虚线处持平；而画这条虚线时，根本没有模拟过任何摆动。
# 学完本页，你会亲手算出这条线。

# %% [markdown] lang="en"
# ## CyclicLR is a triangle
#
# | argument | meaning (default) |
# |---|---|
# | `base_lr`, `max_lr` | the valley, where it begins, and the peak; a list has one value a param group |
# | `step_size_up`, `step_size_down` | **updates** up and down (2000; as many as up) |
# | `mode` | `"triangular"`, `"triangular2"`, `"exp_range"`: what becomes of the height |
# | `gamma` | factor of each update in `"exp_range"` (1: none) |
# | `scale_fn`, `scale_mode` | your own factor of the height, of the cycle 1, 2, … or of the update |
# | `cycle_momentum` | the momentum mirrors the rate, from `max_momentum` to `base_momentum` (on: 0.9 and 0.8) |

# %% [markdown] lang="zh" of="1f1782ac"
# ## CyclicLR 是一列三角波
#
# | 参数 | 含义（默认值） |
# |---|---|
# | `base_lr`、`max_lr` | 谷值（从这里开始）与峰值；也可以是列表，每个参数组一个值 |
# | `step_size_up`、`step_size_down` | 上升与下降的**更新步**数（2000；与上升相同） |
# | `mode` | `"triangular"`、`"triangular2"`、`"exp_range"`：峰的高度如何变化 |
# | `gamma` | `"exp_range"` 中每个更新步的倍率（1：不变） |
# | `scale_fn`、`scale_mode` | 自定义的高度倍率，自变量是周期序号 1、2、……，或更新步 |
# | `cycle_momentum` | 动量反向摆动，从 `max_momentum` 到 `base_momentum`（默认开：0.9 与 0.8） |

# %% [markdown] lang="en"
# **Predict** the learning rate of update 0, and the update of the second peak, with 4 updates up and 2 down.

# %% [markdown] lang="zh" of="a2fb6b54"
# **先猜一猜**：上升 4 步、下降 2 步时，第 0 步的学习率是多少，第二个峰在第几步？

# %% name="loop"
import torch
from torch import nn
from torch.optim.lr_scheduler import CyclicLR

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=7.0, momentum=0.5)
scheduler = CyclicLR(optimizer, base_lr=0.01, max_lr=0.09, step_size_up=4, step_size_down=2)
for t in range(11):
    group = optimizer.param_groups[0]
    print(f"{t:2}  lr {group['lr']:.3f}  momentum {group['momentum']:.3f}")
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# Update 0 uses `base_lr`: the optimizer's own `lr=7.0` is overwritten, and so is its momentum. The peaks are updates 4
# and 10, one cycle of $4 + 2$ apart. Peak $n$ is at $u + (n-1)(u+d)$, with $u$ updates up and $d$ down.

# %% [markdown] lang="zh" of="32522494"
# 第 0 步用的是 `base_lr`：优化器自己的 `lr=7.0` 被覆盖，动量也一样。两个峰在第 4 步和第 10 步，相隔一个周期 $4 + 2$。
# 第 $n$ 个峰在 $u + (n-1)(u+d)$，其中上升 $u$ 步、下降 $d$ 步。

# %% [markdown] lang="en"
# ## Three modes scale the height
#
# $$\eta(t) = \eta_{\text{base}} + (\eta_{\text{max}} - \eta_{\text{base}})\,\Lambda(t)\,s, \qquad
# s = 1,\quad 2^{-(c-1)},\quad \gamma^{t}$$
#
# The three $s$ are those of `triangular`, `triangular2` and `exp_range`. $\Lambda$ is the triangle between 0 and 1, $c$ the
# number of the cycle, from 1. The momentum is $0.9 - 0.1\,\Lambda s$.

# %% [markdown] lang="zh" of="6c5523ed"
# ## 三种模式缩放高度
#
# $$\eta(t) = \eta_{\text{base}} + (\eta_{\text{max}} - \eta_{\text{base}})\,\Lambda(t)\,s, \qquad
# s = 1,\quad 2^{-(c-1)},\quad \gamma^{t}$$
#
# 三个 $s$ 依次对应 `triangular`、`triangular2`、`exp_range`。$\Lambda$ 是 0 与 1 之间的三角波，$c$ 是周期的序号，从 1 数起。
# 动量为 $0.9 - 0.1\,\Lambda s$。

# %% [markdown] lang="en"
# **Predict** the second peak of `triangular2` between 0.01 and 0.1: 0.05, or something else? And the momentum there? How
# high is the first peak of `exp_range`?

# %% [markdown] lang="zh" of="b442a0b1"
# **先猜一猜** `triangular2` 在 0.01 与 0.1 之间的第二个峰：是 0.05，还是别的？那里的动量是多少？
# `exp_range` 的第一个峰又有多高？

# %% name="modes"
from functools import partial
import numpy as np
from lrcourse.schedulers import curve, record

modes = {"triangular": {}, "triangular2": {}, "exp_range": {"gamma": 0.99}}
lrs, momenta = {}, {}
for mode, more in modes.items():
    make = partial(CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=30, step_size_down=20, mode=mode, **more)
    lrs[mode], momenta[mode] = record(make, 200), record(make, 200, what="momentum")
    equal = np.allclose(lrs[mode], curve(make, 200), rtol=1e-9)
    print(f"{mode:12} peaks", lrs[mode][30::50].round(4), " momentum", momenta[mode][30::50].round(3), equal)

# %% name="modes-figure"
from lrcourse.figures import cyclic as figures

figures.waves(lrs, momenta)

# %% [markdown] lang="en"
# 0.055: half of the *swing* above `base_lr`, not half of `max_lr`. The momentum's swing is halved too: 0.85. `exp_range`
# shrinks at every update, not every cycle: its first peak, update 30, is down to 0.0766 already, and never is `max_lr`
# reached. All was recorded from the optimizer, and equals the closed form.

# %% [markdown] lang="zh" of="bfa9181f"
# 是 0.055：`base_lr` 之上的*摆幅*减半，而不是 `max_lr` 减半。动量的摆幅也减半，所以那里是 0.85。
# `exp_range` 每一步都在缩小，不是每个周期才缩小一次：第 30 步的第一个峰就只有 0.0766，永远到不了 `max_lr`。
# 这些值都从优化器记录得来，并与闭式公式相等。

# %% [markdown] lang="en"
# Now turn every argument yourself. **Predict** what the default `step_size_up` does to a run of 200 updates. The goal:
# three full peaks, and a cold end.

# %% [markdown] lang="zh" of="6da7365f"
# 现在亲手调一调每个参数。**先猜一猜**默认的 `step_size_up` 会让一次 200 步的训练变成什么样。
# 目标：三个满高的峰，并在冷处结束。

# %% name="cyclic-explorer"
explorers.cyclic.cyclic_lr()

# %% [markdown] lang="en"
# With 2000 updates up, 200 never come near the peak. And CyclicLR does not know where your run ends: that is for you to
# match, with whole cycles.

# %% [markdown] lang="zh" of="e4d44420"
# 上升要 2000 步，200 步根本到不了峰附近。而且 CyclicLR 不知道训练在哪里结束：这要由你来安排，让训练恰好走完整数个周期。

# %% [markdown] lang="en"
# ## A rate of escape, for every learning rate
#
# The balls of the first picture, written down:
#
# $$x \leftarrow x - \eta_t\,(f'(x) + \sigma\xi), \qquad f(x) = (x^2 - 1)^2, \qquad \sigma = 3$$
#
# $\xi$ is drawn from a normal distribution at each update. At constant $\eta$ this is a ball at temperature
# $T = \eta\sigma^2/2$ (section 01) before a barrier of height 1. Kramers' law gives its *escape rate*, the escapes an
# update (under the root: the curvature at the bottom, 8, times that at the top, 4):
#
# $$k(\eta) = \frac{\sqrt{32}}{2\pi}\;\eta\;e^{-1/T}$$

# %% [markdown] lang="zh" of="8da4d1c3"
# ## 每个学习率都有一个逃逸率
#
# 把第一幅图中的小球写成公式：
#
# $$x \leftarrow x - \eta_t\,(f'(x) + \sigma\xi), \qquad f(x) = (x^2 - 1)^2, \qquad \sigma = 3$$
#
# $\xi$ 在每个更新步从正态分布抽取。$\eta$ 恒定时，这就是温度为 $T = \eta\sigma^2/2$（第 01 节）的小球面对高度为 1 的势垒。
# *逃逸率*（escape rate），即每个更新步逃逸的次数，由 Kramers 定律给出（根号下是谷底的曲率 8 乘以垒顶的曲率 4）：
#
# $$k(\eta) = \frac{\sqrt{32}}{2\pi}\;\eta\;e^{-1/T}$$

# %% [markdown] lang="en"
# **Predict**: from 0.04 to 0.07, not even twice the rate. How many times the escapes?

# %% [markdown] lang="zh" of="1cc93511"
# **先猜一猜**：从 0.04 到 0.07，学习率还不到两倍。逃逸率会变成几倍？

# %% name="rates"
from lrcourse import curves, cyclic

rate = cyclic.measured_rate(0.01, 0.07)  # k(η), a curve through nine runs at constant learning rates
for lr in (0.03, 0.04, 0.055, 0.07):
    measured, kramers = 1000 * rate(lr), 1000 * cyclic.kramers_rate(lr)
    print(f"lr {lr}  T {4.5 * lr:.3f}  escapes in 1000 updates: measured {measured:.3f}  Kramers {kramers:.3f}")
print(f"0.07 against 0.04: measured × {rate(0.07) / rate(0.04):.1f}")

# %% [markdown] lang="en"
# Twenty times. The factor $\eta$ is *mobility*: whatever moves the ball moves it further in one update. The exponential
# is *temperature*. A cyclic learning rate modulates both; it does not push the ball anywhere.

# %% [markdown] lang="zh" of="74e8ff62"
# 二十倍。因子 $\eta$ 是*迁移率*（mobility）：同样的推力，一步走得更远。指数项则来自*温度*。循环学习率调制的正是这两者；
# 它并不朝任何方向推动小球。

# %% [markdown] lang="en"
# ## Is there a best period?
#
# Now let the rate swing as a sine between 0.01 and 0.07, and count the balls that are out after 3000 updates: 1000 balls, four
# seeds, beside balls at the constant mean and at the constant top.
#
# **Predict** which of the nine frees most: seven periods, the mean, the top.

# %% [markdown] lang="zh" of="856dcda7"
# ## 有没有最好的周期？
#
# 现在让学习率按正弦在 0.01 与 0.07 之间摆动，数出 3000 步之后逃出的小球：1000 个小球，四个随机种子；
# 旁边是恒定取平均值、恒定取最高值的小球。
#
# **先猜一猜**这九种情况（七个周期、平均值、最高值）中，哪一种放走最多。

# %% name="swings"
def mean(values):
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.3f}"

def escaped(lr, **noise):
    return [cyclic.escapes(lr, 3000, particles=1000, seed=seed, **noise)[-1] for seed in range(4)]

constants = {"mean": escaped(curves.constant(0.04)), "top": escaped(curves.constant(0.07))}
shares = {period: escaped(cyclic.drive(0.01, 0.07, period)) for period in (4, 10, 30, 100, 300, 1000, 3000)}
for name, values in (constants | shares).items():
    print(f"{name:>5}  escaped {mean(values)}")

# %% [markdown] lang="en"
# The constant top: whoever wants escapes should stay hot. Among the swings, slow beats fast, and from 300 on they are
# level within the errors.

# %% [markdown] lang="zh" of="bcf0023a"
# 是恒定取最高值：想要逃逸，就该一直热着。在各种摆动之中，慢的胜过快的；周期从 300 起，在误差范围内不分上下。

# %% [markdown] lang="en"
# Two limits can be computed without simulating a swing. A *slow* one lets the balls out at each moment as if $\eta_t$
# were constant, at the rate $k(\eta_t)$; this is the **adiabatic** prediction:
#
# $$\text{share} = 1 - \exp\left(-\sum_t k(\eta_t)\right)$$
#
# A *rapid* one is over before the ball has moved: the ball feels the mean rate, and the mean square of the kicks
# $\eta\sigma\xi$.

# %% [markdown] lang="zh" of="785c3851"
# 有两个极限不用模拟摆动就能算出。*慢*摆动时，每一刻的逃逸率 $k(\eta_t)$ 都与 $\eta_t$ 恒定不变时一样；这就是**绝热**预测：
#
# $$\text{比例} = 1 - \exp\left(-\sum_t k(\eta_t)\right)$$
#
# *快*摆动时，小球还来不及移动，一个周期就已过去：它只感受到平均学习率，以及每次踢动 $\eta\sigma\xi$ 的均方值。

# %% [markdown] lang="en"
# **Predict** where the seven shares lie between the two.

# %% [markdown] lang="zh" of="857c7fc0"
# **先猜一猜**七个比例落在两者之间的什么位置。

# %% name="limits"
slow = cyclic.adiabatic(cyclic.drive(0.01, 0.07, 300), 3000, rate)[-1]
kick = 3 * np.sqrt(1 + 0.03**2 / (2 * 0.04**2))  # at 0.04, this σ gives kicks of the swing's mean square
rapid = escaped(curves.constant(0.04), sigma=kick)
print(f"slow limit {slow:.3f}  rapid limit {mean(rapid)}")
figures.no_resonance(shares, constants, slow, rapid)

# %% [markdown] lang="en"
# The shares rise from the one to the other. Averaging $k$ over the swing beats $k$ at an averaged temperature, because
# $k$ curves upwards: one hot phase does more than two lukewarm ones.
#
# An ordinary resonance needs something that swings by itself. This ball has no inertia: it only relaxes. (Without
# inertia there is another kind of best period, resonant activation; it needs a barrier that changes at random.)

# %% [markdown] lang="zh" of="b7cf5bb4"
# 比例从一个极限升到另一个。$k$ 的平均，胜过平均温度下的 $k$，因为 $k$ 的曲线向上弯：一段热的胜过两段温的。
#
# 普通的共振需要有东西能自己摆动。这个小球没有惯性：它只会弛豫。（没有惯性时另有一种最佳周期，即共振激活（resonant activation）；
# 它需要随机变化的势垒。）

# %% [markdown] lang="en"
# **Predict** when in its cycle a ball gets out: with a period of 300, and with one of 30?

# %% [markdown] lang="zh" of="dfb01a52"
# **先猜一猜**小球在周期的哪一段逃出：周期为 300 时呢？为 30 时呢？

# %% name="phases"
def rate_by_phase(period, seed, parts=10):
    inside = 1 - cyclic.escapes(cyclic.drive(0.01, 0.07, period), 3000, particles=1000, seed=seed)
    before = np.concatenate([[1], inside[:-1]])
    out, waiting = (x.reshape(-1, parts, period // parts).sum(axis=(0, 2)) for x in (before - inside, before))
    return out / waiting

rates = {period: [rate_by_phase(period, seed) for seed in range(4)] for period in (30, 300)}
figures.escapes_by_phase(rates, rate(cyclic.drive(0.01, 0.07, 300)(np.arange(300))))

# %% [markdown] lang="en"
# The slow swing follows $k(\eta_t)$, a little late. With a period of 30 the escapes peak after the heat, and are smeared
# out: the climb takes a good part of a cycle, so that balls which started up in the heat arrive when it is over.
# On the way they felt a mean of hot and cold, not the heat alone, and fewer of them escape.
#
# All this holds where the run has a whole number of periods, as here. Half a period more or less adds a hot or a cold
# half, and the phase decides.

# %% [markdown] lang="zh" of="42b83ad2"
# 慢摆动紧跟 $k(\eta_t)$，只晚一点。周期为 30 时，逃逸的高峰要等热潮过后才来，而且被抹平：爬坡要占去周期的一大段，
# 趁热出发的小球，到达坡顶时热潮已过。一路上它们感受到的是冷热的平均，而不只是热，所以逃出的也更少。
#
# 这一切适用于训练恰好包含整数个周期的情形，这里正是如此。若多出或缺少半个周期，就多了或少了热的（或冷的）那一半，
# 结果取决于相位。

# %% [markdown] lang="en"
# ## Compare at equal budget
#
# Escaping is not the aim; ending low is. Digits with label noise and pixel noise, as in section 02; 400 updates, eight
# seeds, each schedule at the best of four peak rates.

# %% [markdown] lang="zh" of="388e31be"
# ## 在相同预算下比一比
#
# 逃逸不是目的，最后的损失低才是。数据是带标签噪声和像素噪声的手写数字，同第 02 节；400 个更新步，八个随机种子，
# 每个调度取四个峰值学习率中最好的一个。

# %% name="data"
from lrcourse import training

torch.set_num_threads(1)  # the matrices are small: more threads only wait for each other

def noisy_digits(seed, train=1200):
    data = training.digits(train=train, label_noise=0.2, seed=seed)
    noise = torch.randn(data.x.shape, generator=torch.Generator().manual_seed(seed))
    return data._replace(x=data.x + 0.5 * noise)

updates = 400

def triangles(n):
    return lambda lr: curves.cyclic_lr(lr, lr / 100, lr, step_size_up=updates / (2 * n), cycle_momentum=False)

schedules = {f"triangle × {n}": triangles(n) for n in (1, 4, 4.5, 16)}

# %% [markdown] lang="en"
# **Predict** which ends lowest in training loss, and which highest: 1, 4 or 16 triangles, a constant rate, a straight
# line to zero, four cosines with restarts? The run with 4.5 triangles ends at a peak.

# %% [markdown] lang="zh" of="6f752416"
# **先猜一猜**谁的训练损失最低，谁的最高：1、4、16 个三角波，恒定学习率，直线降到零，还是带重启的四段余弦？
# 另有一次训练走 4.5 个三角波，在峰顶结束。

# %% name="equal-budget"
schedules |= {
    "constant": curves.constant,
    "linear": lambda lr: curves.linear_to_zero(lr, updates),
    "restarts × 4": lambda lr: curves.cosine_annealing_warm_restarts(lr, updates // 4),
}
network = dict(model=(64, 64, 10), momentum=0.9, updates=updates, seeds=8)
result = training.sweep(noisy_digits(0), schedules, lrs=[0.025, 0.05, 0.1, 0.2], **network, progress=False)
for name in schedules:
    best = result.at(schedule=name).best("train_loss")
    test = result.at(schedule=name, lr=best.lr).test_loss.ravel()
    print(f"{name:14}  lr {best.lr}  train {best.mean:.3f} ± {best.standard_error:.3f}  test {mean(test)}")

# %% name="equal-budget-figure"
figures.equal_budget(result)

# %% [markdown] lang="en"
# One triangle is level with the straight line, 0.425 to 0.418: it *is* a warm-up and a line almost to zero. Four, or
# sixteen, end no lower than the best constant rate. Each new cycle throws away what the last cold phase had won, and the
# last one has less time to win it back.
#
# Half a cycle more costs most: 0.610. What decides is to end cold, after a long way down. (All of this held on eight
# other seeds and on other data; whether four or sixteen is worse did not.)

# %% [markdown] lang="zh" of="7ebf83b9"
# 一个三角波与直线不分上下，0.425 对 0.418：它*就是*一段预热，再加一条几乎降到零的直线。四个或十六个三角波，
# 都不比最好的恒定学习率低。每个新周期都扔掉上一个冷段赢得的成果，而最后一个周期要把它赢回来，时间却更短。
#
# 多走半个周期代价最大：0.610。起决定作用的是：经过一段长长的降温，在冷处结束。（换用另外八个随机种子，换一份数据，
# 这些结论都成立；只有四个与十六个孰优孰劣，说不准。）

# %% [markdown] lang="en"
# ## Keep what each cycle found
#
# Before each restart, at the bottom of the learning rate, stands a trained network. Keep them all, and average what they
# *say*, their probabilities: a **snapshot ensemble**, for the price of one run.

# %% [markdown] lang="zh" of="1ccbb8a8"
# ## 留住每个周期找到的东西
#
# 每次重启之前，学习率的谷底都有一个训练好的网络。把它们都留住，对它们的*回答*（即输出的概率）取平均：
# 这就是**快照集成**（snapshot ensemble），只花一次训练的代价。

# %% name="snapshot"
from torch.optim.lr_scheduler import CosineAnnealingLR

def start(seed):
    model = training.mlp((64, 64, 10), seed=seed)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

def snapshots(data, cycle, seed):
    model, optimizer = start(seed)
    return cyclic.snapshot_ensemble(model, data, optimizer, cycles=4, T_0=cycle, batch_size=32, seed=seed)

def cosine(data, updates, seed):
    model, optimizer = start(seed)
    scheduler = CosineAnnealingLR(optimizer, T_max=updates)
    training.fit(model, data, optimizer, scheduler, updates=updates, batch_size=32, seed=seed)
    return model(data.x_test).softmax(-1).detach()

# %% name="snapshot-figure"
ensemble = snapshots(noisy_digits(0, train=600), cycle=100, seed=0)
figures.snapshots(ensemble)

# %% [markdown] lang="en"
# Four ways to spend the same number of updates: one long cosine; four cycles, and only the last network of them; the
# four snapshots together; four independent short runs together.
#
# **Predict** the order of their test errors, for 60 updates in all and for 400.

# %% [markdown] lang="zh" of="b65d0887"
# 同样多的更新步有四种花法：一段长余弦；四个周期，只取最后的网络；四个快照合用；四次独立的短训练合用。
#
# **先猜一猜**：总共 60 步时，测试错误率的名次如何？400 步时呢？

# %% name="snapshot-race"
def errors(cycle, seed):
    data = noisy_digits(seed, train=600)
    together, members = snapshots(data, cycle, seed).errors(data.x_test, data.y_test)
    long, short = cosine(data, 4 * cycle, seed), sum(cosine(data, cycle, 100 * k + seed) for k in range(1, 5))
    one, four = ((p.argmax(-1) != data.y_test).double().mean().item() for p in (long, short))
    return one, members[-1], together, four

for cycle in (15, 100):
    runs = np.array([errors(cycle, seed) for seed in range(8)])
    for name, error in zip(("one cosine", "last snapshot", "4 snapshots", "4 short runs"), runs.T, strict=True):
        print(f"{4 * cycle} updates, {name:13}  error {mean(error)}  minus one cosine {mean(error - runs[:, 0])}")

# %% [markdown] lang="en" given="0.010 0.020"
# With 60 updates, a run of 15 is over before it has learnt, and four of them together are hopeless: 0.190. With 400 a
# quarter of the budget is enough, and four *independent* runs win, by 0.012.
#
# The restarts cost the last network 0.012; the four snapshots together win that back, and end 0.004 ± 0.003 below one
# long cosine. Eight other seeds agree on the order, not on the size: no cost, 0.010 ± 0.003 below, and independent runs
# 0.020 below. (Huang and others found gains with far longer cycles of far larger networks.)

# %% [markdown] lang="zh" of="5ae3dc90"
# 总共 60 步时，15 步的训练还没学会就结束了，四次合用也无济于事：0.190。总共 400 步时，四分之一的预算已经足够，
# 四次*独立*的训练以 0.012 胜出。
#
# 重启让最后那个网络付出 0.012 的代价；四个快照合用，把它赢了回来，错误率比一段长余弦低 0.004 ± 0.003。
# 换用另外八个随机种子，名次不变，大小却变了：重启没有代价，快照低 0.010 ± 0.003，独立训练低 0.020。
# （Huang 等人在长得多的周期、大得多的网络上也得到了收益。）

# %% [markdown] lang="en"
# ## At work: whole cycles, counted in updates
#
# What you would use: the step sizes computed from the data, so that the run ends cold, and a rate for each param group.
# **Predict** what CyclicLR does to AdamW, which has no `momentum`.

# %% [markdown] lang="zh" of="4f6418b2"
# ## 实战：走完整数个周期，以更新步计
#
# 工作中这样写：由数据算出步数，使训练在冷处结束；每个参数组各有自己的学习率。
# **先猜一猜**：AdamW 没有 `momentum`，CyclicLR 会拿它怎么办？

# %% name="work"
from torch.utils.data import DataLoader, TensorDataset

data, epochs, cycles = noisy_digits(0), 6, 2
generator = torch.Generator().manual_seed(0)
loader = DataLoader(TensorDataset(data.x, data.y), batch_size=32, shuffle=True, generator=generator)
half = epochs * len(loader) // (2 * cycles)

model = training.mlp((64, 64, 10), seed=0)
groups = [{"params": model[0].parameters()}, {"params": model[2].parameters()}]
optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99))
scheduler = CyclicLR(optimizer, base_lr=[1e-4, 2e-4], max_lr=[1e-2, 2e-2], step_size_up=half, mode="triangular2")

# %% name="work-loop"
trace = []
for _ in range(epochs):
    for inputs, targets in loader:
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        trace.append([group["lr"] for group in optimizer.param_groups] + [optimizer.param_groups[0]["betas"][0]])
        optimizer.step()
        scheduler.step()  # once an update, not once an epoch
for t in (0, half, 3 * half, len(trace) - 1):
    *lrs, beta1 = trace[t]
    print(f"update {t:3}  lr", [f"{lr:.3g}" for lr in lrs], f" beta1 {beta1:.3f}")

# %% [markdown] lang="en"
# With Adam it is `beta1` that mirrors the rate: 0.9 in the valley, 0.8 at the first peak, 0.85 at the second, half as high.
# The last update is one short of `base_lr`, where the next cycle would begin.

# %% [markdown] lang="zh" of="44458b27"
# 用 Adam 时，反向摆动的是 `beta1`：谷底 0.9，第一个峰处 0.8，第二个峰只有一半高，那里是 0.85。
# 最后一个更新步离 `base_lr` 还差一步，下一个周期才会从那里开始。

# %% [markdown] lang="en"
# ## Traps
#
# **Momentum you did not ask for.** SGD without momentum is given 0.9. On an optimizer that knows
# no momentum, CyclicLR refuses to be built until you say `cycle_momentum=False`. **Predict** what a `base_lr` above `max_lr` does.

# %% [markdown] lang="zh" of="898e2089"
# ## 陷阱
#
# **你没有要求的动量。** 本来没有动量的 SGD 会被加上 0.9；若优化器根本不支持动量，构造 CyclicLR 就会报错，
# 除非写明 `cycle_momentum=False`。
# **先猜一猜** `base_lr` 大于 `max_lr` 会怎样。

# %% name="trap-momentum"
def new(kind, base_lr=0.01, max_lr=0.1, **options):
    optimizer = kind(model.parameters(), lr=0.1)
    return optimizer, CyclicLR(optimizer, base_lr, max_lr, **options)

print("SGD, momentum", new(torch.optim.SGD)[0].param_groups[0]["momentum"])
try:
    new(torch.optim.Adagrad)
except ValueError as error:
    print("Adagrad:", error)
print("Adagrad, cycle_momentum=False: lr", new(torch.optim.Adagrad, cycle_momentum=False)[1].get_last_lr())
print("base_lr 0.1, max_lr 0.01:", record(partial(CyclicLR, base_lr=0.1, max_lr=0.01, step_size_up=2), 5).round(3))

# %% [markdown] lang="en"
# It runs upside down, without a word.
#
# **With another scheduler.** A scheduler built before CyclicLR on one optimizer spoils its first rate; in a
# `ChainedScheduler` it overwrites what came before (section 06).

# %% [markdown] lang="zh" of="b5aae525"
# 它会倒过来走，一声不吭。
#
# **与别的调度器同用。** 在同一个优化器上，先于 CyclicLR 构造的调度器会弄错它的首个学习率；
# 在 `ChainedScheduler` 中，它会覆盖前面的结果（第 06 节）。

# %% name="trap-company"
from torch.optim.lr_scheduler import ExponentialLR

optimizer = torch.optim.SGD(model.parameters(), lr=7.0, momentum=0.9)
ExponentialLR(optimizer, gamma=0.9)
scheduler = CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=2)
print("first lr", optimizer.param_groups[0]["lr"])
optimizer.step()
scheduler.step()
print("second lr", round(optimizer.param_groups[0]["lr"], 3))

# %% [markdown] lang="en"
# 7.0, seventy times `max_lr`, for one update: enough to destroy a network.
#
# **Loading twice.** `load_state_dict` takes an entry *out* of the dict that it is given. **Predict** what the second
# load does.

# %% [markdown] lang="zh" of="810c66c0"
# 7.0，`max_lr` 的七十倍，只用一个更新步：足以毁掉一个网络。
#
# **载入两次。** `load_state_dict` 会从传给它的字典里*取走*一项。**先猜一猜**第二次载入会怎样。

# %% name="trap-load"
state = scheduler.state_dict()
scheduler.load_state_dict(state)
try:
    scheduler.load_state_dict(state)
except KeyError as error:
    print("second load: KeyError", error)
scheduler.load_state_dict(dict(scheduler.state_dict()))  # a copy each time

# %% [markdown] lang="en"
# **Your own `scale_fn`** is not in the state dict if it is a plain function or a lambda; build the same one before you
# load. With `scale_mode="iterations"` it gets the update counted from the *start of the run*, whatever the
# documentation says about the start of the cycle.

# %% [markdown] lang="zh" of="3efe2848"
# **自己写的 `scale_fn`** 若是普通函数或 lambda，就不在状态字典里；载入之前要先构造同一个。
# 若 `scale_mode="iterations"`，它得到的是从*训练开始*数起的更新步，不管文档里怎么说“从周期开始”。

# %% name="trap-iterations"
seen = []
optimizer, scheduler = new(
    torch.optim.SGD, step_size_up=2, scale_fn=lambda t: seen.append(t) or 1.0, scale_mode="iterations",
    cycle_momentum=False,
)
for _ in range(6):
    optimizer.step()
    scheduler.step()
print("cycle of 4 updates; scale_fn is given", seen, " saved:", scheduler.state_dict()["_scale_fn_custom"])

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. `CyclicLR` is stepped once an update, ignores the optimizer's own rate, and mirrors the momentum unless told not
#    to.
# 2. Base plus swing times triangle times 1, $2^{-(c-1)}$ or $\gamma^t$; cycles count from 1.
# 3. Cycling modulates temperature and mobility. The share escaped rises from the rapid limit to the adiabatic
#    $1 - \exp(-\sum_t k(\eta_t))$; with whole periods none beats that.
# 4. At equal budget one triangle equals a line to zero; four and sixteen end higher in training loss, and ending hot
#    highest.
# 5. Snapshots make up for what the restarts cost, and gain a little at best. Independent short runs win where a quarter
#    of the budget is enough, and fail where it is not.

# %% [markdown] lang="zh" of="34dae525"
# ## 要点
#
# 1. `CyclicLR` 每更新一次就步进一次，不理会优化器自己的学习率；动量与学习率反向摆动，除非你关掉它。
# 2. 谷值加上摆幅乘三角波，再乘 1、$2^{-(c-1)}$ 或 $\gamma^t$；周期从 1 数起。
# 3. 循环调制的是温度和迁移率。逃逸比例从快极限升到绝热值 $1 - \exp(-\sum_t k(\eta_t))$，只要包含整数个周期，没有哪个能超过它。
# 4. 预算相同时，一个三角波与一条降到零的直线不分上下；四个和十六个的训练损失更高，在热处结束的最高。
# 5. 快照集成弥补了重启的代价，至多略有收益。四分之一的预算足够时，独立的短训练胜出；不够时则失败。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 04](../exercises/04_cyclic.ipynb): 04.1 write the triangle · 04.2 let the peaks fall in a
# straight line · 04.3 predict what escapes · 04.4 keep the snapshots.

# %% [markdown] lang="zh" of="bc520bff"
# ## 自己动手
#
# [第 04 节的练习](../../exercises/zh/04_cyclic.ipynb)：04.1 写出三角波 · 04.2 让峰值沿直线下降 · 04.3 预测逃逸 ·
# 04.4 留住快照。

# %% [markdown] lang="en"
# ## Sources
#
# - Smith, Cyclical learning rates for training neural networks, arXiv:1506.01186.
# - Kramers, Brownian motion in a field of force and the diffusion model of chemical reactions, Physica 7 (1940) 284.
# - Doering and Gadoua, Resonant activation over a fluctuating barrier, Physical Review Letters 69 (1992) 2318: a
#   best rate of change without inertia, for a barrier that changes at random.
# - Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
# - Huang et al., Snapshot ensembles: train 1, get M for free, arXiv:1704.00109.

# %% [markdown] lang="zh" of="e105f4fb"
# ## 来源
#
# - Smith，Cyclical learning rates for training neural networks，arXiv:1506.01186。
# - Kramers，Brownian motion in a field of force and the diffusion model of chemical reactions，Physica 7 (1940) 284。
# - Doering 与 Gadoua，Resonant activation over a fluctuating barrier，Physical Review Letters 69 (1992) 2318：
#   没有惯性、势垒随机变化时的最佳变化速率。
# - Loshchilov 与 Hutter，SGDR: stochastic gradient descent with warm restarts，arXiv:1608.03983。
# - Huang 等，Snapshot ensembles: train 1, get M for free，arXiv:1704.00109。
