# %% [markdown] lang="en"
# # Cool it on a plan
#
# **60 minutes · you need section 01.** A scheduler is a cooling plan: it says
# how hot each update runs. PyTorch ships sixteen of them. You will be able to
#
# 1. put a scheduler into any training loop and say which learning rate each update uses,
# 2. plot the learning rate that trained, not one that resembles it,
# 3. choose between steps, an exponential and a cosine, and compute a half-life,
# 4. heat a network again with warm restarts, and stop at the right moment,
# 5. tell how soon noise fools `ReduceLROnPlateau`,
# 6. read every argument of `OneCycleLR`, and its momentum,
# 7. look up any of the sixteen: formula, first and last value, picture, trap.

# %% [markdown] lang="zh" of="fe1a9593"
# # 按计划冷却
#
# **60 分钟 · 你需要第 01 节。** 调度器就是一份冷却计划：它规定每个更新步有多热。
# PyTorch 自带十六种。学完本页，你将能够
#
# 1. 把调度器放进任何训练循环，并说出每个更新步用的是哪个学习率；
# 2. 画出真正参与训练的学习率，而不是与它相像的一条曲线；
# 3. 在阶梯、指数与余弦之间做出选择，并算出半衰期；
# 4. 用热重启重新加热网络，并在恰当的时刻停下；
# 5. 判断噪声多快会骗过 `ReduceLROnPlateau`；
# 6. 看懂 `OneCycleLR` 的每个参数，以及它的动量；
# 7. 查到十六种中的任何一种：公式、首值与末值、物理图像、陷阱。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Turn two schedules by hand
#
# Blue and green may each be any class of `torch.optim.lr_scheduler`, with all its arguments.

# %% [markdown] lang="zh" of="f94aa954"
# ## 亲手摆弄两个调度
#
# 蓝线和绿线都可以是 `torch.optim.lr_scheduler` 中的任何一个类，参数一应俱全。

# %% [markdown] lang="en"
# **Predict** which two *different* classes can draw the same curve. The goal: make blue and green coincide.

# %% [markdown] lang="zh" of="5afdc1f6"
# **先猜一猜**：哪两个*不同*的类能画出同一条曲线？目标：让蓝线与绿线重合。

# %% name="browser"
from lrcourse import explorers

explorers.schedulers.schedule_browser()

# %% [markdown] lang="en"
# There are several such pairs; here is one, compared over 100 updates. The class is only a name. What acts on the
# network is the function $\eta(t)$.

# %% [markdown] lang="zh" of="94609cd6"
# 这样的组合不止一对；下面是其中之一，在 100 个更新步上比较。类只是名字，真正作用于网络的是函数 $\eta(t)$。

# %% name="same-curve"
import numpy as np
from lrcourse.schedulers import curve

linear = curve("LinearLR", 100, lr=0.1, start_factor=1, end_factor=0, total_iters=100)
polynomial = curve("PolynomialLR", 100, lr=0.1, total_iters=100, power=1)
print("same curve", np.allclose(linear, polynomial), linear[[0, 50, 99]].round(4))

# %% [markdown] lang="en"
# ## Three lines run every scheduler
#
# Construct it on the optimizer; call `scheduler.step()` after `optimizer.step()`; read `get_last_lr()`.

# %% [markdown] lang="zh" of="169eae89"
# ## 三行代码就能驱动任何调度器
#
# 在优化器上构造它；在 `optimizer.step()` 之后调用 `scheduler.step()`；用 `get_last_lr()` 读数。

# %% [markdown] lang="en"
# `StepLR` below halves a rate of 0.1 every three epochs. **Predict** the first epoch that trains with 0.05.

# %% [markdown] lang="zh" of="ae5f9ada"
# 下面的 `StepLR` 从 0.1 起，每三轮（epoch）减半。**先猜一猜**：第一个用 0.05 训练的是第几轮？

# %% name="loop"
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 3), torch.randn(32, 1)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
for epoch in range(7):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, scheduler.get_last_lr())
    scheduler.step()

# %% [markdown] lang="en"
# Epoch 3: epochs 0, 1 and 2 make three. Constructing the scheduler sets $\eta(0)$, the $k$-th `scheduler.step()` sets
# $\eta(k)$. Print *after* `scheduler.step()`, and every line of your log is one epoch ahead.
#
# A scheduler has no clock. It counts calls: called once an epoch, its unit is the epoch; called once an update, the
# update. `step_size=3` means three of whatever you count.

# %% [markdown] lang="zh" of="3e0dcfb9"
# 第 3 轮：第 0、1、2 轮正好三轮。构造调度器时设定 $\eta(0)$，第 $k$ 次 `scheduler.step()` 设定 $\eta(k)$。
# 若在 `scheduler.step()` *之后*打印，日志的每一行都会提前一轮。
#
# 调度器没有时钟，只会数调用次数：每轮调用一次，单位就是轮；每个更新步调用一次，单位就是更新步。
# `step_size=3` 的意思是三个你所数的单位。

# %% [markdown] lang="en"
# **Predict** what a scheduler does to two param groups whose learning rates differ tenfold.

# %% [markdown] lang="zh" of="c7f0ec33"
# **先猜一猜**：两个参数组的学习率相差十倍，调度器会怎样对待它们？

# %% name="groups"
groups = [{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.01}]
optimizer = torch.optim.SGD(groups)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
for t in range(3):
    print(t, scheduler.get_last_lr())
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# Each group keeps its own base rate, and the ratio stays. Most classes multiply the base rate like this; OneCycleLR and
# CyclicLR replace it, as their rows in the catalogue below say.

# %% [markdown] lang="zh" of="c31bbb0b"
# 每个参数组保有自己的基准学习率，比值不变。大多数类都这样乘上基准学习率；OneCycleLR 和 CyclicLR 则会取而代之，
# 下文的目录中会写明。

# %% [markdown] lang="en"
# ## Plot the rate that trained
#
# Many plots of schedules show a second scheduler, whose `step()` ran in an empty loop. Ours are read from the optimizer at each
# `optimizer.step()` of the training itself; `training.fit` does the reading.
#
# The task has noise in it: digits with one label in five drawn at random, and noisy pixels.

# %% [markdown] lang="zh" of="00341ec2"
# ## 画出真正参与训练的学习率
#
# 许多教程里的图画的是另一个调度器：在空循环里反复调用 `step()` 得来的。我们的曲线是在训练过程中、每次 `optimizer.step()` 时
# 从优化器读出的；`training.fit` 负责读取。
#
# 任务里带有噪声：手写数字，五分之一的标签随机抽取，像素也加了噪声。

# %% name="train"
from torch.optim import lr_scheduler
from lrcourse import training

def noisy_digits(seed):
    data = training.digits(label_noise=0.2, seed=seed)
    noise = torch.randn(data.x.shape, generator=torch.Generator().manual_seed(seed))
    return data._replace(x=data.x + 0.5 * noise)

def train(make_scheduler, data, seed, lr=0.1, momentum=0.9):
    model = training.mlp((64, 64, 10), seed=seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    scheduler = make_scheduler(optimizer)
    return training.fit(model, data, optimizer, scheduler, updates=300, batch_size=16, seed=seed)

# %% [markdown] lang="en"
# `curve` computes a schedule from its formula alone. **Predict** how far that lies from what a real training used.

# %% [markdown] lang="zh" of="ef689fe2"
# `curve` 只凭公式算出一条调度。**先猜一猜**：它与真实训练所用的学习率最多相差多少？

# %% name="recorded"
from functools import partial

history = train(partial(lr_scheduler.StepLR, step_size=100), noisy_digits(0), seed=0)
closed_form = curve("StepLR", 300, lr=0.1, step_size=100)
print("updates", len(history.lr), " equal", np.allclose(history.lr, closed_form, rtol=1e-12, atol=0))

# %% [markdown] lang="en"
# ## Cooling pays where there is noise
#
# Constant, in steps, along a cosine: 300 updates each, four seeds, the same first rate.

# %% [markdown] lang="zh" of="2a15bd2f"
# ## 有噪声时，降温才划算
#
# 恒定、阶梯、余弦：各 300 个更新步，四个随机种子，初始学习率相同。

# %% [markdown] lang="en"
# **Predict** which names most unseen digits rightly, and what the loss does at update 100, where `StepLR` divides by
# ten.

# %% [markdown] lang="zh" of="a160f283"
# **先猜一猜**：哪一种认对的未见数字最多？在第 100 步，`StepLR` 除以十，损失会怎样？

# %% name="race"
makers = {
    "constant": lambda optimizer: None,
    "StepLR": partial(lr_scheduler.StepLR, step_size=100, gamma=0.1),
    "CosineAnnealingLR": partial(lr_scheduler.CosineAnnealingLR, T_max=300),
}
runs = {name: [train(make, noisy_digits(seed), seed) for seed in range(4)] for name, make in makers.items()}

def mean(values, digits=2):
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.{digits}f}"

for name, histories in runs.items():
    loss, accuracy = np.array([history.test for history in histories]).T
    print(f"{name:18} test loss {mean(loss)}  accuracy {mean(accuracy, 3)}")

# %% name="race-figure"
from lrcourse.figures import schedulers as figures

figures.trained(runs)

# %% [markdown] lang="en"
# The constant rate stays hot: every update chases wrong labels as hard as the first did. Both others cool, and name
# nine digits in ten and more. On unseen digits cosine and steps are level, within their errors.

# %% [markdown] lang="zh" of="c2883b82"
# 恒定学习率一直是热的：每个更新步都和最初一样用力地追逐错误标签。另外两种冷却下来，十个数字认对九个以上。
# 在未见过的数字上，余弦与阶梯在误差范围内不分上下。

# %% [markdown] lang="en"
# **Predict** what the drop at update 100 is worth. All runs of one seed draw the same batches, so that most of the
# noise goes when we subtract the constant run.

# %% [markdown] lang="zh" of="2dcbe2ce"
# **先猜一猜**第 100 步的那次下降值多少。同一随机种子的各次训练抽到同样的批次，减去恒定学习率的那一次，
# 大部分噪声就消去了。

# %% name="quench"
def window(name, start):
    return np.array([history.loss[start : start + 20].mean() for history in runs[name]])

for start in (80, 100, 120, 180, 280):
    step, cosine = (window(name, start) - window("constant", start) for name in ("StepLR", "CosineAnnealingLR"))
    print(f"updates {start}-{start + 20}  loss above constant: StepLR {mean(step)}  cosine {mean(cosine)}")

# %% [markdown] lang="en"
# Until 100 `StepLR` *is* the constant run. The drop wins 0.19 within 20 updates and 0.39 in the next 20: a quench. The
# cosine, cooled a little all along, is as low by then without any jump.
#
# At 180 the two are level still. The second drop, at 200, freezes `StepLR`: in the end it lies 0.53 below constant, the
# cosine 0.71.

# %% [markdown] lang="zh" of="33fc8a8e"
# 第 100 步之前，`StepLR` *就是*恒定学习率。这次下降在 20 步内赢得 0.19，再过 20 步赢得 0.39：这就是淬火
# （quench）。余弦一路都在慢慢冷却，此时已经一样低，却没有任何跳变。
#
# 第 180 步时两者仍不分上下。第 200 步的第二次下降冻住了 `StepLR`：最后它比恒定学习率低 0.53，余弦则低 0.71。

# %% [markdown] lang="en"
# **Predict** the same race on clean digits, at a gentler rate: which has the lower *training* loss, constant or
# cosine? The last line gives the cosine twice the first rate.

# %% [markdown] lang="zh" of="13590cac"
# **先猜一猜**：换成干净的数字、更温和的学习率，恒定与余弦谁的*训练*损失更低？最后一行把余弦的初始学习率加倍。

# %% name="clean"
for name, lr in [("constant", 0.03), ("CosineAnnealingLR", 0.03), ("CosineAnnealingLR", 0.06)]:
    histories = [train(makers[name], training.digits(seed=seed), seed, lr=lr) for seed in range(4)]
    print(f"{name:18} first lr {lr}  training loss {mean([h.train.loss for h in histories], 3)}")

# %% [markdown] lang="en"
# At the same first rate constant wins, because a cosine covers half the path $\sum\eta$ (section 01). Given the whole
# path, at 0.06, it is level within the errors. Where the network can fit every example, the gradient noise dies by
# itself, and the picture of a temperature breaks: there is nothing left to cool.

# %% [markdown] lang="zh" of="bbff8547"
# 初始学习率相同时恒定胜出，因为余弦走过的路程 $\sum\eta$（第 01 节）只有一半。把路程补足（0.06），两者在误差范围内
# 不分上下。网络若能拟合每个样本，梯度噪声会自行消失，温度这幅图像便失效了：已经没有什么可冷却的。

# %% [markdown] lang="en"
# ## Four ways down
#
# **Predict**: from 0.1, over 100 epochs, which is highest at epoch 50, and which is lowest at the very end: `StepLR` (30,
# × 0.1), `MultiStepLR` (30, 60, 80), `ExponentialLR` (× 0.95) or the cosine?

# %% [markdown] lang="zh" of="b7f80c04"
# ## 四种降法
#
# **先猜一猜**：从 0.1 开始、共 100 轮，第 50 轮时谁最高，最末尾谁最低：`StepLR`（30，× 0.1）、
# `MultiStepLR`（30、60、80）、`ExponentialLR`（× 0.95）还是余弦？

# %% name="four"
lrcourse.visualize_schedulers(epochs=100, initial_lr=0.1)

# %% [markdown] lang="en"
# The cosine is both: it stays high for half the run, then dives below all others. On a log axis a staircase has equal
# steps and an exponential is a straight line.
#
# No epoch uses 0, so the cosine's curve ends at its last real value. We come back to that.

# %% [markdown] lang="zh" of="7069ae2f"
# 两个答案都是余弦：它在前一半一直很高，最后跌到所有曲线之下。在对数坐标上，阶梯的每一级一样高，指数是一条直线。
#
# 没有哪一轮用的是 0，所以余弦曲线止于它真正用过的最后一个值。这一点稍后再谈。

# %% [markdown] lang="en"
# ## Steps quench in stages
#
# $$\eta(t) = \eta_0\,\gamma^{\lfloor t/s \rfloor} \qquad \eta(t) = \eta_0\,\gamma^{\,\#\{m \le t\}}$$
#
# `StepLR` multiplies by $\gamma$ every $s$ steps (`step_size`), `MultiStepLR` at each of the `milestones` $m$
# ($\#\{m \le t\}$ of them have come by $t$); $\eta_0$ is the optimizer's own rate. Between two drops the network is kept isothermal and comes to equilibrium; each drop is a quench.

# %% [markdown] lang="zh" of="703315ed"
# ## 阶梯：分级淬火
#
# $$\eta(t) = \eta_0\,\gamma^{\lfloor t/s \rfloor} \qquad \eta(t) = \eta_0\,\gamma^{\,\#\{m \le t\}}$$
#
# `StepLR` 每隔 $s$ 步（`step_size`）乘以 $\gamma$，`MultiStepLR` 则在每个里程碑 $m$（`milestones`）处乘
# （到 $t$ 为止已有 $\#\{m \le t\}$ 个）；$\eta_0$ 是优化器自己的学习率。
# 两次下降之间网络保持等温，趋于平衡；每次下降都是一次淬火。

# %% [markdown] lang="en"
# **Predict**: do these two differ anywhere in 100 epochs?

# %% [markdown] lang="zh" of="4a73123c"
# **先猜一猜**：下面两者在 100 轮之内有差别吗？

# %% name="steps"
step = curve("StepLR", 100, lr=0.1, step_size=30, gamma=0.1)
multi = curve("MultiStepLR", 100, lr=0.1, milestones=[30, 60, 80], gamma=0.1)
print("differ at epochs", np.flatnonzero(~np.isclose(step, multi)))

# %% [markdown] lang="en"
# Only in epochs 80 to 89. Use `StepLR` when you know how long equilibrium takes, `MultiStepLR` when you saw on an
# earlier run where the loss went flat.

# %% [markdown] lang="zh" of="812615e1"
# 只在第 80 到 89 轮。知道达到平衡要多久时用 `StepLR`；在先前的训练里看到损失在哪里变平时，用 `MultiStepLR`。

# %% [markdown] lang="en"
# ## An exponential has a half-life
#
# $$\eta(t) = \eta_0\,\gamma^t = \eta_0\,e^{-\lambda t}, \qquad \gamma = e^{-\lambda}, \qquad
# t_{1/2} = \frac{\ln 2}{\lambda}$$
#
# The law of radioactive decay: in each step the same share is lost. In the picture below 400 nuclei decay beside the
# rate (orange). `gamma` and the half-life are two names of one number. (This $\lambda$ is a decay constant, no curvature.)

# %% [markdown] lang="zh" of="384dd047"
# ## 指数衰减有半衰期
#
# $$\eta(t) = \eta_0\,\gamma^t = \eta_0\,e^{-\lambda t}, \qquad \gamma = e^{-\lambda}, \qquad
# t_{1/2} = \frac{\ln 2}{\lambda}$$
#
# 这正是放射性衰变定律：每一步都失去同样的比例。下图的橙线是 400 个原子核，与学习率一同衰变。
# `gamma` 与半衰期是同一个数的两个名字。（这里的 $\lambda$ 是衰变常数，不是曲率。）

# %% [markdown] lang="en"
# **Predict** the half-life of $\gamma = 0.95$. The goal: end 100 epochs with 1% of the first rate.

# %% [markdown] lang="zh" of="dcdd6cf1"
# **先猜一猜** $\gamma = 0.95$ 的半衰期。目标：100 轮之后剩下初始学习率的 1%。

# %% name="half-life"
explorers.schedulers.half_life()

# %% name="half-lives"
for gamma in (0.5, 0.9, 0.95, 0.955, 0.99):
    half_life, path = np.log(2) / -np.log(gamma), 1 / (1 - gamma)
    print(f"gamma {gamma}  half-life {half_life:5.1f} steps  path {path:5.1f} steps  after 100: {gamma**100:.2%}")

# %% [markdown] lang="en"
# The path is the clock of section 01, $\sum\eta/\eta_0 = 1/(1-\gamma)$. It is *finite*: with $\gamma = 0.95$ the
# network may go as far as 20 steps at full rate would take it, and not one step further, however long you train.

# %% [markdown] lang="zh" of="cb58479c"
# 这里的路程就是第 01 节的时钟，$\sum\eta/\eta_0 = 1/(1-\gamma)$。它是*有限*的：$\gamma = 0.95$ 时，无论训练多久，
# 网络最多只能走到以初始学习率走 20 步所及之处。

# %% [markdown] lang="en"
# So there is a speed at which a network freezes on its way. **Predict** the best half-life for 300 updates: 5, 15, 50,
# 150, or never?

# %% [markdown] lang="zh" of="9b9b57b9"
# 所以降温太快，网络会冻在半路上。**先猜一猜** 300 个更新步的最佳半衰期：5、15、50、150，还是永不降温？

# %% name="cooling-speed"
cooled = {np.inf: runs["constant"]}
for half_life in (5, 15, 50, 150):
    decay = partial(lr_scheduler.ExponentialLR, gamma=0.5 ** (1 / half_life))
    cooled[half_life] = [train(decay, noisy_digits(seed), seed) for seed in range(4)]
figures.cooling_speed(cooled)

# %% [markdown] lang="en"
# Between 50 and 150 updates: one sixth to one half of the budget. At a half-life of 5 the whole path is worth 8 updates
# at the first rate, and the network is frozen before it has learned; never cooled, it stays hot. Between them the optimum is broad.

# %% [markdown] lang="zh" of="6d1150d2"
# 在 50 到 150 步之间，即预算的六分之一到一半。半衰期为 5 时，全部路程只相当于以初始学习率走 8 步，网络还没学会就被冻住；
# 从不降温，它就一直是热的。两者之间的最优区域很宽。

# %% [markdown] lang="en"
# ## A cosine cools slowly, then lands
#
# $$\eta(t) = \eta_{\min} + \tfrac12\,(\eta_0 - \eta_{\min})\left(1 + \cos\frac{\pi t}{T_{\max}}\right)$$
#
# Half a cosine wave from $\eta_0$ down to $\eta_{\min}$ (`eta_min`) in $T_{\max}$ steps (`T_max`): flat at both ends,
# steepest in the middle. Up to $T_{\max}$ it only falls.

# %% [markdown] lang="zh" of="1a603f56"
# ## 余弦：缓缓冷却，平稳着陆（余弦退火，cosine annealing）
#
# $$\eta(t) = \eta_{\min} + \tfrac12\,(\eta_0 - \eta_{\min})\left(1 + \cos\frac{\pi t}{T_{\max}}\right)$$
#
# 半个余弦波，在 $T_{\max}$ 步（`T_max`）内从 $\eta_0$ 降到 $\eta_{\min}$（`eta_min`）：两端平坦，中间最陡。
# 到 $T_{\max}$ 为止它只降不升。

# %% [markdown] lang="en"
# **Predict**: with `T_max=50` and `eta_min=1e-5`, which rate does the last of 50 epochs use?

# %% [markdown] lang="zh" of="e028e9cd"
# **先猜一猜**：`T_max=50`、`eta_min=1e-5` 时，50 轮中的最后一轮用的是哪个学习率？

# %% name="cosine-end"
for T_max in (50, 49):
    cosine = curve("CosineAnnealingLR", 50, lr=0.1, T_max=T_max, eta_min=1e-5)
    half, mean_rate, last = cosine[25], cosine.mean(), cosine[49]
    print(f"T_max={T_max}: first {cosine[0]:.3g}, epoch 25 {half:.3g}, mean {mean_rate:.3g}, last {last:.3g}")

# %% [markdown] lang="en"
# Eleven times `eta_min`: epoch 49 is one step short of $T_{\max}$, and $\eta(50)$ is set but never used. Where the last
# value matters, take `T_max = epochs - 1`. The mean rate is about half the first one, whatever $T_{\max}$ is: a cosine
# travels half as far as a constant rate.

# %% [markdown] lang="zh" of="4d4ed4be"
# 约为 `eta_min` 的十一倍：第 49 轮离 $T_{\max}$ 还差一步，$\eta(50)$ 设定了却从未使用。若末值要紧，
# 就取 `T_max = epochs - 1`。无论 $T_{\max}$ 是多少，平均学习率都约为初始值的一半：余弦走过的路程是恒定学习率的一半。

# %% [markdown] lang="en"
# ## Restarts heat it again
#
# `CosineAnnealingWarmRestarts` starts a new cosine every `T_0` steps; `T_mult` makes each cycle that many times longer.
# The peaks stay as high as the first: cooling and re-heating, with no cooling overall.

# %% [markdown] lang="zh" of="52119bea"
# ## 热重启（warm restarts）：再次加热
#
# `CosineAnnealingWarmRestarts` 每隔 `T_0` 步开始一个新的余弦；`T_mult` 让每个周期是前一个的若干倍长。
# 每个峰都和第一个一样高：冷却、再加热，整体上并不降温。

# %% [markdown] lang="en"
# **Predict**: is the end of a cycle colder than a single cosine's? Goal: two restarts, and end cold.

# %% [markdown] lang="zh" of="a2bfefb6"
# **先猜一猜**：一个周期的末尾会比单个余弦的末尾更冷吗？目标：重启两次，并以低能量结束。

# %% name="restarts"
explorers.schedulers.restarts()

# %% [markdown] lang="en"
# With `T_0=40`, `T_mult=2` training stops 20 updates after a restart, almost as hot as it began. Make the budget a whole
# number of cycles: $n\,T_0$ steps for $n$ equal ones, else
# $T_0\,(T_{\text{mult}}^n - 1)/(T_{\text{mult}} - 1)$. No cycle ends colder than the single cosine: each has less time.

# %% [markdown] lang="zh" of="1c2a43b5"
# `T_0=40`、`T_mult=2` 时，训练在最后一次重启之后仅 20 步就结束，几乎和开始时一样热。要让预算等于整数个周期：
# $n$ 个等长周期共 $n\,T_0$ 步，否则共 $T_0\,(T_{\text{mult}}^n - 1)/(T_{\text{mult}} - 1)$ 步。
# 没有哪个周期的末尾比单个余弦更冷：它们的时间更少。

# %% [markdown] lang="en"
# **Predict**: what does a real network's loss do at updates 100 and 200, with `T_0=100`?

# %% [markdown] lang="zh" of="d2e8a16f"
# **先猜一猜**：`T_0=100` 时，真实网络的损失在第 100 步和第 200 步会怎样？

# %% name="restarts-trained"
warm = partial(lr_scheduler.CosineAnnealingWarmRestarts, T_0=100)
restarted = [train(warm, noisy_digits(seed), seed) for seed in range(4)]
for start in (80, 180, 200, 280):
    with_restarts, without = (
        mean([h.loss[start : start + 20].mean() for h in histories])
        for histories in (restarted, runs["CosineAnnealingLR"])
    )
    print(f"updates {start}-{start + 20}  restarts {with_restarts}  one cosine {without}")
print("test loss at the end, restarts", mean([h.test.loss for h in restarted]))
figures.trained({"CosineAnnealingLR": runs["CosineAnnealingLR"], "CosineAnnealingWarmRestarts": restarted})

# %% [markdown] lang="en"
# Each restart throws away part of what the cooling won, and the next cooling wins it back. At update 100 the first
# cycle has ended cold while the single cosine is still hot; at the end the two are level on unseen digits. Restarts buy
# a usable network at the end of *every* cycle, not a better last one.

# %% [markdown] lang="zh" of="89791584"
# 每次重启都丢掉一部分冷却的成果，下一次冷却再赢回来。到第 100 步，第一个周期已经冷透，而单个余弦仍然很热；
# 到最后，两者在未见过的数字上不分上下。重启换来的是*每个*周期末尾都有一个可用的网络，而不是更好的最后一个。

# %% [markdown] lang="en"
# ## A controller watches the loss
#
# `ReduceLROnPlateau` is feedback control: it reads a metric and cuts the rate when the metric stops improving. It is
# the only scheduler whose `step` needs an argument.
#
# | argument | meaning (default) |
# |---|---|
# | `mode` | `"min"`: lower is better; `"max"`: higher is better |
# | `factor` | each cut multiplies the rate by it (0.1) |
# | `patience` | bad steps in a row (no better than the best) that it bears; one more, and it cuts (10) |
# | `threshold` | by how much a reading must beat the best so far (0.0001) |
# | `threshold_mode` | `"rel"`: times the best; `"abs"`: in the metric's own units |
# | `cooldown` | steps after a cut in which nothing counts as bad (0) |
# | `min_lr` | it never cuts below (0) |

# %% [markdown] lang="zh" of="f49121bf"
# ## 让控制器盯着损失：平台期（plateau）
#
# `ReduceLROnPlateau` 是反馈控制：它读取一个指标，指标不再改善时就降低学习率。它是唯一一个 `step` 需要参数的调度器。
#
# | 参数 | 含义（默认值） |
# |---|---|
# | `mode` | `"min"`：越低越好；`"max"`：越高越好 |
# | `factor` | 每次降低时乘以它（0.1） |
# | `patience` | 容忍轮数：能容忍的连续坏轮（没有改善的轮）数；再多一轮就降低（10） |
# | `threshold` | 读数要比迄今最佳值好多少才算改善（0.0001） |
# | `threshold_mode` | `"rel"`：乘以最佳值；`"abs"`：以指标自身的单位计 |
# | `cooldown` | 冷却期：降低之后，这么多轮内不计坏轮（0） |
# | `min_lr` | 不会低于此值（0） |

# %% name="plateau-step"
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
for epoch, val_loss in enumerate([1.0, 0.8, 0.8, 0.81, 0.9, 0.7, 0.6]):
    print(epoch, val_loss, scheduler.get_last_lr())
    scheduler.step(val_loss)

# %% [markdown] lang="en"
# Epochs 2, 3 and 4 are bad (equal is not better); the third bad one exceeds a patience of two, so epoch 5 trains at
# half the rate.

# %% [markdown] lang="zh" of="7fef0b86"
# 第 2、3、4 轮都是坏的（相等不算改善）；第三个坏轮超过了 2 的容忍度，于是第 5 轮的学习率减半。

# %% [markdown] lang="en"
# A real gauge is noisy: a validation loss comes from few examples. **Predict** what a patience of 2 makes of 20%
# noise. (The loss is that of a ball in a parabola; the gauge misreads it.)

# %% [markdown] lang="zh" of="4cb6fc82"
# 真实的仪表有噪声：验证损失只来自少量样本。**先猜一猜**：噪声为 20% 时，patience 为 2 会怎样？
# （损失来自抛物线里的小球，仪表读数带误差。）

# %% name="plateau"
explorers.schedulers.plateau()

# %% [markdown] lang="en"
# With patience 2 it cuts four times before the ball is down, and freezes it there. Patience is a filter: long enough to
# see through the noise, short enough to leave time to cool.

# %% [markdown] lang="zh" of="ee64c26a"
# patience 为 2 时，小球还没落下，它就降了四次，把小球冻在半空。容忍轮数就是滤波器：要长到看穿噪声，
# 又要短到留得出时间冷却。

# %% [markdown] lang="en"
# How long is long enough? Feed it *nothing but noise*. **Predict** the mean number of readings before the first cut,
# for a patience of 10, and whether the shape of the noise matters.

# %% [markdown] lang="zh" of="3a0ae89e"
# 多长才够？给它*纯噪声*试试。**先猜一猜**：patience 为 10 时，第一次降低之前平均要读多少次数？噪声的形状重要吗？

# %% name="first-cut"
def first_cut(patience, readings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=patience, threshold=0)
    for n, reading in enumerate(readings, start=1):
        scheduler.step(reading)
        if scheduler.get_last_lr()[0] < 1:
            return n

rng = np.random.default_rng(0)
for patience in (0, 2, 5, 10):
    gauss = [first_cut(patience, readings) for readings in rng.normal(10, 1, (400, 300))]
    skewed = [first_cut(patience, readings) for readings in rng.exponential(1, (400, 300))]
    theory = np.exp((1 / np.arange(1, patience + 2)).sum())
    print(f"patience {patience:2}  gauss {mean(gauss)}  exponential {mean(skewed)}  theory {theory:.2f}")

# %% [markdown] lang="en" given="1.78 1.5"
# The first cut comes after about twice the patience at 10, three times at 2, whatever the noise (here `threshold=0`).
# With $p$ for the patience, the mean is exactly
#
# $$\exp\left(1 + \tfrac12 + \tfrac13 + \dots + \tfrac1{p+1}\right) \approx 1.78\,(p + 1.5)$$
#
# The reason: whatever the distribution, reading $n$ is the best so far with probability $1/n$, and the controller waits
# for $p + 1$ readings in a row that are not. (For the exact mean, see the sources.)
#
# So noise alone cuts after $1.78\,(p + 1.5)$ readings. Choose $p$ so that your loss falls by more than it flickers in
# that time.

# %% [markdown] lang="zh" of="c618e16b"
# patience 为 10 时，平均读数约两倍于它之后才第一次降低，为 2 时约三倍，与噪声的形状和强弱都无关（这里取 `threshold=0`）。
# 记 $p$ 为 patience，平均值恰好是
#
# $$\exp\left(1 + \tfrac12 + \tfrac13 + \dots + \tfrac1{p+1}\right) \approx 1.78\,(p + 1.5)$$
#
# 原因：无论什么分布，第 $n$ 个读数刷新最佳纪录的概率都是 $1/n$；而控制器等的，正是连续 $p + 1$ 次没有刷新。
# （精确平均值的推导见来源。）
#
# 所以仅凭噪声，约 $1.78\,(p + 1.5)$ 次读数之后就会降低一次。选取 $p$，要让损失在这段时间里的下降超过它的抖动。

# %% [markdown] lang="en"
# ## One cycle: heat, then cool below the start
#
# `OneCycleLR` is stepped after every *update* and needs their number, `total_steps` (or `epochs` and
# `steps_per_epoch`). It ignores the optimizer's own rate:
#
# | argument | meaning (default) |
# |---|---|
# | `max_lr` | the peak |
# | `pct_start` | share of the updates that the rise takes (0.3) |
# | `div_factor` | first rate = peak / `div_factor` (25) |
# | `final_div_factor` | last rate = first / `final_div_factor` (10000) |
# | `anneal_strategy` | `"cos"` or `"linear"` |
# | `three_phase` | come down to the first rate as slowly as it rose, then fall (off) |
# | `cycle_momentum` | momentum mirrors the rate, between `max_momentum` and `base_momentum` (on: 0.95 and 0.85) |

# %% [markdown] lang="zh" of="6d30d906"
# ## 单周期策略（one-cycle policy）：先加热，再冷到起点以下
#
# `OneCycleLR` 在每个*更新步*之后步进，并且需要知道更新步总数 `total_steps`（或 `epochs` 与 `steps_per_epoch`）。
# 它不理会优化器自己的学习率：
#
# | 参数 | 含义（默认值） |
# |---|---|
# | `max_lr` | 峰值 |
# | `pct_start` | 上升段占更新步的比例（0.3） |
# | `div_factor` | 首值 = 峰值 / `div_factor`（25） |
# | `final_div_factor` | 末值 = 首值 / `final_div_factor`（10000） |
# | `anneal_strategy` | `"cos"` 或 `"linear"` |
# | `three_phase` | 先以上升的速度降回首值，再继续下降（关） |
# | `cycle_momentum` | 动量与学习率互为镜像，在 `max_momentum` 与 `base_momentum` 之间（开：0.95 与 0.85） |

# %% [markdown] lang="en"
# **Predict** the update of the peak for `total_steps=10`.

# %% [markdown] lang="zh" of="2db7fb98"
# **先猜一猜**：`total_steps=10` 时，峰值在第几步？

# %% name="one-cycle-updates"
optimizer = torch.optim.SGD(model.parameters(), lr=7.0, momentum=0.9)
scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
for t in range(10):
    group = optimizer.param_groups[0]
    print(f"{t}  lr {group['lr']:.2e}  momentum {group['momentum']:.3f}")
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# At update 2: the rise ends at $0.3 \cdot 10 - 1$. The optimizer's own `lr=7.0` is gone from the start, and so is its
# momentum.

# %% [markdown] lang="zh" of="76aed300"
# 在第 2 步：上升段止于 $0.3 \cdot 10 - 1$。优化器自己的 `lr=7.0` 从一开始就没了，它的动量也是。

# %% [markdown] lang="en"
# A ball with momentum moves at the rate $\eta/(1-\beta)$ (section 01), and $\beta$ is highest where $\eta$ is lowest.
# **Predict**: `div_factor=25` starts at 1/25 of the peak; at what share does the *ball* start? Goal: make it 1/20.

# %% [markdown] lang="zh" of="21b921c6"
# 带动量的小球以 $\eta/(1-\beta)$ 的速率运动（第 01 节），而 $\eta$ 最低处 $\beta$ 最高。
# **先猜一猜**：`div_factor=25` 从峰值的 1/25 起步，*小球*从峰值的几分之几起步？目标：让它成为 1/20。

# %% name="one-cycle"
explorers.schedulers.one_cycle()

# %% [markdown] lang="en"
# The ball starts at 0.12 of the peak, three times the share that $\eta$ suggests: the mirrored momentum softens the rise.

# %% [markdown] lang="zh" of="9da2f438"
# 小球起步时的速率是峰值的 0.12，三倍于 $\eta$ 所示：反向变化的动量让上升变得柔和。

# %% [markdown] lang="en"
# **Predict**: does the whole cycle beat the plain cosine on our noisy digits? And what happens to an SGD *without*
# momentum that is given `OneCycleLR(max_lr=1)` as it stands?

# %% [markdown] lang="zh" of="dcad6bf1"
# **先猜一猜**：在我们的带噪数字上，整个单周期能胜过普通余弦吗？如果给一个*没有*动量的 SGD 直接用上
# `OneCycleLR(max_lr=1)`，又会怎样？

# %% name="one-cycle-trained"
print("cosine, momentum 0.9: test loss", mean([h.test.loss for h in runs["CosineAnnealingLR"]]))
for momentum, max_lr, cycle_momentum in [(0.9, 0.1, True), (0.0, 1.0, True), (0.0, 1.0, False)]:
    make = partial(lr_scheduler.OneCycleLR, max_lr=max_lr, total_steps=300, cycle_momentum=cycle_momentum)
    histories = [train(make, noisy_digits(seed), seed, momentum=momentum) for seed in range(4)]
    test, used = mean([h.test.loss for h in histories]), histories[0].momentum[0]
    print(f"momentum {momentum}, cycle_momentum={cycle_momentum}: test loss {test}, first momentum {used:.2f}")

# %% [markdown] lang="en"
# Level with the cosine, within the errors: a good schedule, no miracle. But without momentum of its own, SGD is given
# 0.95 unasked, twenty times the rate it was tuned for, and the run is ruined. There, say `cycle_momentum=False`.

# %% [markdown] lang="zh" of="d45356a8"
# 在误差范围内与余弦不分上下：是好调度，但不是奇迹。而本来没有动量的 SGD 会被悄悄加上 0.95 的动量，
# 等效的学习率是原先调好的二十倍，训练就毁了。这时要写 `cycle_momentum=False`。

# %% [markdown] lang="en"
# ## All sixteen, to look up
#
# Every class once, at work for 100 steps. $\eta_0$ is the optimizer's own rate.

# %% [markdown] lang="zh" of="064a883e"
# ## 十六种全在这里
#
# 每个类各画一次，运行 100 步。$\eta_0$ 是优化器自己的学习率。

# %% name="gallery"
figures.gallery()

# %% name="catalogue"
figures.catalogue()

# %% [markdown] lang="en"
# ## At work: cosine, checkpoint, resume
#
# What you would use: stepped once an update, the horizon computed from the data, the rate logged where it is used, and
# all three states saved together.

# %% [markdown] lang="zh" of="e94045c3"
# ## 实战：余弦、检查点、断点续训
#
# 工作中的写法：每更新一次就步进一次，由数据算出总步数，在使用学习率的地方记录它，并把三份状态一起保存。

# %% name="work-build"
from torch.utils.data import DataLoader, TensorDataset

data, epochs = noisy_digits(0), 4
generator = torch.Generator().manual_seed(0)
loader = DataLoader(TensorDataset(data.x, data.y), batch_size=32, shuffle=True, generator=generator)

def build():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    return model, optimizer, scheduler

# %% name="work-loop"
def train_epoch(model, optimizer, scheduler):
    lrs = []
    for inputs, targets in loader:
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return lrs

parts = model, optimizer, scheduler = build()
lrs = train_epoch(*parts) + train_epoch(*parts)
checkpoint = [part.state_dict() for part in parts]  # torch.save(checkpoint, "checkpoint.pt")

# %% [markdown] lang="en"
# To resume, build *all three*, then load all three. **Predict** the rate of the very last update.

# %% [markdown] lang="zh" of="897f460a"
# 续训时，先把三者*全部*构造好，再全部载入。**先猜一猜**最后一个更新步的学习率。

# %% name="work-resume"
parts = build()
for part, state in zip(parts, checkpoint, strict=True):
    part.load_state_dict(state)
lrs += train_epoch(*parts) + train_epoch(*parts)
planned = curve("CosineAnnealingLR", len(lrs), lr=0.1, T_max=len(lrs))
print("updates", len(lrs), f" last lr {lrs[-1]:.3g}", " as planned", np.allclose(lrs, planned, atol=1e-12))

# %% [markdown] lang="en"
# As planned: small, and not 0, so that the last update still counts.

# %% [markdown] lang="zh" of="c1fafb2b"
# 与计划一致：很小，但不是 0，最后一个更新步仍然有效。

# %% [markdown] lang="en"
# Constructing a scheduler writes its first rate into the optimizer. Load the optimizer first and construct afterwards,
# and that write destroys what you loaded. **Predict** by how much, for a `LinearLR` that starts at a tenth.

# %% [markdown] lang="zh" of="2a75ef64"
# 构造调度器时，它会把首个学习率写进优化器。若先载入优化器再构造调度器，刚载入的就被这次写入毁掉了。
# **先猜一猜**：对一个从十分之一起步的 `LinearLR`，会差多少。

# %% name="resume-order"
def ramp(optimizer):
    return lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = ramp(optimizer)
for _ in range(5):
    optimizer.step()
    scheduler.step()
saved = optimizer.state_dict(), scheduler.state_dict()
late = torch.optim.SGD(model.parameters(), lr=0.1)
late.load_state_dict(saved[0])
ramp(late).load_state_dict(saved[1])
print(f"should be {scheduler.get_last_lr()[0]:.4f}, is {late.param_groups[0]['lr']:.4f}")

# %% [markdown] lang="en"
# By `start_factor`, ten times: the constructor multiplied the restored 0.055 once more.
#
# ## Traps
#
# **Step order.** `scheduler.step()` before `optimizer.step()` skips the first rate. Most classes warn, once.

# %% [markdown] lang="zh" of="cbcf6ba1"
# 差了 `start_factor`，即十倍：构造函数把恢复出来的 0.055 又乘了一遍。
#
# ## 陷阱
#
# **调用顺序。** 在 `optimizer.step()` 之前调用 `scheduler.step()` 会跳过第一个学习率。大多数类会警告，只警告一次。

# %% name="trap-order"
import warnings

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    scheduler.step()
print("first update uses", scheduler.get_last_lr())
print(str(caught[0].message).split(". ")[0])

# %% [markdown] lang="en"
# **Unit.** `step_size=30` was meant in epochs of 38 updates; stepped after every update, the rate is a thousandth after
# three epochs.

# %% [markdown] lang="zh" of="f221cb58"
# **单位。** `step_size=30` 本指轮，每轮 38 个更新步；若每个更新步都步进，三轮之后学习率只剩千分之一。

# %% [markdown] lang="en"
# **Past the end.** A cosine rises again after `T_max`. `OneCycleLR` bears one step too many, and its linear form then
# gives a *negative* rate: gradient ascent. **Predict** the cosine at twice `T_max`.

# %% [markdown] lang="zh" of="5fc0aff7"
# **走过头。** 余弦在 `T_max` 之后会再升上去。`OneCycleLR` 容许多走一步，其线性形式此时给出*负的*学习率：梯度上升。
# **先猜一猜**余弦在两倍 `T_max` 处的值。

# %% name="trap-end"
print("after epochs 0, 1, 2, 3:", curve("StepLR", 3 * 38 + 1, lr=0.1, step_size=30)[::38])
cosine = curve("CosineAnnealingLR", 201, lr=0.1, T_max=100)
print("cosine, T_max=100:", ", ".join(f"lr({t}) = {cosine[t]:.2g}" for t in (99, 100, 150, 200)))
for strategy in ("cos", "linear"):
    one = curve("OneCycleLR", 11, max_lr=1.0, total_steps=10, anneal_strategy=strategy)
    print(f"OneCycleLR, {strategy:6} update 9: {one[9]:.2e}  update 10: {one[10]:+.4f}")

# %% [markdown] lang="en"
# **Plateau without its metric** stops with an error, at least. With `mode="min"` on an accuracy it takes every success
# for a failure, cuts, and says nothing.

# %% [markdown] lang="zh" of="be9086f5"
# **忘了给平台期调度器传入指标**，至少会报错停下。而对准确率用 `mode="min"`，它会把每次进步都当成退步，降低学习率，
# 却一声不吭。

# %% name="trap-plateau"
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
try:
    scheduler.step()
except TypeError as error:
    print(error)
for accuracy in (0.5, 0.6, 0.7, 0.8, 0.9):
    scheduler.step(accuracy)
print(f"lr after five better epochs: {scheduler.get_last_lr()[0]:.2g}")

# %% [markdown] lang="en" given="1.78 1.5"
# ## What you take with you
#
# 1. Construct, `optimizer.step()`, `scheduler.step()`. The $k$-th step sets $\eta(k)$; the unit is whatever you count.
# 2. Read the rate from the optimizer, where it trains. `training.fit` records it; `curve` gives the same, untrained.
# 3. Steps quench, an exponential has the half-life $\ln 2/\lambda$ and a finite path, a cosine lands softly one step
#    short of `eta_min`. They are close; what matters is to end cold, and not to freeze on the way.
# 4. Restarts reheat to the first peak. End the budget where a cycle ends.
# 5. Noise alone fools a plateau controller after about $1.78\,(p + 1.5)$ readings, $p$ its patience.
# 6. One cycle is heating, cooling and a mirrored momentum, counted in updates; it overwrites what the optimizer had.
# 7. `figures.catalogue()` holds all sixteen, each with its trap.

# %% [markdown] lang="zh" of="0c7f5804"
# ## 要点
#
# 1. 构造、`optimizer.step()`、`scheduler.step()`。第 $k$ 次步进设定 $\eta(k)$；单位就是你所数的东西。
# 2. 在训练的地方从优化器读取学习率。`training.fit` 会记录它；`curve` 不用训练也给出同样的值。
# 3. 阶梯是淬火；指数衰减有半衰期 $\ln 2/\lambda$，路程有限；余弦在离 `eta_min` 一步之处软着陆。它们相差不大，
#    要紧的是以冷收尾，又不冻在半路。
# 4. 重启会重新加热到第一个峰。让预算恰好在周期末尾用完。
# 5. 仅凭噪声，约 $1.78\,(p + 1.5)$ 次读数之后就能骗过平台期控制器，$p$ 为 patience。
# 6. 单周期是加热、冷却加上镜像的动量，以更新步计数；它会覆盖优化器原有的设置。
# 7. `figures.catalogue()` 收有全部十六种，各有其陷阱。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 02](../exercises/02_schedulers.ipynb): 02.1 see what each scheduler does (compulsory) · 02.2
# turn a half-life into gamma · 02.3 write MultiStepLR as a function of time · 02.4 restart the cosine · 02.5 build the
# plateau controller · 02.6 count the updates.

# %% [markdown] lang="zh" of="7063483e"
# ## 自己动手
#
# [第 02 节的练习](../../exercises/zh/02_schedulers.ipynb)：02.1 看看每个调度器做了什么（必做）· 02.2 由半衰期求 gamma ·
# 02.3 把 MultiStepLR 写成时间的函数 · 02.4 让余弦重启 · 02.5 搭建平台期控制器 · 02.6 数清更新次数。

# %% [markdown] lang="en"
# ## Sources
#
# - PyTorch, [How to adjust learning rate](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate),
#   and the source of `torch.optim.lr_scheduler`.
# - Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
# - Smith and Topin, Super-convergence, arXiv:1708.07120; Smith, A disciplined approach to neural network
#   hyper-parameters, arXiv:1803.09820.
# - Foata's correspondence of records and cycles: Flajolet and Sedgewick, Analytic Combinatorics, chapter II.

# %% [markdown] lang="zh" of="9ff6d1df"
# ## 来源
#
# - PyTorch，[如何调整学习率](https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate)，
#   以及 `torch.optim.lr_scheduler` 的源代码。
# - Loshchilov 与 Hutter，SGDR: stochastic gradient descent with warm restarts，arXiv:1608.03983。
# - Smith 与 Topin，Super-convergence，arXiv:1708.07120；Smith，A disciplined approach to neural network
#   hyper-parameters，arXiv:1803.09820。
# - 纪录与循环的 Foata 对应：Flajolet 与 Sedgewick，Analytic Combinatorics，第 II 章。
