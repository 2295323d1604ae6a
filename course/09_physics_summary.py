# %% [markdown] lang="en"
# # What the physics is worth
#
# **35 minutes · you need sections 01 to 05.** Learning rates were temperatures, clocks and forces on these pages.
# Here each picture gets its measurement and a verdict. You will be able to
#
# 1. anneal: start hot, cool slowly, end cold, and say what each rule costs when it is broken,
# 2. say of each common picture whether it is exact, good, or only a picture,
# 3. grow the batch instead of lowering the learning rate, and say where that fails,
# 4. compute the best schedule of a valley with noise,
# 5. fit a law to three training curves, and predict schedules that were never run,
# 6. score a schedule of your own so that luck does not win.

# %% [markdown] lang="zh" of="81b3a3e9"
# # 物理图像值多少
#
# **35 分钟 · 你需要第 01 至 05 节。** 在前面各页里，学习率当过温度、时钟和外力。在这里，每一幅图像都要接受测量，
# 得到判定。学完本页，你将能够
#
# 1. 退火：开始要热，冷却要慢，结束要冷，并说出违反每一条的代价；
# 2. 判断每一幅常见的图像是精确的、是好图像，还是仅仅是个比喻；
# 3. 用增大批大小代替降低学习率，并说出它在哪里失效；
# 4. 算出带噪声的山谷的最优调度；
# 5. 用三条训练曲线拟合一条定律，预测从未跑过的调度；
# 6. 给你自己的调度打分，让运气赢不了。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Cool five hundred balls
#
# Balls on a landscape with many wells, kicked about at temperature $T$. You choose how hot they begin, how much of that
# is left at the end, and how many steps it takes. The orange level is their mean loss.

# %% [markdown] lang="zh" of="ad2db2e1"
# ## 冷却五百个小球
#
# 小球散布在有许多势阱的景观上，被温度 $T$ 的噪声踢来踢去。你来决定开始有多热、结束时还剩多少、一共走多少步。
# 橙色横线是它们的平均损失。

# %% [markdown] lang="en" given="0.35"
# **Predict** which of the three matters most. The goal is a mean loss below 0.35.

# %% [markdown] lang="zh" of="e915f28f"
# **先猜一猜**：三者之中哪个最要紧？目标是让平均损失低于 0.35。

# %% name="cooling"
from lrcourse import explorers

explorers.physics.cooling()

# %% [markdown] lang="en"
# All three: it takes thousands of steps, an end near 0, and a start that is neither cold nor far above the wells.

# %% [markdown] lang="zh" of="5f7731c9"
# 三个都要紧：要走几千步，结束时接近 0，起点既不能冷，也不能远高于势阱。

# %% [markdown] lang="en"
# Now the pictures that this page judges: *exact* where the numbers agree, a *good picture* where the ups and downs agree
# and the numbers may not, *only a picture* where what is special about it fails. **Predict** a verdict for each.
#
# | the schedule | is said to be |
# |---|---|
# | constant | isothermal: one temperature throughout |
# | step | a staged quench |
# | exponential | exponential cooling |
# | cosine | smooth cooling; with warm restarts, reheating |
# | cyclic | a periodic driving force |
# | warm-up | slow heating, first of all |
# | a growing batch | cooling at a constant learning rate |

# %% [markdown] lang="zh" of="5edf5815"
# 下面是本页要判定的图像。数值吻合，判为*精确*；升降走势吻合而数值未必吻合，判为*好图像*；最特别的那一点不成立，
# 判为*仅仅是比喻*。**先猜一猜**每一条的判定。
#
# | 调度 | 据说是 |
# |---|---|
# | 恒定 | 等温：始终一个温度 |
# | 阶梯 | 分段淬火 |
# | 指数 | 指数冷却 |
# | 余弦 | 平滑冷却；加上热重启就是再加热 |
# | 循环 | 周期性驱动力 |
# | 预热 | 首先缓慢加热 |
# | 增大批大小 | 学习率恒定的冷却 |

# %% [markdown] lang="en"
# ## Hold the temperature
#
# A *noisy quadratic*: directions $x_i$ with curvature $\lambda_i$, and gradients $\lambda_i x_i$ plus noise of variance
# $c_i/B$ for a batch of $B$. Its mean square follows exactly, whatever the schedule:
#
# $$\mathrm{E}[x_i^2] \leftarrow (1 - \eta_t\lambda_i)^2\,\mathrm{E}[x_i^2] + \eta_t^2\,c_i/B$$

# %% [markdown] lang="zh" of="e0089d6f"
# ## 保持温度
#
# *带噪声的二次型*：各方向 $x_i$ 的曲率为 $\lambda_i$，梯度是 $\lambda_i x_i$ 加上噪声，批大小为 $B$ 时噪声方差为
# $c_i/B$。无论什么调度，均方值都精确地服从：
#
# $$\mathrm{E}[x_i^2] \leftarrow (1 - \eta_t\lambda_i)^2\,\mathrm{E}[x_i^2] + \eta_t^2\,c_i/B$$

# %% [markdown] lang="en"
# The expected loss is $\frac12\sum\lambda_i\mathrm{E}[x_i^2]$. At a constant rate it settles. A temperature $T$ would
# give each direction $T/2$ (equipartition). With $T = \eta c/2$ (section 01) that is $\eta/4$ for
# $\lambda = c = B = 1$.

# %% [markdown] lang="zh" of="662516ac"
# 期望损失是 $\frac12\sum\lambda_i\mathrm{E}[x_i^2]$。学习率恒定时它会达到稳态；若真有温度 $T$，每个方向应分得 $T/2$（能量均分）。
# 取 $T = \eta c/2$（第 01 节），当 $\lambda = c = B = 1$ 时就是 $\eta/4$。

# %% [markdown] lang="en" given="10%"
# **Predict** from which $\eta$ on this is more than 10% off.

# %% [markdown] lang="zh" of="8f294faa"
# **先猜一猜**：从多大的 $\eta$ 起，它的误差超过 10%？

# %% name="rest"
import numpy as np
from lrcourse import physics
from lrcourse.figures import physics as figures

def mean(values, digits=3):
    m, error = figures.mean_and_error(values)
    return f"{m:+.{digits}f} ± {error:.{digits}f}"

valley = physics.NoisyQuadratic(curvature=[1.0], noise=[1.0], start=[4.0])
for lr in (0.01, 0.1, 0.2, 0.5, 1.5):
    last = valley.simulate(np.full(1000, lr), runs=4000, seed=0)[:, -1]
    exact = valley.at_rest(lr)
    print(f"lr {lr:<4}  measured {mean(last, 4)}  exact {exact:.4f}  exact / (lr / 4) = {exact / (lr / 4):.2f}")

# %% [markdown] lang="en" given="5% 10%"
# 4000 descents agree with $\eta c/\big(2(2 - \eta\lambda)\big)$ at every rate, within two standard errors. The
# temperature's $\eta c/4$ is too low by a share of $\eta\lambda/2$: 5% at 0.1, 10% at 0.2, and at 0.5 the true value is
# 1.33 times it. So "isothermal" is exact in the limit of small $\eta\lambda$, and fails towards $2/\lambda$.

# %% [markdown] lang="zh" of="4efaa541"
# 4000 次下降在每个学习率上都与 $\eta c/\big(2(2 - \eta\lambda)\big)$ 一致，相差不到两个标准误。温度给出的 $\eta c/4$
# 偏低，偏低的比例是 $\eta\lambda/2$：在 0.1 处低 5%，在 0.2 处低 10%，到 0.5，真值已是它的 1.33 倍。所以“等温”在
# $\eta\lambda$ 很小的极限下是精确的，越接近 $2/\lambda$ 越不成立。

# %% [markdown] lang="en"
# ## Break the three rules, one at a time
#
# Start hot, cool slowly, end cold. The balls again, a thousand steps; then the networks of section 05 (MNIST-1D, two
# hidden layers of 32, SGD with momentum), 300 updates. Each gets three families of coolings:
#
# - straight to 0 from a start that varies,
# - exponential, with a time constant that varies,
# - straight to an end that varies.
#
# A *good start* is $T = 0.8$ for the balls and $\eta = 0.12$ for the networks; the exponentials begin at twice that.

# %% [markdown] lang="zh" of="412fdbcf"
# ## 三条规则，逐一违反
#
# 开始要热，冷却要慢，结束要冷。先还是小球，一千步；再是第 05 节的网络（MNIST-1D，两个宽 32 的隐藏层，带动量的 SGD），
# 300 个更新步。两者都用三类冷却：
#
# - 从不同的起点直线降到 0；
# - 指数冷却，时间常数各不相同；
# - 直线降到不同的终点。
#
# *合适的起点*：小球取 $T = 0.8$，网络取 $\eta = 0.12$；指数冷却从它的两倍开始。

# %% [markdown] lang="en"
# **Predict** for each of the three which way the loss goes, and whether balls and networks agree.

# %% [markdown] lang="zh" of="109dd9f3"
# **先猜一猜**：三种情形下损失各往哪边走？小球与网络一致吗？

# %% name="rules-balls"
from lrcourse import dynamics

land = dynamics.rugged()

def loss_of_balls(temperature):
    x = dynamics.anneal(land, temperature, particles=500, seed=0).positions
    return land.f(x) - land.f(land.minima).min()

balls = {
    rule: {x: loss_of_balls(T) for x, T in family.items()}
    for rule, family in physics.coolings(0.8, steps=1000).items()
}

# %% name="rules-networks"
from lrcourse import training
from lrcourse.training.sweep import sweep

data, networks = training.mnist1d(), {}
for rule, family in physics.coolings(0.12, steps=300).items():
    runs = sweep(data, {str(x): lr for x, lr in family.items()}, seeds=8, updates=300, **physics.BENCH)
    networks[rule] = dict(zip(family, runs.train_loss[:, 0], strict=True))
figures.three_rules(balls, networks)

# %% [markdown] lang="en" given="2.303"
# Six panels, three rules, and not always one cause. Cooled too fast, or cold from the start, balls stay trapped (1.30);
# networks have not travelled: 2.27 is nearly guessing ($\ln 10$ is 2.303), because $\sum\eta$ was too small. Too slow
# never gets cold (1.67 and 2.02).
#
# A start four times too hot costs the balls a little; a network hardly learns at all (2.24). Warmth left at the end
# only hurts, though a tenth of it costs nothing that shows.

# %% [markdown] lang="zh" of="1eb4035c"
# 六幅图，三条规则，原因却不总是同一个。冷得太快，或一开始就冷：小球会被困住（1.30）；网络则是还没走出多远，
# 2.27 几乎等于乱猜（$\ln 10$ 是 2.303），因为 $\sum\eta$ 太小。太慢则永远冷不下来（1.67 与 2.02）。
#
# 起点热了四倍，小球只吃一点亏，网络却几乎什么也学不到（2.24）。最后剩下的热量只有坏处，不过剩十分之一还看不出代价。

# %% [markdown] lang="en"
# ## Drop, wait, reheat
#
# Hold 0.12; at update 150 multiply it by 0.3, 0.1 or 0.01; at 225 go back to 0.12. Section 05 did this with longer
# runs. The control is never lowered.

# %% [markdown] lang="zh" of="9ea9a0ae"
# ## 骤降、等待、再加热
#
# 先保持 0.12；第 150 步乘以 0.3、0.1 或 0.01；第 225 步回到 0.12。第 05 节用更长的训练做过。对照组始终不降。

# %% [markdown] lang="en"
# **Predict** for each factor how far below the control it is just before 225, and what is left of that at 300.

# %% [markdown] lang="zh" of="7f7b0a50"
# **先猜一猜**：每个倍数到第 225 步之前比对照组低多少？到第 300 步还剩多少？

# %% name="drop"
def plan(factor):
    return np.repeat([0.12, 0.12 * factor, 0.12], [150, 75, 75])

plans = {f"{factor:g}": plan(factor) for factor in (1, 0.3, 0.1, 0.01)}
cooled = sweep(data, plans, seeds=16, updates=300, **physics.BENCH)
for factor in cooled.schedules[1:]:
    gain = (cooled.at(schedule=factor).loss - cooled.at(schedule="1").loss)[0, 0]
    print(f"x {factor:4}", " updates 200-225", mean(gain[:, 200:225].mean(1)),
          " updates 275-300", mean(gain[:, 275:].mean(1)))

# %% [markdown] lang="en" given="0.0012 0.035 0.048"
# The hundredfold drop gains about half as much as the gentle ones: at 0.0012 the network hardly moves. Heated again,
# nothing is left that sixteen seeds can show.
#
# (Section 05, at other settings, found that the runs which had been cold ended *behind*, by 0.035 to 0.048.) The staged
# quench is a good picture: order bought by cooling is lost by heating.

# %% [markdown] lang="zh" of="21f7b386"
# 百倍的骤降赢得的大约只有温和降温的一半：学习率只剩 0.0012，网络几乎不动了。再加热之后，十六个随机种子再也看不出任何好处。
#
# （第 05 节在另一组设置下发现，冷过的训练最后反而*落后* 0.035 到 0.048。）分段淬火是个好图像：靠冷却换来的秩序，一加热就没了。

# %% [markdown] lang="en"
# ## Grow the batch instead
#
# The temperature is $T = \eta c/(2B)$ (the noise of one update, $\eta^2 c/B$, for each $\eta$ of the clock): two ways
# to cool. A quarter of the rate, or four times the batch? Both read the same number of examples for the same
# $\sum\eta$; the larger batch needs a quarter of the updates. First the valley, where it settles.

# %% [markdown] lang="zh" of="c27872bf"
# ## 改为增大批大小
#
# 温度是 $T = \eta c/(2B)$（一步的噪声 $\eta^2 c/B$，摊到每单位时钟 $\eta$ 上），所以有两种降温办法：学习率取四分之一，
# 还是批大小取四倍？对同样的 $\sum\eta$，两者读的样本数相同，大批次只需四分之一的更新步。先看山谷里的稳态。

# %% [markdown] lang="en"
# **Predict** from which $\eta$ on the two part.

# %% [markdown] lang="zh" of="23209933"
# **先猜一猜**：两者从多大的 $\eta$ 起分道扬镳？

# %% name="batch-valley"
for lr in (0.01, 0.1, 1.0, 1.5):
    lower, larger = valley.at_rest(lr / 4), valley.at_rest(lr, batch=4)
    print(f"lr {lr:<4}  lr / 4: {lower:.4f}  batch x 4: {larger:.4f}  ratio {larger / lower:.3f}")

# %% [markdown] lang="en"
# Equal where $\eta\lambda$ is small, and 3.25 times as much at 1.5: a large batch quiets the noise, but not the step
# that overshoots. The ratio is $(2 - \eta\lambda/4)/(2 - \eta\lambda)$.

# %% [markdown] lang="zh" of="080b74c8"
# $\eta\lambda$ 小时相等，到 1.5 时是 3.25 倍：大批次压得住噪声，压不住迈过头的步子。
# 两者之比为 $(2 - \eta\lambda/4)/(2 - \eta\lambda)$。

# %% [markdown] lang="en"
# Now networks: plain SGD, every plan reading the *same* examples in the same order. `hot` stays at 0.3; `lower` divides
# the rate by 4, twice; `grow` multiplies the batch by 4, twice; `both` halves the rate and doubles the batch, twice.

# %% [markdown] lang="zh" of="46349fe8"
# 再看网络：不带动量的 SGD，每种方案按同样的次序读*同样的*样本。`hot` 始终是 0.3；`lower` 两次把学习率除以 4；
# `grow` 两次把批大小乘以 4；`both` 两次把学习率减半、批大小加倍。

# %% [markdown] lang="en"
# **Predict** how far each ends above `lower`.

# %% [markdown] lang="zh" of="51d1a619"
# **先猜一猜**：它们最后各比 `lower` 高多少？

# %% name="batch-networks"
stages = {  # learning rate, batch size, updates
    "hot": [(0.3, 16, 880)],
    "lower": [(0.3, 16, 400), (0.075, 16, 240), (0.01875, 16, 240)],
    "grow": [(0.3, 16, 400), (0.3, 64, 60), (0.3, 256, 15)],
    "both": [(0.3, 16, 400), (0.15, 32, 120), (0.075, 64, 60)],
}
losses = {name: physics.staged(plan, seeds=8) for name, plan in stages.items()}
for name, each in losses.items():
    updates = sum(n for _, _, n in stages[name])
    print(f"{name:5} {updates} updates  {each.mean():.3f}  minus lower {mean(each - losses['lower'], 4)}")

# %% [markdown] lang="en" given="0.004 0.006"
# The grown batch ends 0.0049 ± 0.0016 above the lowered rate, after 475 updates instead of 880; other seeds say 0.004
# to 0.006. With the rate halved and the batch doubled at each stage (`both`) it is 0.0013. Staying hot costs 0.0866.
#
# So growing the batch *is* cooling, but for a trace. In the valley such a trace is the larger step that overshoots; what
# it is in the network was not measured.

# %% [markdown] lang="zh" of="4aecc1af"
# 增大批大小的结果比降低学习率高 0.0049 ± 0.0016，只用 475 步而不是 880 步；换别的随机种子是 0.004 到 0.006。
# 若每一段学习率减半、批大小加倍（`both`），则是 0.0013。一直热着要付出 0.0866。
#
# 所以增大批大小*就是*冷却，只差一点点。在山谷里，这一点差别来自迈过头的大步子；在网络里它来自什么，这里没有测量。

# %% [markdown] lang="en"
# ## Compute the best schedule
#
# One direction first. After each update the smaller $V = \mathrm{E}[x^2]$ is always the better place to be, so the best
# rate is the one that makes the next $V$ least (take $B = 1$): $\eta = \lambda V/(\lambda^2 V + c)$. Then $1/V$ grows by
# $\lambda^2/c$ with each update:
#
# $$\eta_t = \frac{1}{\lambda\,\big(1 + t + c/(\lambda^2 V_0)\big)}$$

# %% [markdown] lang="zh" of="53b62039"
# ## 算出最优调度
#
# 先看一个方向。每一步之后，$V = \mathrm{E}[x^2]$ 越小处境越好，所以最优的学习率就是让下一个 $V$ 最小的那个
# （取 $B = 1$）：$\eta = \lambda V/(\lambda^2 V + c)$。于是每一步 $1/V$ 增加 $\lambda^2/c$：
#
# $$\eta_t = \frac{1}{\lambda\,\big(1 + t + c/(\lambda^2 V_0)\big)}$$

# %% [markdown] lang="en"
# `optimum` knows nothing of this. It differentiates the exact final loss by every $\log\eta_t$ (autodiff) and descends
# with L-BFGS. Then twenty directions, $\lambda_i = 1/i$, noise $c_i = 0.05\,\lambda_i$, each with mean square 1 at the
# start; 100 updates, and for every schedule no rate above $2/\lambda_1 = 2$.

# %% [markdown] lang="zh" of="708d3cb7"
# `optimum` 不知道这个公式。它把精确的最终损失对每个 $\log\eta_t$ 求导（自动微分），再用 L-BFGS 下降。
# 然后是二十个方向，$\lambda_i = 1/i$，噪声 $c_i = 0.05\,\lambda_i$，开始时均方值都是 1；100 个更新步，所有调度的学习率都不超过
# $2/\lambda_1 = 2$。

# %% [markdown] lang="en"
# **Predict** how much linear, cosine and constant lose to the best.

# %% [markdown] lang="zh" of="4d1a8278"
# **先猜一猜**：线性、余弦、恒定各比最优的输多少？

# %% name="optimum"
print("1/η autodiff ", (1 / physics.optimum(valley, 5)).round(3))
print("1/η formula  ", (1 / physics.one_mode_optimum(5, start=4.0)).round(3))

spectrum = physics.power_law(20, exponent=1.0, noise=0.05)
best = physics.optimum(spectrum, 100, highest=2.0)
course = spectrum.loss(best)
least = course[-1]
print(f"best {least:.5f}, every 10th rate {best[::10].round(2)}, last {best[-1]:.3f}")
print(f"its loss before updates 0, 2, 12, 20: {course[[0, 2, 12, 20]].round(2)}")
for name, shape in figures.shapes(100).items():
    peak, loss = physics.best_peak(spectrum, shape, highest=2.0)
    print(f"{name:8} peak {peak:.2f}  loss {loss:.5f}  {loss / least:.2f} times the best")

# %% [markdown] lang="en" given="9.4 6.1 4.5 4%"
# Autodiff finds the formula. In many directions the best schedule stays as high as it is allowed for twelve updates,
# and its loss shows nothing for it: from 1.80 to 1.08, and back *up* to 1.80. The steepest direction waits while the
# shallow ones travel. Then the rate falls, by a quarter to a half every ten updates, and never reaches 0.

# %% [markdown] lang="zh" of="2b92ee81"
# 自动微分找到了公式。方向一多，最优调度就在允许的最高值上停留十二步，而损失上看不出任何好处：从 1.80 降到 1.08，又*升*回
# 1.80。最陡的方向在等待，平缓的方向在赶路。然后学习率才下降，每十步降四分之一到一半，而且从不到 0。

# %% [markdown] lang="en" given="9.4 6.1 4.5 4%"
# The line ends 1.29 times as high, the cosine 1.32 times, the constant three times. (Without the limit the best schedule
# starts at 9.4, then 6.1, 4.5 and so on, below 2 from update 7, and ends 4% lower.)

# %% [markdown] lang="zh" of="95aa9e87"
# 直线的最终损失是它的 1.29 倍，余弦 1.32 倍，恒定则是三倍。（若不设上限，最优调度从 9.4 开始，接着 6.1、4.5……，
# 从第 7 步起低于 2，最终损失低 4%。）

# %% [markdown] lang="en"
# The next explorer has three sliders: the gradient noise $c/\lambda$, the fall $a$ of the spectrum
# ($\lambda_i = i^{-a}$: 0 is flat, 2 steep), and the number of updates $T$.

# %% [markdown] lang="zh" of="d64263b0"
# 下面的探索器有三个滑块：梯度噪声 $c/\lambda$，曲率谱的衰减 $a$（$\lambda_i = i^{-a}$：0 是平的，2 是陡的），更新步总数 $T$。

# %% [markdown] lang="en" given="10%"
# **Predict** where the cosine comes within 10% of the best. That is the goal.

# %% [markdown] lang="zh" of="1ee877cd"
# **先猜一猜**：到哪里余弦与最优相差不到 10%？这就是目标。

# %% name="best"
explorers.physics.best()

# %% [markdown] lang="en" given="1.08 1.09"
# Where noise is strong and the spectrum steep: at $c/\lambda = 1$, $a = 2$ it is 1.08 or 1.09 for every $T$. At $a = 1$ it
# takes $c/\lambda = 10$ and few updates (1.08 at $T = 20$). On a flat spectrum the cosine never comes that near.

# %% [markdown] lang="zh" of="764c8bcb"
# 噪声强、曲率谱又陡的时候：在 $c/\lambda = 1$、$a = 2$ 处，无论 $T$ 多大都是 1.08 或 1.09。$a = 1$ 时则要 $c/\lambda = 10$
# 而且步数少（$T = 20$ 时为 1.08）。曲率谱平坦时，余弦从来没有这么接近过。

# %% [markdown] lang="en"
# ## Predict a run that was never made
#
# A network is no quadratic. But take three of its training curves (constant, cosine, a tenfold step; 16 seeds each) and
# ask for the noisy quadratic whose *expected* loss comes nearest. Offered are 16 curvatures, each with a start and a
# noise that are not negative, and a *floor*: the loss that no schedule removes. Least squares chooses.

# %% [markdown] lang="zh" of="25f99093"
# ## 预测一次从未做过的训练
#
# 网络不是二次型。但取它的三条训练曲线（恒定、余弦、十倍的阶梯，各 16 个随机种子），求*期望*损失与之最接近的带噪声的二次型。
# 供选的有 16 个曲率，每个各带一个起点和一个噪声（都不为负），还有一个*下限*：任何调度都消除不了的损失。由最小二乘来选。

# %% name="law"
from lrcourse import curves

known = physics.known_runs()  # 16 seeds each
law = physics.fit_law(known.lr[:, 0], known.mean("loss")[:, 0])
print(f"floor {law.floor:.3f}, curvatures kept {len(law.curvature)}: {law.curvature.round(2)}")
print("of them with a start", (law.start > 0).sum(), "and with noise", (law.noise > 0).sum())
unseen = {
    **{name: physics.rivals()[name] for name in ("linear", "WSD", "one-cycle")},
    "exponential": curves.exponential_lr(0.12, 0.01 ** (1 / 300)),
    "restarts": curves.cosine_annealing_warm_restarts(0.12, T_0=75),
    "reheat": plan(0.1),
}

# %% [markdown] lang="en"
# Six schedules that it has not seen: linear, WSD, one-cycle, exponential (to a hundredth), cosine restarts every 75
# updates, and the reheating from above. **Predict** which of them the law gets wrong.
#
# (Blue: the schedule. Orange-red: batch losses of new networks, seeds 100 to 115, smoothed. Dashed: the law. The titles
# give the loss on the whole training set after the last update, predicted / measured.)

# %% [markdown] lang="zh" of="8c5cceaf"
# 六种它没见过的调度：线性、WSD、单周期、指数（降到百分之一）、每 75 步重启一次的余弦，以及上文的再加热。
# **先猜一猜**：定律会说错哪一种？
#
# （蓝色：调度。橙红：新网络的批次损失，随机种子 100 到 115，已平滑。虚线：定律。标题中是最后一步之后整个训练集上的损失，
# 预测 / 实测。）

# %% name="law-figure"
runs = sweep(data, unseen, seeds=range(100, 116), updates=300, **physics.BENCH)
figures.predicted(law, runs)

# %% name="law-errors"
final, hot = runs.mean("train_loss")[:, 0], known.at(schedule="constant")
smooth = np.convolve(hot.mean("loss")[0, 0], np.ones(21) / 21, "same")
guesses = {
    "law": [law.loss(lr)[-1] for lr in runs.lr[:, 0]],
    "clock": np.interp(runs.lr[:, 0].sum(1), hot.lr[0, 0].cumsum(), smooth),
    "as cosine": known.at(schedule="cosine").train_loss.mean(),
}
print("predicted minus measured:", ", ".join(runs.schedules))
for name, guess in guesses.items():
    error = guess - final
    print(f"{name:9}", *(f"{e:+.3f}" for e in error), f" rms {np.sqrt((error**2).mean()):.3f}")
said = [(law.loss(plan(factor)) - law.loss(plan(1)))[200:225].mean() for factor in (0.3, 0.1, 0.01)]
print("drops, updates 200-225, as the law has them", np.round(said, 3))

# %% [markdown] lang="en"
# The law is off by 0.020 (root mean square), worst on the exponential, and even the reheating is where it said. Taking the
# clock $\sum\eta$ alone, and reading the loss off the constant run, is off by 0.256; saying "like the cosine" by 0.135.
#
# The law has no barrier that anything could be trapped behind, and yet it predicts that a hundredfold drop gains less
# than the gentle ones. So noise and clock together are the picture; the clock alone is not.

# %% [markdown] lang="zh" of="1551da6e"
# 定律的误差是 0.020（均方根），指数衰减最差，连再加热也落在它说的地方。只用时钟 $\sum\eta$、从恒定的那条曲线上读损失，误差是
# 0.256；一律说“和余弦一样”，误差是 0.135。
#
# 定律里没有任何能困住什么的势垒，却照样预测出：百倍的骤降赢得比温和降温少。所以，噪声和时钟合在一起才是这幅图像，单凭时钟不是。

# %% [markdown] lang="en"
# But the law is a fit: seven curvatures out of 16 candidates, a start or a noise for each, and a floor. Its errors
# (0.003 to 0.042) are as large as the differences among good schedules, and above the fitted rates it fails.

# %% [markdown] lang="zh" of="36632d6d"
# 但定律只是一次拟合：从 16 个候选中选出七个曲率，各带一个起点或一个噪声，
# 再加一个下限。它的误差（0.003 到 0.042）与好调度之间的差别一样大；学习率高过拟合范围，它就失效。

# %% [markdown] lang="en"
# ## Beat the cosine
#
# If the law predicts, let it choose: the schedule that is best *for the law*. Then race it on networks that it has
# never seen, each run paired with a cosine at its best peak: same first weights, same batches, 300 updates.

# %% [markdown] lang="zh" of="38d050d1"
# ## 胜过余弦
#
# 定律既然会预测，就让它来选：*对定律*而言最优的调度。然后让它在从未见过的网络上比赛，每次训练都与取最佳峰值的余弦配对：
# 同样的初始权重，同样的批次，300 个更新步。

# %% [markdown] lang="en" given="3.3"
# The rivals are linear, WSD and one-cycle, each at the best of eight peaks. A verdict takes three standard errors of
# the paired differences and a little more, since the error too is estimated (3.3 for 32 seeds); below that it is "not
# distinguishable".

# %% [markdown] lang="zh" of="d029a5ff"
# 对手是线性、WSD 和单周期，各取八个峰值中最好的。要下结论，配对之差须超过三个标准误还略多，
# 因为标准误本身也是估计出来的（32 个种子时为 3.3 个）；否则就是“分不出高下”。

# %% [markdown] lang="en"
# **Predict** the order, and where the computed schedule ends.

# %% [markdown] lang="zh" of="be44a677"
# **先猜一猜**名次：算出来的调度排在哪里？

# %% name="contest"
computed = physics.optimum(law, 300, highest=known.lr.max())
print("computed, every 30th rate", computed[::30].round(3))
entries = {**physics.rivals(), "computed": curves.recorded(computed)}
for name in ("linear", "cosine", "computed"):
    print(f"{name:9} sum {entries[name](np.arange(300)).sum():.1f}, at update 270 {entries[name](270):.3f}")
scores = physics.contest(entries, seeds=range(20_100, 20_132))
figures.standings(scores)

# %% [markdown] lang="en"
# The law had seen three curves of seeds 0 to 15 and no race. Its schedule glides down from 0.098 and falls at the end:
# 0.0173 ± 0.0028 better than the cosine, level with the line (0.0186), whose peak was tuned over eight values.
#
# WSD is not distinguishable, nor is one-cycle, but only just: it lies three standard errors behind. (All this is
# training loss.)

# %% [markdown] lang="zh" of="a4153278"
# 定律只见过随机种子 0 到 15 的三条曲线，没见过任何比赛。它的调度从 0.098 缓缓滑下，最后陡降：比余弦好 0.0173 ± 0.0028，
# 与直线（0.0186）不分上下，而直线的峰值是从八个值里挑出来的。
#
# WSD 分不出高下；单周期落后三个标准误，差一点就能判它更差。（这里说的都是训练损失。）

# %% [markdown] lang="en"
# Line and cosine travel equally far, and both end at 0. But at update 270 the line is still at 0.012, the computed
# schedule at 0.018, the cosine at 0.003: it is cold too early.

# %% [markdown] lang="zh" of="f9db1bb7"
# 直线与余弦走得一样远，结束时都是 0。但在第 270 步，直线还有 0.012，算出的调度还有 0.018，余弦只剩 0.003：它冷得太早了。

# %% [markdown] lang="en"
# Four numbers are enough for an entry: the peak, the shares of warm-up and hold, and the power of the fall to 0.

# %% [markdown] lang="zh" of="f090b4c6"
# 四个数就够参赛：峰值、预热占比、保持占比，以及降到 0 的幂次。

# %% [markdown] lang="en" given="3.6"
# **Predict** which you would change first; the goal is the verdict "better than the cosine" on sixteen seeds, which
# takes 3.6 standard errors.

# %% [markdown] lang="zh" of="de427eae"
# **先猜一猜**你会先改哪一个；目标是在十六个随机种子上得到“胜过余弦”的结论，这需要 3.6 个标准误。

# %% name="capstone"
explorers.physics.capstone()

# %% [markdown] lang="en"
# ## At work: score it so that luck does not win
#
# `beat_cosine` draws seeds that nobody can have tuned on beforehand, and keeps a leaderboard in a file of your choice.

# %% [markdown] lang="zh" of="2cba36b4"
# ## 实战：打分，让运气赢不了
#
# `beat_cosine` 抽取谁也没法事先拿来调参的随机种子，并把排行榜存进你指定的文件。

# %% [markdown] lang="en"
# **Predict** what it does when the same schedule, WSD, is entered twice. (The seeds are written down here so that this
# page repeats; leave them out, and fresh ones are drawn.)

# %% [markdown] lang="zh" of="c966ae98"
# **先猜一猜**：同一种调度（WSD）报名两次，它会怎么做？（这里写明了种子，好让本页每次结果相同；不写，它就抽取新的。）

# %% name="board"
import tempfile
from pathlib import Path

board = Path(tempfile.mkdtemp()) / "leaderboard.json"  # yours: a file in your own folder
for seeds in (range(30_000, 30_016), range(30_016, 30_032)):
    score = physics.beat_cosine(physics.rivals()["WSD"], name="WSD", seeds=seeds, board=board)
    print(f"{len(score.differences)} seeds  {mean(score.differences, 4)}  {score.verdict}")
print(len(physics.leaderboard(board)), "line on the board")

# %% [markdown] lang="en"
# It pools them: 32 seeds, one line on the board. A lucky second try does not count alone. But trying again and stopping
# when the verdict pleases still helps a little: fix the number of seeds beforehand.

# %% [markdown] lang="zh" of="9b9bb47d"
# 它把两次合在一起：32 个随机种子，榜上一行。碰巧走运的第二次不会单独算数。但是，反复尝试、看到满意的结论就停，
# 多少仍有点用：种子数要事先定好。

# %% [markdown] lang="en" given="0.897 0.905 5%"
# ## The verdicts
#
# | schedule | picture | measured | verdict |
# |---|---|---|---|
# | constant | isothermal | settles as computed; the temperature's loss $\eta c/4$ is 5% too low at $\eta\lambda = 0.1$ | exact in the limit of small $\eta\lambda$ |
# | step | staged quench | gains, less at a hundredfold; nothing left when reheated | good picture |
# | exponential | exponential cooling | at its best time constant it leaves 1.30, the line 1.28 | good picture, its time constant must be tuned |
# | cosine | smooth cooling | cold at the end; the line is 0.0186 better | good picture |
# | restarts | reheating | ends 0.079 above one cosine | good picture |
# | cyclic | periodic drive | 0.905 of the balls escape, 0.897 by the adiabatic prediction (section 04): no resonance | only a picture |
# | warm-up | slow heating | works with no noise at all (section 03) | only a picture |
# | growing batch | cooling | networks agree to 0.0049; ratio 3.25 at $\eta\lambda = 1.5$ | exact in the limit of small $\eta\lambda$ |

# %% [markdown] lang="zh" of="9d9132ed"
# ## 判定
#
# | 调度 | 图像 | 测得 | 判定 |
# |---|---|---|---|
# | 恒定 | 等温 | 稳态值与计算一致；温度给出的损失 $\eta c/4$ 在 $\eta\lambda = 0.1$ 处低 5% | 在 $\eta\lambda$ 很小的极限下精确 |
# | 阶梯 | 分段淬火 | 有收益，降百倍时收益更少；再加热就什么也不剩 | 好图像 |
# | 指数 | 指数冷却 | 时间常数取最佳时为 1.30，直线为 1.28 | 好图像，但时间常数要调 |
# | 余弦 | 平滑冷却 | 结束时够冷；直线再好 0.0186 | 好图像 |
# | 热重启 | 再加热 | 结束时比一次余弦高 0.079 | 好图像 |
# | 循环 | 周期驱动 | 逃逸的小球占 0.905，绝热预测 0.897（第 04 节）：没有共振 | 仅仅是比喻 |
# | 预热 | 缓慢加热 | 完全没有噪声也有效（第 03 节） | 仅仅是比喻 |
# | 增大批大小 | 冷却 | 网络相差 0.0049；$\eta\lambda = 1.5$ 处之比为 3.25 | 在 $\eta\lambda$ 很小的极限下精确 |

# %% [markdown] lang="en"
# ## Traps
#
# **A law outside its range.** A constant rate three times the highest that the law was fitted to: **predict** what the
# law says, and what the networks do.

# %% [markdown] lang="zh" of="3271be01"
# ## 陷阱
#
# **定律用在范围之外。** 恒定的学习率，是拟合时最高值的三倍：**先猜一猜**定律怎么说，网络又怎么做？

# %% name="trap"
for factor in (1, 2, 3):
    hotter = curves.constant(factor * known.lr.max())
    result = sweep(data, {"": hotter}, seeds=8, updates=300, **physics.BENCH)
    print(f"lr {hotter(0):.2f}  law {law.loss(hotter(np.arange(300)))[-1]:.2f}  networks {result.train_loss.mean():.2f}")
print(f"guessing {np.log(10):.3f}")

# %% [markdown] lang="en"
# A quadratic has no ceiling: its law promises any loss you like. At twice the rate it is still near (2.30 against 2.16
# measured), at three times it is not.
#
# A network that is too hot learns nothing that shows: guessing is
# $\ln 10 = 2.303$. Fit a law to rates as high as those you ask about.

# %% [markdown] lang="zh" of="711116e6"
# 二次型没有上限：它的定律可以给出任意大的损失。学习率两倍时它还不算远（2.30，实测 2.16），三倍就不行了。
#
# 过热的网络学不到任何看得出来的东西：乱猜就是 $\ln 10 = 2.303$。要问多高的学习率，就用多高的学习率来拟合。

# %% [markdown] lang="en"
# **One seed.** WSD and the cosine were not distinguishable. **Predict** on how many of the 32 seeds WSD wins.

# %% [markdown] lang="zh" of="23f6ebe0"
# **只用一个随机种子。** WSD 与余弦分不出高下。**先猜一猜**：32 个随机种子中，WSD 赢了几个？

# %% name="trap-seed"
wsd = next(score for score in scores if score.name == "WSD")
print("WSD wins on", sum(difference < 0 for difference in wsd.differences), "of", len(wsd.differences), "seeds")

# %% [markdown] lang="en"
# Each of those seeds, alone, is a "discovery" that nobody can repeat. Pair the seeds, and count standard errors.

# %% [markdown] lang="zh" of="0adc4c4b"
# 其中每一个种子单独拿出来，都是一项谁也重复不了的“发现”。种子要配对，再看差值有几个标准误。

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. Start hot, cool slowly, end cold: each broken rule costs balls and networks alike. Cooled too fast, balls are trapped
#    and networks have not travelled; too slow never gets cold.
# 2. Isothermal, and batch growth as cooling, are exact in the limit of small $\eta\lambda$; quench, cooling and reheating
#    are good pictures; the periodic drive and slow heating are only pictures.
# 3. A batch four times as large does for a quarter of the rate, in a quarter of the updates, while $\eta\lambda$ is small.
# 4. The exact loss of a noisy quadratic can be differentiated. One direction: $1/t$. Many: as high as allowed, then fall.
# 5. Three training curves fix a law (seven curvatures out of 16, a start or a noise for each, and a floor) that gives
#    six unseen schedules to 0.020; not above the rates it was fitted to.
# 6. Paired seeds, fresh for the score, their number fixed beforehand; a verdict at three standard errors, and more
#    where the seeds are few.

# %% [markdown] lang="zh" of="c52cfcf2"
# ## 要点
#
# 1. 开始要热，冷却要慢，结束要冷：违反哪一条，小球和网络都要付出代价。冷得太快，小球会被困住，网络则没走出多远；太慢永远冷不下来。
# 2. “等温”以及“增大批大小就是冷却”，在 $\eta\lambda$ 小时精确；淬火、冷却、再加热是好图像；周期驱动和缓慢加热仅仅是比喻。
# 3. 批大小取四倍，可以代替学习率取四分之一，只用四分之一的更新步，前提是 $\eta\lambda$ 小。
# 4. 带噪声的二次型，精确损失可以求导。一个方向：$1/t$。许多方向：先停在允许的最高值，再下降。
# 5. 三条训练曲线就定下一条定律（从 16 个候选中选出七个曲率，各带一个起点或一个噪声，再加一个下限），它预测六种没见过的调度，
#    误差 0.020；学习率高过拟合范围就不行。
# 6. 随机种子要配对，打分要用新的，种子数要事先定好；超过三个标准误才下结论，种子少时还要更多。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 09](../exercises/09_physics_summary.ipynb): 09.1 the expected loss of a noisy quadratic ·
# 09.2 grow the batch instead · 09.3 predict a run that was never made · 09.4 beat the cosine.

# %% [markdown] lang="zh" of="6892f4b7"
# ## 自己动手
#
# [第 09 节的练习](../../exercises/zh/09_physics_summary.ipynb)：09.1 带噪声的二次型的期望损失 · 09.2 改为增大批大小 ·
# 09.3 预测一次从未做过的训练 · 09.4 胜过余弦。

# %% [markdown] lang="en"
# ## Sources
#
# - Kirkpatrick, Gelatt and Vecchi, Optimization by simulated annealing, Science 220 (1983).
# - Zhang and others, Which algorithmic choices matter at which batch sizes?, arXiv:1907.04164 (the noisy quadratic).
# - Smith and others, Don't decay the learning rate, increase the batch size, arXiv:1711.00489.
# - Tissue and others, Scaling law with learning rate annealing, arXiv:2408.11029; Luo and others, A multi-power law,
#   arXiv:2503.12811 (loss curves of unseen schedules).
# - Defazio and others, Optimal linear decay, arXiv:2310.07831.

# %% [markdown] lang="zh" of="9ac504c1"
# ## 来源
#
# - Kirkpatrick、Gelatt 与 Vecchi，Optimization by simulated annealing，Science 220 (1983)。
# - Zhang 等，Which algorithmic choices matter at which batch sizes?，arXiv:1907.04164（带噪声的二次型）。
# - Smith 等，Don't decay the learning rate, increase the batch size，arXiv:1711.00489。
# - Tissue 等，Scaling law with learning rate annealing，arXiv:2408.11029；Luo 等，A multi-power law，
#   arXiv:2503.12811（没见过的调度的损失曲线）。
# - Defazio 等，Optimal linear decay，arXiv:2310.07831。
