# %% [markdown] lang="en"
# # Set the learning rate, and watch
#
# **10 minutes · you need Python and a first acquaintance with training a network.** You will be able to
#
# - set a learning rate and a schedule and see what eight networks make of them,
# - say why a schedule reaches what no constant learning rate reaches here,
# - find your way through this course: slider, prediction, exercise, check.

# %% [markdown] lang="zh"
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

# %% [markdown] lang="en"
# ## Touch it first
#
# Run the cell below (`Shift` + `Enter`). Each time you move the slider, eight small networks are trained from scratch
# on handwritten digits: 200 updates each, one label in five wrong on purpose.
#
# **Predict**: can a constant learning rate reach the goal? Then try; then change the schedule.

# %% [markdown] lang="zh"
# ## 先动手试试
#
# 运行下面的单元格（`Shift` + `Enter`）。每次移动滑块，八个小网络都会在手写数字上从头训练一遍：
# 各 200 个更新步，并且故意让五分之一的标签是错的。
#
# **先猜一猜**：恒定学习率能达到目标吗？动手试试，再换一种调度。

# %% name="touch"
from lrcourse import explorers

explorers.start.first_touch()

# %% [markdown] lang="en"
# ## No constant rate gets there
#
# To be sure, let us try twelve peak learning rates for each schedule, with three seeds of eight networks each, and keep
# the best. The spread is the standard error over the seeds.

# %% [markdown] lang="zh"
# ## 恒定学习率到不了那里
#
# 为了确认，我们给每种调度试十二个峰值学习率，每个都用三个随机种子、各八个网络，取最好的结果。
# 误差是各种子之间的标准误。

# %% name="best"
import numpy as np
from lrcourse import start

rates = np.geomspace(0.03, 2, 12)
t = np.arange(start.UPDATES)
for shape, schedule in start.SHAPES.items():
    scores = np.array([[start.train(schedule(lr)(t), seed=s).accuracy.mean() for s in (0, 1, 2)] for lr in rates])
    best = scores.mean(1).argmax()
    error = scores[best].std(ddof=1) / 3**0.5
    print(f"{shape:9} {scores[best].mean():.1%} ± {error:.1%}   η = {rates[best]:.2f}")
