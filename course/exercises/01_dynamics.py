# %% [markdown] lang="en"
# # Exercises 01 · Dynamics
#
# Five exercises, from two to twenty minutes. Put your code in place of `raise NotImplementedError`, run the cell,
# then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="d269f0c7"
# # 练习 01 · 动力学
#
# 五道练习，从两分钟到二十分钟。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import numpy as np

import lrcourse
from lrcourse import dynamics
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import numpy as np

import lrcourse
from lrcourse import dynamics
from lrcourse.checks import check, once_solved
from lrcourse.figures.style import Figure, label, styled

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 01.1 · Stay below the limit
#
# **Difficulty** ●○○ · **Time** 2 minutes · **Expected result** `largest_stable_lr(np.array([0.5, 2.0, 40.0]))` is `0.05`
#
# A loss has several directions, each with its own curvature: these are the eigenvalues of the Hessian. Write
# `largest_stable_lr(curvatures)`: the learning rate at which gradient descent stops being stable.
#
# <details><summary>Hint 1</summary>
#
# In one direction, an update multiplies the distance from the bottom by $1 - \eta\lambda$. When does that stop shrinking?
# </details>
#
# <details><summary>Hint 2</summary>
#
# One direction that diverges is enough. Which one is the first to?
# </details>

# %% [markdown] lang="zh" of="bec42077"
# ## 01.1 · 别越过上限
#
# **难度** ●○○ · **用时** 2 分钟 · **预期结果** `largest_stable_lr(np.array([0.5, 2.0, 40.0]))` 为 `0.05`
#
# 损失有多个方向，每个方向各有曲率：它们就是海森矩阵（Hessian）的特征值。写出 `largest_stable_lr(curvatures)`：
# 梯度下降不再稳定时的学习率。
#
# <details><summary>提示 1</summary>
#
# 在单个方向上，一次更新把到底部的距离乘以 $1 - \eta\lambda$。什么时候它不再缩小？
# </details>
#
# <details><summary>提示 2</summary>
#
# 只要有一个方向发散就够了。最先发散的是哪一个？
# </details>

# %% tags=["answer"] name="largest_stable_lr" ex="01.1"
def largest_stable_lr(curvatures):
    """The learning rate at which gradient descent stops being stable."""
    ### BEGIN SOLUTION
    return 2 / max(curvatures)
    ### END SOLUTION

# %% tags=["check"] ex="01.1" points=1
check("01.1", largest_stable_lr)

# %% [markdown] lang="en" tags=["solution"]
# $|1 - \eta\lambda| < 1$ means $\eta < 2/\lambda$, and the largest curvature sets the limit for all. At half of it the
# steepest direction, that of the largest curvature, arrives in one update; between half of it and the limit it swings
# from side to side, ever less.

# %% [markdown] lang="zh" of="61ec1abe"
# $|1 - \eta\lambda| < 1$ 就是 $\eta < 2/\lambda$，最大的曲率为所有方向定下上限。
# 取上限的一半时，最陡（即曲率最大）的方向一步就到底；在一半与上限之间，它左右来回摆动，幅度越来越小。

# %% tags=["wrong"] ex="01.1" expect="the steepest diverges first" expect_zh="最陡的方向却会先发散"
def largest_stable_lr(curvatures):
    return 2 / min(curvatures)

# %% tags=["wrong"] ex="01.1" expect="twice as much" expect_zh="再大一倍"
def largest_stable_lr(curvatures):
    return 1 / max(curvatures)

# %% tags=["wrong"] ex="01.1" expect="the mean hides" expect_zh="平均值掩盖了"
def largest_stable_lr(curvatures):
    return 2 / np.mean(curvatures)

# %% tags=["wrong"] ex="01.1" expect="do not add up" expect_zh="不必相加"
def largest_stable_lr(curvatures):
    return 2 / sum(curvatures)

# %% tags=["wrong"] ex="01.1" expect="upside down" expect_zh="上下颠倒"
def largest_stable_lr(curvatures):
    return max(curvatures) / 2

# %% [markdown] lang="en" tags=["card"]
# ## 01.2 · Take the steps yourself
#
# **Difficulty** ●○○ · **Time** 5 minutes · **Expected result** `descend(lambda x: x, np.array([1.0]), lambda t: 0.5, 2)` is `[[1.0], [0.5], [0.25]]`
#
# Write `descend(grad, start, lr, updates)`: gradient descent with a schedule. `grad(x)` is the gradient at the array
# `x`, `lr(t)` the learning rate of update `t = 0, 1, 2, …`. Return the whole path, from the start to where the last
# update leads.
#
# <details><summary>Hint 1</summary>
#
# How many points does the path of two updates have? What is its first one?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Against the gradient, by the learning rate of this very update. Which `t` has the first one?
# </details>

# %% [markdown] lang="zh" of="78b7bb43"
# ## 01.2 · 亲手走几步
#
# **难度** ●○○ · **用时** 5 分钟 · **预期结果** `descend(lambda x: x, np.array([1.0]), lambda t: 0.5, 2)` 为 `[[1.0], [0.5], [0.25]]`
#
# 写出 `descend(grad, start, lr, updates)`：带调度的梯度下降。`grad(x)` 是数组 `x` 处的梯度，
# `lr(t)` 是第 `t = 0, 1, 2, …` 次更新的学习率。返回整条路径，从起点直到最后一次更新到达的地方。
#
# <details><summary>提示 1</summary>
#
# 更新两次的路径有几个点？第一个点是什么？
# </details>
#
# <details><summary>提示 2</summary>
#
# 逆着梯度走，步长用的正是这次更新的学习率。第一次更新的 `t` 是多少？
# </details>

# %% tags=["answer"] name="descend" ex="01.2"
def descend(grad, start, lr, updates):
    """The path of gradient descent: the start, and the point after each update."""
    ### BEGIN SOLUTION
    x = start
    path = [x]
    for t in range(updates):
        x = x - lr(t) * grad(x)
        path.append(x)
    return np.array(path)
    ### END SOLUTION

# %% tags=["check"] ex="01.2" points=1
check("01.2", descend)

# %% [markdown] lang="en" tags=["solution"]
# The first update is `t = 0`: this is the convention of the whole course, and what torch does. `x = x - …` makes a new
# array each time; `x -= …` would change the one that the path already holds, and all its entries would be the last.

# %% [markdown] lang="zh" of="6157879a"
# 第一次更新是 `t = 0`：整个课程都用这个约定，torch 也是如此。`x = x - …` 每次都生成新数组；
# `x -= …` 改动的却是路径里已存的那个数组，于是每一项都会变成最后的点。

# %% tags=["wrong"] ex="01.2" expect="one update ahead" expect_zh="早用了一步"
def descend(grad, start, lr, updates):
    path = [start]
    for t in range(1, updates + 1):
        path.append(path[-1] - lr(t) * grad(path[-1]))
    return np.array(path)

# %% tags=["wrong"] ex="01.2" expect="always lr\(0\)" expect_zh="一直在用 lr\(0\)"
def descend(grad, start, lr, updates):
    path, rate = [start], lr(0)
    for _ in range(updates):
        path.append(path[-1] - rate * grad(path[-1]))
    return np.array(path)

# %% tags=["wrong"] ex="01.2" expect="uphill" expect_zh="在往上走"
def descend(grad, start, lr, updates):
    path = [start]
    for t in range(updates):
        path.append(path[-1] + lr(t) * grad(path[-1]))
    return np.array(path)

# %% tags=["wrong"] ex="01.2" expect="found \d points × 2 coordinates: the start belongs" expect_zh="起点也属于路径"
def descend(grad, start, lr, updates):
    x, path = start, []
    for t in range(updates):
        x = x - lr(t) * grad(x)
        path.append(x)
    return np.array(path)

# %% tags=["wrong"] ex="01.2" expect="path\[0\].*every entry is the last point" expect_zh="每一项都成了最后的点"
def descend(grad, start, lr, updates):
    x = start
    path = [x]
    for t in range(updates):
        x -= lr(t) * grad(x)
        path.append(x)
    return np.array(path)

# %% tags=["wrong"] ex="01.2" expect="always the gradient at the start" expect_zh="一直在用起点的梯度"
def descend(grad, start, lr, updates):
    path, slope = [start], grad(start)
    for t in range(updates):
        path.append(path[-1] - lr(t) * slope)
    return np.array(path)

# %% [markdown] lang="en" tags=["card"]
# ## 01.3 · Set two schedules to the same clock
#
# **Difficulty** ●●○ · **Time** 10 minutes · **Expected result** `same_clock(np.array([1.0, 1.0]), np.array([0.1, 0.2, 0.3]))` is `[0.3, 0.3]` and `[0.0, 0.3, 0.6]`
#
# Without noise, a schedule is a clock: an update with learning rate $\eta_t$ lasts the time $\eta_t$. Compare two
# schedules only after both had the same time.
#
# Write `same_clock(lrs, reference)`. Both arguments hold one learning rate for each update; they may differ in length.
# Return two arrays: `scaled`, which has the shape of `lrs` and takes as long as `reference` in all; and `tau`, what its
# clock shows before the first update, which is 0, and after each.
#
# <details><summary>Hint 1</summary>
#
# How much time does `reference` take in all? How much does `lrs`?
# </details>
#
# <details><summary>Hint 2</summary>
#
# One factor for all updates keeps the shape. Which factor turns the one time into the other?
# </details>
#
# <details><summary>Hint 3</summary>
#
# After update $t$ the clock shows the sum of all learning rates so far. NumPy has a function for running sums; mind the 0
# in front.
# </details>

# %% [markdown] lang="zh" of="a3c371bb"
# ## 01.3 · 把两个调度对到同一个时钟
#
# **难度** ●●○ · **用时** 10 分钟 · **预期结果** `same_clock(np.array([1.0, 1.0]), np.array([0.1, 0.2, 0.3]))` 为 `[0.3, 0.3]` 和 `[0.0, 0.3, 0.6]`
#
# 没有噪声时，调度就是时钟：学习率为 $\eta_t$ 的一次更新，经过的时间就是 $\eta_t$。两个调度只有用了同样多的时间，才好比较。
#
# 写出 `same_clock(lrs, reference)`。两个参数都是每次更新一个学习率，长度可以不同。
# 返回两个数组：`scaled` 与 `lrs` 形状相同，总时间与 `reference` 相等；`tau` 是它的时钟在第一次更新之前（即 0）
# 以及每次更新之后显示的时间。
#
# <details><summary>提示 1</summary>
#
# `reference` 总共用了多少时间？`lrs` 呢？
# </details>
#
# <details><summary>提示 2</summary>
#
# 所有更新乘同一个因子，形状就不变。哪个因子能把一个总时间变成另一个？
# </details>
#
# <details><summary>提示 3</summary>
#
# 第 $t$ 次更新之后，时钟显示的是到此为止所有学习率之和。NumPy 有计算累加和的函数；别忘了前面的 0。
# </details>

# %% tags=["answer"] name="same_clock" ex="01.3"
def same_clock(lrs, reference):
    """lrs scaled to the total time of reference, and the clock of the result, from 0 on."""
    ### BEGIN SOLUTION
    scaled = lrs * reference.sum() / lrs.sum()
    tau = np.concatenate([[0.0], np.cumsum(scaled)])
    return scaled, tau
    ### END SOLUTION

# %% tags=["check"] ex="01.3" points=2
check("01.3", same_clock)

# %% [markdown] lang="en" tags=["solution"]
# The four updates below take the time of a hundred small ones. The first line is the ball in a double well, the second
# gradient flow read at `tau`: they differ by an error of the order of the learning rate. Update numbers say nothing here,
# the clock does.

# %% [markdown] lang="zh" of="15e64151"
# 下面四次更新用的时间，与一百次小的更新一样多。第一行是双势阱里的小球，第二行是在 `tau` 各时刻读出的梯度流：
# 两者之差与学习率同阶。这里更新的编号说明不了什么，时钟才说明问题。

# %% tags=["solution"]
lrs, tau = same_clock(np.array([4.0, 3.0, 2.0, 1.0]), np.full(100, 0.01))
path = dynamics.gradient_descent(dynamics.double_well(), 0.2, lrs, 4)
print(path, dynamics.gradient_flow(dynamics.double_well(), 0.2, tau), sep="\n")

# %% tags=["wrong"] ex="01.3" expect="tau: expected \d values, found \d values: the clock shows 0" expect_zh="时钟是 0"
def same_clock(lrs, reference):
    scaled = lrs * reference.sum() / lrs.sum()
    return scaled, np.cumsum(scaled)

# %% tags=["wrong"] ex="01.3" expect="before it was scaled" expect_zh="缩放之前的时钟"
def same_clock(lrs, reference):
    return lrs * reference.sum() / lrs.sum(), np.concatenate([[0.0], np.cumsum(lrs)])

# %% tags=["wrong"] ex="01.3" expect="compare the sums" expect_zh="应比较总和"
def same_clock(lrs, reference):
    scaled = lrs * reference.mean() / lrs.mean()
    return scaled, np.concatenate([[0.0], np.cumsum(scaled)])

# %% tags=["wrong"] ex="01.3" expect="the peaks equal" expect_zh="峰值相等"
def same_clock(lrs, reference):
    scaled = lrs * reference.max() / lrs.max()
    return scaled, np.concatenate([[0.0], np.cumsum(scaled)])

# %% tags=["wrong"] ex="01.3" expect="upside down" expect_zh="上下颠倒"
def same_clock(lrs, reference):
    scaled = lrs * lrs.sum() / reference.sum()
    return scaled, np.concatenate([[0.0], np.cumsum(scaled)])

# %% tags=["wrong"] ex="01.3" expect="counts updates" expect_zh="在数更新次数"
def same_clock(lrs, reference):
    return lrs * reference.sum() / lrs.sum(), np.arange(len(lrs) + 1)

# %% tags=["wrong"] ex="01.3" expect="return two things" expect_zh="应返回两样东西"
def same_clock(lrs, reference):
    return lrs * reference.sum() / lrs.sum()

# %% [markdown] lang="en" tags=["card"]
# ## 01.4 · Choose how much it trembles
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** `lr_for_variance(0.25, curvature=2, sigma=2, batch_size=4)` is `0.5`
#
# With noise, the ball never rests: at a constant learning rate it trembles about the bottom with a certain variance.
# Turn this round. Write `lr_for_variance(variance, curvature, sigma, batch_size)`: the learning rate at which the
# position has exactly this variance, on a parabola of this curvature. `sigma` is the standard deviation of one
# example's gradient; the batch averages `batch_size` of them.
#
# <details><summary>Hint 1</summary>
#
# What is the variance of the mean of $B$ independent gradients?
# </details>
#
# <details><summary>Hint 2</summary>
#
# One update: $x \leftarrow (1 - \eta\lambda)\,x - \eta\,\xi$. What does it do to the variance of $x$, when $\xi$ is
# independent of $x$?
# </details>
#
# <details><summary>Hint 3</summary>
#
# In the stationary state the variance after the update is the variance before it. Divide by $\eta$, then solve for $\eta$.
# </details>

# %% [markdown] lang="zh" of="9863d869"
# ## 01.4 · 选定抖动的大小
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** `lr_for_variance(0.25, curvature=2, sigma=2, batch_size=4)` 为 `0.5`
#
# 有了噪声，小球就永远静不下来：学习率恒定时，它在底部附近抖动，方差是一定的。现在反过来。
# 写出 `lr_for_variance(variance, curvature, sigma, batch_size)`：在这个曲率的抛物线上，使位置的方差恰好等于给定值的学习率。
# `sigma` 是单个样本梯度的标准差；一批对 `batch_size` 个样本取平均。
#
# <details><summary>提示 1</summary>
#
# $B$ 个独立梯度的平均值，方差是多少？
# </details>
#
# <details><summary>提示 2</summary>
#
# 一次更新：$x \leftarrow (1 - \eta\lambda)\,x - \eta\,\xi$。如果 $\xi$ 与 $x$ 独立，这一步怎样改变 $x$ 的方差？
# </details>
#
# <details><summary>提示 3</summary>
#
# 在稳态中，更新之后的方差等于更新之前的方差。先除以 $\eta$，再解出 $\eta$。
# </details>

# %% tags=["answer"] name="lr_for_variance" ex="01.4"
def lr_for_variance(variance, curvature, sigma, batch_size):
    """The learning rate at which the position trembles with this variance."""
    ### BEGIN SOLUTION
    noise = sigma**2 / batch_size
    return 2 * variance * curvature / (noise + variance * curvature**2)
    ### END SOLUTION

# %% tags=["check"] ex="01.4" points=3
check("01.4", lr_for_variance)

# %% [markdown] lang="en" tags=["solution"]
# $V = (1-\eta\lambda)^2 V + \eta^2\sigma^2/B$ gives $V = \dfrac{\eta\,\sigma^2/B}{\lambda(2-\eta\lambda)}$, and solved for
# the learning rate $\eta = \dfrac{2V\lambda}{\sigma^2/B + V\lambda^2}$. For small $\eta$ only the ratio $\eta/B$ counts:
# twice the batch allows twice the learning rate at the same temperature. Nearer the limit that is no longer so. Below,
# 20,000 balls tremble at the learning rate of the card, and their variance is measured.

# %% [markdown] lang="zh" of="5e55ad30"
# 由 $V = (1-\eta\lambda)^2 V + \eta^2\sigma^2/B$ 得 $V = \dfrac{\eta\,\sigma^2/B}{\lambda(2-\eta\lambda)}$，解出学习率
# $\eta = \dfrac{2V\lambda}{\sigma^2/B + V\lambda^2}$。当 $\eta$ 很小时，只有比值 $\eta/B$ 起作用：
# 批加倍，学习率也可加倍，温度不变。接近上限时就不再如此。下面让 20,000 个小球在题目给出的学习率下抖动，并测出方差。

# %% tags=["solution"]
lr = lr_for_variance(0.25, curvature=2, sigma=2, batch_size=4)
balls = dynamics.langevin(dynamics.quadratic(2.0), 0.0, lr, 2 / 4**0.5, 200, particles=20_000)
print(f"{lr:.3f} {balls.var():.3f}")

# %% tags=["wrong"] ex="01.4" expect="good for small learning rates only" expect_zh="只对小学习率成立"
def lr_for_variance(variance, curvature, sigma, batch_size):
    return 2 * variance * curvature * batch_size / sigma**2

# %% tags=["wrong"] ex="01.4" expect="the batch is missing" expect_zh="漏了批大小"
def lr_for_variance(variance, curvature, sigma, batch_size):
    return 2 * variance * curvature / (sigma**2 + variance * curvature**2)

# %% tags=["wrong"] ex="01.4" expect="by √B only" expect_zh="只除以 √B"
def lr_for_variance(variance, curvature, sigma, batch_size):
    sigma = sigma / batch_size
    return 2 * variance * curvature / (sigma**2 + variance * curvature**2)

# %% tags=["wrong"] ex="01.4" expect="sigma is a standard deviation" expect_zh="sigma 是标准差"
def lr_for_variance(variance, curvature, sigma, batch_size):
    return 2 * variance * curvature / (sigma / batch_size + variance * curvature**2)

# %% tags=["wrong"] ex="01.4" expect="the temperature" expect_zh="使温度"
def lr_for_variance(variance, curvature, sigma, batch_size):
    return 2 * variance / (sigma**2 / batch_size + variance * curvature)

# %% tags=["wrong"] ex="01.4" expect="do not square it" expect_zh="不必再平方"
def lr_for_variance(variance, curvature, sigma, batch_size):
    return 2 * variance**2 * curvature / (sigma**2 / batch_size + variance**2 * curvature**2)

# %% [markdown] lang="en" tags=["card"]
# ## 01.5 · Cool the ball
#
# **Difficulty** ●●○ · **Time** 20 minutes · **Expected result** at least 45% of the balls at rest in the deepest well
#
# Four thousand balls start in the leftmost well of the rugged valley, whose bottom is the highest of nine. Their gradient
# is noisy, and all you have is the learning rate. Write `cooling(t)`, the learning rate of update `t = 0 … 1999`, so
# that at the end at least 45% of the balls lie at rest in the deepest well: no farther than 0.1 from its bottom.
#
# `where_they_end(schedule)` lets the balls go and draws where they end; the cell below the check calls it for you. The
# check draws new noise each time.
#
# <details><summary>Hint 1</summary>
#
# Try constant learning rates first: let `cooling` return 0.01, then 0.08, then 0.19, and look at the picture. With which
# do the balls leave the first well? With which do they find the deepest? With which do they lie still?
# </details>
#
# <details><summary>Hint 2</summary>
#
# So you need one of them at the beginning and another at the end. What happens if you switch in one step? Try it.
# </details>
#
# <details><summary>Hint 3</summary>
#
# On the way down each ball has to choose its well while it can still leave the wrong ones. Give it as many updates as
# you have between too hot to choose and too cold to move.
# </details>

# %% [markdown] lang="zh" of="5ec7020d"
# ## 01.5 · 让小球冷却
#
# **难度** ●●○ · **用时** 20 分钟 · **预期结果** 至少 45% 的小球静止在最深的势阱里
#
# 四千个小球从崎岖山谷最左边的势阱出发，九个势阱中它的底部最高。梯度带有噪声，而你手里只有学习率。
# 写出 `cooling(t)`，即第 `t = 0 … 1999` 次更新的学习率，使最后至少 45% 的小球静止在最深的势阱里：离它的底部不超过 0.1。
#
# `where_they_end(schedule)` 会放出小球，并画出它们最后停在哪里；检查下面的单元格会替你调用它。检查每次都用新的噪声。
#
# <details><summary>提示 1</summary>
#
# 先试试恒定的学习率：让 `cooling` 依次返回 0.01、0.08、0.19，看看画出的图。
# 哪一个能让小球离开第一个势阱？哪一个能让它们找到最深的？哪一个能让它们静下来？
# </details>
#
# <details><summary>提示 2</summary>
#
# 所以开始时需要其中一个，结束时需要另一个。如果一步就切换过去，会怎样？试一试。
# </details>
#
# <details><summary>提示 3</summary>
#
# 在降温途中，每个小球都要趁还能离开错误的势阱时选好自己的势阱。在“热得无法选择”与“冷得动不了”之间，
# 尽可能多给它一些更新。
# </details>

# %% name="where_they_end"
@styled
def where_they_end(schedule, seed=0):
    rugged = dynamics.rugged()
    x = np.linspace(*rugged.bounds[0], 400)
    balls = dynamics.langevin(rugged, rugged.minima[0], schedule, 3.0, 2000, particles=4000, seed=seed)
    at_rest = np.mean(abs(balls - rugged.minima[rugged.deepest]) < 0.1)
    figure = Figure(7.2, 3.2, alt=label("{:.1%} at rest in the deepest well", "{:.1%} 静止在最深的势阱里").format(at_rest))
    axes = figure.subplots()
    axes.hist(balls, np.arange(-9, 9, 0.1), weights=np.full(4000, 100 / 4000), color="#D55E00")
    axes.set(title=figure.alt, xlim=(-9, 9), ylim=(0, 60), xlabel=label("position", "位置"))
    axes.set_ylabel(label("% of the balls", "小球的百分比"))
    height = axes.twinx()
    height.plot(x, rugged.f(x), color="#8C8C8C", linewidth=1)
    height.set_axis_off()
    return figure

# %% tags=["answer"] name="cooling" ex="01.5"
def cooling(t):
    """The learning rate of update t = 0 ... 1999."""
    ### BEGIN SOLUTION
    return 0.15 * (1 - t / 2000)
    ### END SOLUTION

# %% tags=["check"] ex="01.5" points=5
check("01.5", cooling)

# %% tags=["show"]
with once_solved():
    display(where_they_end(cooling))

# %% [markdown] lang="en" tags=["solution"]
# A straight line to zero does it. More time where the choice is made, and a hot start to cross the valley, does it a
# little better: `np.interp(t, [0, 200, 1600, 2000], [0.2, 0.11, 0.065, 0])`.
#
# A constant learning rate is hot to the last update; a sudden drop freezes each ball in the well it happens to be in.
# Note what cooling by the learning rate costs: it slows the clock as it lowers the temperature.

# %% [markdown] lang="zh" of="f32d0320"
# 一条降到零的直线就够了。在做选择的地方多花些时间，并且一开始热一些好越过山谷，还能再好一点：
# `np.interp(t, [0, 200, 1600, 2000], [0.2, 0.11, 0.065, 0])`。
#
# 恒定的学习率直到最后一次更新都是热的；突然的下降则把每个小球冻结在它碰巧所在的势阱里。
# 还要看到用学习率来冷却的代价：温度降低的同时，时钟也变慢了。

# %% tags=["wrong"] ex="01.5" expect="found 1\d\.\d%.*too warm to lie still; end colder" expect_zh="静不下来；结束时要更冷"
def cooling(t):
    return 0.08

# %% tags=["wrong"] ex="01.5" expect="found 0\.0%: 100% never left" expect_zh="100% 从未离开"
def cooling(t):
    return 0.01

# %% tags=["wrong"] ex="01.5" expect="\d\d% never left the well they start in; begin hotter" expect_zh="开始时要更热"
def cooling(t):
    return 0.08 * (1 - t / 2000)

# %% tags=["wrong"] ex="01.5" expect="froze in other wells; go from hot to cold more slowly" expect_zh="由热到冷要更慢"
def cooling(t):
    return 0.15 if t < 1000 else 0.005

# %% tags=["wrong"] ex="01.5" expect="end colder" expect_zh="结束时要更冷"
def cooling(t):
    return 0.19 * t / 2000

# %% tags=["wrong"] ex="01.5" expect="cooling\(1001\): expected a learning rate, 0 or more" expect_zh="cooling\(1001\)：应为不小于 0 的学习率"
def cooling(t):
    return 0.15 * (1 - t / 1000)
