# %% [markdown] lang="en"
# # Set the learning rate, and watch
#
# **10 minutes · you need Python and a first acquaintance with training a network.** You will be able to
#
# - set a learning rate and a schedule and see what eight networks make of them,
# - say why a schedule reaches what no constant learning rate reaches here,
# - find your way through this course: slider, prediction, exercise, check.

# %% [markdown] lang="zh" of="fdaa33da"
# # 设定学习率，然后观察
#
# **10 分钟 · 你需要会一点 Python，并且训练过一个网络。** 学完本页，你将能够
#
# - 设定学习率与调度，并看到八个网络的反应；
# - 说出为什么在这里调度能做到任何恒定学习率都做不到的事；
# - 熟悉本课程的用法：滑块、预测、练习、检查。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en" given="91%"
# ## Touch it first
#
# Run the cell below (`Shift` + `Enter`). Each time you move the slider, eight small networks are trained from scratch
# on handwritten digits: 200 updates each, one label in five replaced at random. A slider answers as soon as no cell is
# running (`[*]`), so go on cell by cell rather than with *Run All*.

# %% [markdown] lang="zh" of="4833095e"
# ## 先动手试试
#
# 运行下面的单元格（`Shift` + `Enter`）。每次移动滑块，八个小网络都会在手写数字上从头训练一遍：
# 各 200 个更新步，并且五分之一的标签改为随机抽取。有单元格在运行（`[*]`）时，滑块要等它结束才有反应，所以请逐格运行，
# 不要一次运行全部。

# %% [markdown] lang="en" given="91%"
# **Predict**: can a constant learning rate reach the goal, 91% right on digits never seen? Then try; then change the
# schedule.

# %% [markdown] lang="zh" of="6a2201e0"
# **先猜一猜**：恒定学习率能达到目标吗，也就是认对 91% 从未见过的数字？动手试试，再换一种调度。

# %% name="touch"
from lrcourse import explorers

explorers.start.first_touch()

# %% [markdown] lang="en"
# ## No constant rate gets there
#
# To be sure, let us try eight peak learning rates for each schedule, with three seeds of eight networks each, and keep
# the best. ± is the standard error over the seeds.

# %% [markdown] lang="zh" of="fdebe429"
# ## 恒定学习率到不了那里
#
# 为了确认，我们给每种调度试八个峰值学习率，每个都用三个随机种子、各训练八个网络，报告其中最好的一个。
# ± 是三个随机种子之间的标准误。

# %% name="best"
import numpy as np
from lrcourse import start

rates = np.geomspace(0.04, 1.2, 8)
t = np.arange(start.UPDATES)
for shape, schedule in start.SHAPES.items():
    scores = np.array([[start.train(schedule(lr)(t), seed=s).accuracy.mean() for s in (0, 1, 2)] for lr in rates])
    best = scores.mean(1).argmax()
    error = scores[best].std(ddof=1) / 3**0.5
    print(f"{shape:9} {scores[best].mean():.1%} ± {error:.1%}   η = {rates[best]:.2f}")

# %% [markdown] lang="en"
# The best constant rate is a compromise: hot enough to arrive in 200 updates, cold enough not to chase the wrong labels.
# A schedule need not compromise. Linear decay starts more than twice as hot, at 0.28 instead of 0.11, ends cold, and
# names 92.2% rightly instead of 88.8%.
#
# *Hot* and *cold* are more than words: section 01 measures the temperature.

# %% [markdown] lang="zh" of="b5bb11da"
# 最好的恒定学习率是一种妥协：要热到 200 个更新步内学得会，又要冷到不去追逐错误的标签。
# 调度无需妥协：线性衰减开始时的学习率是它的两倍多（0.28 对 0.11），结束时冷下来，
# 识别正确率为 92.2%，而不是 88.8%。
#
# *热*与*冷*不只是说法：第 01 节会测出这个温度。

# %% [markdown] lang="en"
# ## One convention holds everywhere
#
# `lr(t)` is the learning rate that update number `t` uses, and `t` counts from 0. Building a scheduler sets
# `lr(0)`; the k-th `scheduler.step()` sets `lr(k)`.

# %% [markdown] lang="zh" of="cf7c6a8e"
# ## 全课程只有一个约定
#
# `lr(t)` 是第 `t` 个更新步所用的学习率，`t` 从 0 数起。构造调度器时设定 `lr(0)`；
# 第 k 次 `scheduler.step()` 设定 `lr(k)`。

# %% [markdown] lang="en"
# **Predict** the three rates before you run the cell: `StepLR` divides by ten every two updates.

# %% [markdown] lang="zh" of="2bd8a680"
# 运行下面的单元格之前，**先猜一猜**这些学习率：`StepLR` 每两个更新步把学习率除以十。

# %% name="convention"
import torch

weights = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([weights], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
for t in range(4):
    print(t, round(optimizer.param_groups[0]["lr"], 6))
    optimizer.step()
    scheduler.step()

# %% [markdown] lang="en"
# Updates 0 and 1 use 0.1, updates 2 and 3 use 0.01. A curve in this course that stands beside a training run was
# recorded like this, from the optimizer, at each `optimizer.step()`: **the rate on the plot is the rate that trained.**

# %% [markdown] lang="zh" of="1dbfd3f6"
# 第 0、1 步用 0.1，第 2、3 步用 0.01。本课程中与训练并排出现的每条曲线都是这样记录的：
# 在每次 `optimizer.step()` 时从优化器读出。**图上的学习率，就是训练所用的学习率。**

# %% [markdown] lang="en"
# ## How a page works
#
# - Before each result you are asked to **predict**. A wrong prediction teaches most.
# - Each slider has a **goal**; it turns to ✓ with the number that did it. Arrow keys move a slider too.
# - A page ends at its **exercises**. An exercise is a stub; the cell below it checks your answer on fresh cases and says
#   what is not right yet, and where.
#
# In a terminal, `lrcourse check 01` checks all your answers of section 01, `lrcourse reset 01` gives you a fresh stub and
# keeps your old one, `lrcourse doctor` finds out why something does not run.

# %% [markdown] lang="zh" of="fdd1adbb"
# ## 页面怎么用
#
# - 每个结果出现之前都会请你**先猜一猜**。猜错时学到的最多。
# - 每个滑块都有一个**目标**；达到后会打上 ✓，并写出达标的数值。也可以用方向键移动滑块。
# - 每页末尾是**练习**。练习是一个待完成的骨架；它下面的单元格会用新抽取的例子检查你的答案，
#   并指出哪里还不对。
#
# 在终端里，`lrcourse check 01` 检查你在第 01 节的全部答案，`lrcourse reset 01` 给出新的骨架并保留旧的那份，
# `lrcourse doctor` 查明程序为什么跑不起来。

# %% [markdown] lang="en"
# ## The map
#
# | section | what you will see | minutes | exercises |
# |---|---|---|---|
# | [01 · Dynamics](01_dynamics.ipynb) | the learning rate as time step, damping, temperature and clock | 50 | [01](../exercises/01_dynamics.ipynb) |
# | [02 · Schedulers](02_schedulers.ipynb) | every scheduler of PyTorch: formula, picture, trap | 60 | [02](../exercises/02_schedulers.ipynb) |
# | [03 · Warm-up](03_warmup.ipynb) | why a rate that kills at update 0 is harmless at 100 | 30 | [03](../exercises/03_warmup.ipynb) |
# | [04 · Cyclic rates](04_cyclic.ipynb) | heat and cool in turn, and count what escapes | 30 | [04](../exercises/04_cyclic.ipynb) |
# | [05 · Your own](05_custom.ipynb) | draw, write and test a schedule of your own | 35 | [05](../exercises/05_custom.ipynb) |
# | [06 · Chaining](06_chaining.ipynb) | join schedules so that the joints hold | 30 | [06](../exercises/06_chaining.ipynb) |
# | [07 · The LR finder](07_finder.ipynb) | a rate from a hundred updates, and how far off it can be | 35 | [07](../exercises/07_finder.ipynb) |
# | [08 · Practice](08_practice.ipynb) | choose, watch and resume a run; find what is wrong | 30 | [08](../exercises/08_practice.ipynb) |
# | [09 · The physics](09_physics_summary.ipynb) | which pictures of physics hold, and a schedule computed from them | 35 | [09](../exercises/09_physics_summary.ipynb) |
#
# Take them in order; if you are short of time: 01, 02, 06 and 08.

# %% [markdown] lang="zh" of="74b4d580"
# ## 地图
#
# | 章节 | 你会看到 | 分钟 | 练习 |
# |---|---|---|---|
# | [01 · 动力学](01_dynamics.ipynb) | 学习率作为时间步长、阻尼、温度与时钟 | 50 | [01](../../exercises/zh/01_dynamics.ipynb) |
# | [02 · 调度器](02_schedulers.ipynb) | PyTorch 的每一个调度器：公式、图像、陷阱 | 60 | [02](../../exercises/zh/02_schedulers.ipynb) |
# | [03 · 预热](03_warmup.ipynb) | 为什么第 0 步致命的学习率，到第 100 步就无害了 | 30 | [03](../../exercises/zh/03_warmup.ipynb) |
# | [04 · 循环学习率](04_cyclic.ipynb) | 交替加热与冷却，数一数有多少逃出 | 30 | [04](../../exercises/zh/04_cyclic.ipynb) |
# | [05 · 自定义调度](05_custom.ipynb) | 画出、写出并检验你自己的调度 | 35 | [05](../../exercises/zh/05_custom.ipynb) |
# | [06 · 链式组合](06_chaining.ipynb) | 把调度接起来，而接缝不断 | 30 | [06](../../exercises/zh/06_chaining.ipynb) |
# | [07 · 学习率查找器](07_finder.ipynb) | 用一百个更新步找到学习率，以及它会偏多远 | 35 | [07](../../exercises/zh/07_finder.ipynb) |
# | [08 · 实践](08_practice.ipynb) | 选择、监视、恢复训练；找出哪里不对 | 30 | [08](../../exercises/zh/08_practice.ipynb) |
# | [09 · 物理总结](09_physics_summary.ipynb) | 哪些物理图像站得住，以及由它们算出的调度 | 35 | [09](../../exercises/zh/09_physics_summary.ipynb) |
#
# 请按顺序学习；时间不多的话：先学 01、02、06 和 08。

# %% [markdown] lang="en"
# ## Where am I?
#
# Your copy of the course remembers which exercises a check has accepted. Run this cell again whenever you come back.

# %% [markdown] lang="zh" of="b35dc516"
# ## 我学到哪儿了？
#
# 你的课程副本会记住哪些练习已经通过检查。每次回来时，重新运行这个单元格即可。

# %% name="progress"
lrcourse.progress()

# %% [markdown] lang="en"
# ## What you take with you
#
# - You set a rate and a schedule, and saw eight networks answer.
# - A schedule reaches what no constant rate reaches here, because the two ends of a run want different temperatures.
# - Predict, touch, solve, check: that is how the pages work. Next: [01 · Dynamics](01_dynamics.ipynb).

# %% [markdown] lang="zh" of="d89ffd96"
# ## 要点
#
# - 你设定了学习率与调度，并看到了八个网络的回应。
# - 调度能做到恒定学习率在这里做不到的事，因为一次训练的两端需要不同的温度。
# - 预测、动手、解题、检查：每一页都这样进行。下一页：[01 · 动力学](01_dynamics.ipynb)。
