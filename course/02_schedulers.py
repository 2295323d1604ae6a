# %% [markdown] lang="en"
# # Cool it on a plan
#
# **60 minutes · you need section 01, or to have trained a network in PyTorch.** A scheduler is a cooling plan: it says
# how hot each update runs. PyTorch ships sixteen of them. You will be able to
#
# 1. put a scheduler into any training loop and say which learning rate each update uses,
# 2. plot the learning rate that trained, not one that resembles it,
# 3. choose between steps, an exponential and a cosine, and compute a half-life,
# 4. heat a network again with warm restarts, and stop at the right moment,
# 5. tell how soon noise fools `ReduceLROnPlateau`,
# 6. read every argument of `OneCycleLR`, and its momentum,
# 7. look up any of the sixteen: formula, first and last value, picture, trap.

# %% [markdown] lang="zh"
# # 按计划冷却
#
# **60 分钟 · 你需要第 01 节，或者训练过 PyTorch 网络。** 调度器就是一份冷却计划：它规定每个更新步有多热。
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
#
# **Predict**: can two *different* classes draw the same curve? The goal is to find such a pair.

# %% [markdown] lang="zh"
# ## 亲手转动两个调度
#
# 蓝线和绿线都可以是 `torch.optim.lr_scheduler` 中的任何一个类，参数一应俱全。
#
# **先猜一猜**：两个*不同*的类能画出同一条曲线吗？目标就是找出这样一对。

# %% name="browser"
from lrcourse import explorers

explorers.schedulers.schedule_browser()

# %% [markdown] lang="en"
# There are several such pairs; here is one, compared over 100 updates. The class is only a name. What acts on the
# network is the function $\eta(t)$.

# %% [markdown] lang="zh"
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
#
# **Predict** the first epoch that trains with 0.05.

# %% [markdown] lang="zh"
# ## 三行代码就能驱动任何调度器
#
# 在优化器上构造它；在 `optimizer.step()` 之后调用 `scheduler.step()`；用 `get_last_lr()` 读数。
#
# **先猜一猜**：第一个用 0.05 训练的是第几轮（epoch）？

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

# %% [markdown] lang="zh"
# 第 3 轮：第 0、1、2 轮正好三轮。构造调度器时设定 $\eta(0)$，第 $k$ 次 `scheduler.step()` 设定 $\eta(k)$。
# 若在 `scheduler.step()` *之后*打印，日志的每一行都会提前一轮。
#
# 调度器没有时钟，只会数调用次数：每轮调用一次，单位就是轮；每个更新步调用一次，单位就是更新步。
# `step_size=3` 的意思是三个你所数的单位。

# %% [markdown] lang="en"
# **Predict** what a scheduler does to two param groups whose learning rates differ tenfold.

# %% [markdown] lang="zh"
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
# CyclicLR replace it, as their pages in the catalogue below say.

# %% [markdown] lang="zh"
# 每个参数组保有自己的基准学习率，比值不变。大多数类都这样乘上基准学习率；OneCycleLR 和 CyclicLR 则会取而代之，
# 下文的目录中会写明。

# %% [markdown] lang="en"
# ## Plot the rate that trained
#
# Many plots of schedules show a second scheduler, stepped in an empty loop. Ours are read from the optimizer at each
# `optimizer.step()` of the training itself; `training.fit` does the reading.
#
# The task has noise in it: digits with one label in five drawn at random, and noisy pixels.

# %% [markdown] lang="zh"
# ## 画出真正参与训练的学习率
#
# 许多调度图画的是另一个调度器，在空循环里步进出来的。我们的曲线是在训练过程中、每次 `optimizer.step()` 时
# 从优化器读出的；`training.fit` 负责读取。
#
# 任务里带有噪声：手写数字，五分之一的标签随机抽取，像素也加了噪声。

# %% name="train"
from torch.optim import lr_scheduler
from lrcourse import training

torch.set_num_threads(1)

def train(make_scheduler, seed, lr=0.1, momentum=0.9):
    data = training.digits(label_noise=0.2, seed=seed)
    noise = torch.randn(data.x.shape, generator=torch.Generator().manual_seed(seed))
    data = data._replace(x=data.x + 0.5 * noise)
    model = training.mlp((64, 64, 10), seed=seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    scheduler = make_scheduler(optimizer)
    return training.fit(model, data, optimizer, scheduler, updates=300, batch_size=16, seed=seed)

# %% [markdown] lang="en"
# **Predict**: how far may a closed form be from what a real training used?

# %% [markdown] lang="zh"
# **先猜一猜**：闭式公式与真实训练所用的学习率最多会相差多少？

# %% name="recorded"
history = train(lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=100), seed=0)
closed_form = curve("StepLR", 300, lr=0.1, step_size=100)
print("updates", len(history.lr), " largest difference", np.abs(history.lr - closed_form).max())

# %% [markdown] lang="en"
# ## Cooling pays where there is noise
#
# Constant, in steps, along a cosine: 300 updates each, four seeds, the same first rate.
#
# **Predict** which names most unseen digits rightly, and what the loss does at update 100, where `StepLR` divides by ten.

# %% [markdown] lang="zh"
# ## 有噪声时，降温才划算
#
# 恒定、阶梯、余弦：各 300 个更新步，四个随机种子，初始学习率相同。
#
# **先猜一猜**：哪一种认对的未见数字最多？在第 100 步，`StepLR` 除以十，损失会怎样？

# %% name="race"
makers = {
    "constant": lambda optimizer: None,
    "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=100, gamma=0.1),
    "CosineAnnealingLR": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=300),
}
runs = {name: [train(make, seed) for seed in range(4)] for name, make in makers.items()}

def mean(values, digits=2):
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.{digits}f}"

for name, histories in runs.items():
    loss, accuracy = zip(*[history.test for history in histories])
    print(f"{name:18} loss {mean(loss)}  accuracy {mean(accuracy, 3)}")

# %% name="race-figure"
from lrcourse.figures import schedulers as figures

figures.trained(runs)
