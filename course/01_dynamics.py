# %% [markdown] lang="en"
# # What a learning rate is
#
# **50 minutes · you need a little calculus and a first training loop.** You will be able to
#
# - say how much time one update takes, and how far it strays from the smooth path,
# - tell from η and the curvature whether descent settles, swings, turns chaotic or is lost,
# - trade learning rate against momentum, and name the momentum that damps critically,
# - read η, noise and batch size as one temperature, and say where that fails,
# - explain why hot explores, cold settles, and slow cooling finds more than fast,
# - read Σ η as the clock that schedules share, and know what breaks it.

# %% [markdown] lang="zh" of="d9278416"
# # 学习率究竟是什么
#
# **50 分钟 · 你需要一点微积分，并写过训练循环。** 学完本页，你将能够
#
# - 说出一次更新相当于多长的时间，以及它偏离光滑路径多远；
# - 由 η 和曲率判断下降过程会停住、摆动、进入混沌还是发散；
# - 在学习率与动量之间换算，并说出临界阻尼所需的动量；
# - 把 η、噪声与批大小读成同一个温度，并说出它何时失效；
# - 解释为什么热则探索、冷则安定，慢冷比快冷找到的更多；
# - 把 Σ η 读成各种调度共用的时钟，并知道什么会让它失准。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Let go of 300 balls
#
# A loss is a landscape; training rolls a ball on it. Here 300 balls start in the wrong valley, with noise of size
# σ in their gradients. The learning rate η is the only knob you need.

# %% [markdown] lang="zh" of="96544694"
# ## 放开 300 个小球
#
# 损失是一片景观，训练就是让小球在上面滚动。这里 300 个小球从错误的谷里出发，梯度带有强度为 σ 的噪声。
# 你只需要一个旋钮：学习率 η。

# %% [markdown] lang="en" given="45%"
# **Predict**: will a larger η find the deepest valley more often, or less? Then reach the goal: 45% of the balls
# there after 200 updates. Press ▶ to watch.

# %% [markdown] lang="zh" of="d048c816"
# **先猜一猜**：η 越大，找到最深谷的球是更多还是更少？然后达成目标：200 步之后 45% 的小球在那里。按 ▶ 观看。

# %% name="landscape"
from lrcourse import explorers

explorers.dynamics.landscape()

# %% [markdown] lang="en"
# Too small, and the balls are stuck where they began. Too large, and they find the deepest valley but cannot stay.
# In between lies a best η, and you moved it as one moves a **temperature** T. (Dashed: where the balls would end after a long
# time in a bath of that temperature, the Gibbs distribution. Step 4 says what T is.)

# %% [markdown] lang="zh" of="458fff4c"
# η 太小，小球困在出发的地方；太大，它们找得到最深的谷却留不住。最好的 η 在中间，而你调节它的方式正像调节**温度** T。
# （虚线：在温度 T 的热浴中停留足够久的小球该有的分布，即吉布斯分布。T 是什么，第 4 步会说明。）

# %% [markdown] lang="en"
# Now set σ to 0: the noise is gone, and with it the temperature. What is left of η is the subject of the next three
# steps. Try the other landscapes too.

# %% [markdown] lang="zh" of="6a84c1d7"
# 再把 σ 调到 0：噪声没有了，温度也随之消失。η 还剩下什么？这是接下来三步的主题。也试试别的景观。

# %% [markdown] lang="en"
# ## 1 · One update is a step in time
#
# Gradient descent in PyTorch is one line of arithmetic, $\theta \leftarrow \theta - \eta \nabla L$. Our landscape
# is the double well $L(x) = (x^2 - 1)^2 / 4$ with the gradient $x^3 - x$.

# %% [markdown] lang="zh" of="d443372f"
# ## 1 · 一次更新就是时间上的一步
#
# PyTorch 里的梯度下降只是一行算术：$\theta \leftarrow \theta - \eta \nabla L$。
# 这里的景观是双势阱 $L(x) = (x^2 - 1)^2 / 4$，梯度为 $x^3 - x$。

# %% name="one-update"
import torch

x = torch.tensor(0.2, requires_grad=True)
optimizer = torch.optim.SGD([x], lr=0.1)
loss = (x**2 - 1) ** 2 / 4
loss.backward()
optimizer.step()
print(f"torch {x.item():.4f}   by hand {0.2 - 0.1 * (0.2**3 - 0.2):.4f}")

# %% [markdown] lang="en"
# Rearranged, $(\theta_{n+1} - \theta_n) / \eta = -\nabla L$: Euler's method for **gradient flow**,
# $d\theta/ds = -\nabla L$, with the time step η.

# %% [markdown] lang="zh" of="f855b345"
# 移项得 $(\theta_{n+1} - \theta_n) / \eta = -\nabla L$：这正是对**梯度流**（gradient flow）$d\theta/ds = -\nabla L$ 使用欧拉法，
# 时间步长为 η。

# %% [markdown] lang="en"
# **Predict**: halve η and double the updates. By what factor does the distance to the smooth flow shrink?

# %% [markdown] lang="zh" of="415cc715"
# **先猜一猜**：η 减半、更新步数加倍，与光滑流的距离会缩小到几分之一？

# %% name="time-step"
from lrcourse import figures

figures.dynamics.time_step()

# %% [markdown] lang="en"
# It halves too: 0.052, 0.027, 0.013, an error of order η. The green line says what descent follows more closely:
# the flow on the *modified* loss $L + \tfrac{\eta}{4} |\nabla L|^2$. It strays from that one by an error of order
# η² only: a long step descends as if steep places cost extra.

# %% [markdown] lang="zh" of="9c8e9d41"
# 误差也减半：0.052、0.027、0.013，即 η 的一阶误差。绿线给出下降法更贴近的对象：
# 修正损失 $L + \tfrac{\eta}{4} |\nabla L|^2$ 上的流，与它只差 η 的二阶小量。步子越长，
# 陡峭处就像被额外抬高了一截。

# %% [markdown] lang="en"
# So time is $s = \eta n$ after $n$ updates. Is η then the step, or the speed?
#
# **Predict** where 40 updates of 0.05 end, and where 20 do, if 20 updates of 0.1 end at 0.829.

# %% [markdown] lang="zh" of="fb0d1e74"
# 于是 $n$ 次更新之后的时间是 $s = \eta n$。那么 η 究竟是步长，还是速度？
#
# **先猜一猜**：若 20 次 0.1 的更新到达 0.829，那么 40 次 0.05 的更新到哪里？20 次呢？

# %% name="either-or"
from lrcourse import dynamics

well = dynamics.double_well()
for lr, updates in ((0.1, 20), (0.05, 40), (0.05, 20)):
    path = dynamics.gradient_descent(well, 0.2, lr, updates)
    print(f"lr {lr:<5} updates {updates}   s = {lr * updates:g}   x = {path[-1]:.3f}")

# %% [markdown] lang="en"
# Either, never both. With time $s$, the law is $d\theta/ds = -\nabla L$ and η is the **time step**. With $n$
# counting updates, it is $d\theta/dn = -\eta \nabla L$ and η is the **speed**. Whoever writes
# $d\theta/ds = -\eta \nabla L$ counts η twice: then 20 updates of 0.05 would be worth a quarter of 20 updates of 0.1, not half.

# %% [markdown] lang="zh" of="6690c9fe"
# 两者皆可，但不可兼用。以 $s$ 为时间，规律是 $d\theta/ds = -\nabla L$，η 是**时间步长**；以 $n$ 数更新步，规律是
# $d\theta/dn = -\eta \nabla L$，η 是**速度**。若写成 $d\theta/ds = -\eta \nabla L$，就把 η 算了两次：那样 20 次
# 0.05 的更新，只抵得上 20 次 0.1 的更新的四分之一，而不是一半。

# %% [markdown] lang="en"
# ## 2 · Too long a step swings before it is lost
#
# In a parabola of curvature λ every update multiplies the distance from the bottom by $1 - \eta\lambda$. Where this
# is negative, the ball changes sides; it still comes nearer while the factor is above −1, so for
#
# $$\eta < 2/\lambda$$

# %% [markdown] lang="zh" of="dbbdfc91"
# ## 2 · 步子太长，先摆动，后发散
#
# 在曲率为 λ 的抛物线里，每次更新把小球到谷底的距离乘以 $1 - \eta\lambda$。这个因子为负时，小球每步都翻到另一侧；
# 只要它大于 −1，小球仍越走越近，也就是
#
# $$\eta < 2/\lambda$$

# %% [markdown] lang="en"
# A ball starts at distance 1. **Predict** its distance after 2000 updates, with η a thousandth below this limit, and
# with η a thousandth above.

# %% [markdown] lang="zh" of="cdfe0a63"
# 小球从距离 1 处出发。**先猜一猜**：η 比这个上限低千分之一、高千分之一时，2000 次更新之后距离各是多少？

# %% name="limit"
parabola = dynamics.quadratic(curvature=10)
for share in (0.999, 1.001):
    lr = share * dynamics.stability_limit(curvature=10)
    path = dynamics.gradient_descent(parabola, 1.0, lr, 2000)
    print(f"lr = {share} × 2/λ   |x| = {abs(path[-1]):.3g}")

# %% [markdown] lang="en" given="5%"
# A thousandth decides between 0.0182 and 54.4, and not in toy landscapes alone. Least squares on 1200 real digits is a
# parabola in 64 dimensions, and its largest curvature alone sets the limit. **Predict** the size of the loss after 200
# updates: 5% below the limit, and 5% above.

# %% [markdown] lang="zh" of="2d63e114"
# 千分之一之差，就决定了是 0.0182 还是 54.4，而且不只在玩具景观里如此。对 1200 张真实数字做最小二乘，
# 就是一个 64 维的抛物面，上限只由最大的曲率决定。**先猜一猜**：比上限低 5% 和高 5% 时，200 次更新之后的损失各有多大？

# %% name="limit-digits"
from lrcourse import training

digits = training.digits()
curvatures = torch.linalg.eigvalsh(digits.x.T @ digits.x / len(digits.x))
limit = 2 / curvatures[-1].item()
for share in (0.95, 1.05):
    w = torch.zeros(64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=share * limit)
    for _ in range(200):
        optimizer.zero_grad()
        loss = (digits.x @ w - digits.y).square().mean() / 2
        loss.backward()
        optimizer.step()
    print(f"lr = {share} × 2/λ = {share * limit:.3f}   loss = {loss.item():.3g}")

# %% [markdown] lang="en"
# 1.61, and 2.9e+17: in a parabola, whoever passes the limit is lost. A network's loss is no parabola: it has several
# valleys, and walls that grow steeper. In our double well the bottoms have λ = 2, so the limit is η = 1.

# %% [markdown] lang="zh" of="d46c2cd5"
# 1.61 与 2.9e+17：在抛物线里，越过上限就无可挽回。网络的损失却不是抛物线：它有好几个谷，谷壁越高越陡。这个双势阱谷底的 λ = 2，所以上限是 η = 1。

# %% [markdown] lang="en"
# **Predict**: is the ball lost at once at η = 1.2? The goal: make it **hop** into the other well,
# without any noise, at an η of at most 1.61.

# %% [markdown] lang="zh" of="bac006ac"
# **先猜一猜**：η = 1.2 时小球会立刻飞走吗？目标：毫无噪声，用不超过 1.61 的 η 让它**跳**进另一个势阱。

# %% name="bifurcation"
explorers.dynamics.bifurcation()

# %% [markdown] lang="en"
# The walls catch what the bottom repels. (In the small picture *The next x*, going up to the curve gives the next x, and
# across to the diagonal makes it the present one.) Let us measure where each kind of motion begins, and compare with
# theory.

# %% [markdown] lang="zh" of="87c82fc8"
# 谷底把球推开，谷壁又把它接住。（小图*下一步的 x* 这样读：向上走到曲线，得到下一个 x；再横着走到对角线，它就成了现在的 x。）
# 我们来测量每种运动从哪里开始，并与理论比较。

# %% name="thresholds"
import numpy as np

lrs = np.arange(0.95, 2.05, 0.001)
ends = dynamics.bifurcation(lrs, start=0.5, settle=4000)
swinging, hopping, lost = np.ptp(ends, axis=0) > 0.01, ends.min(axis=0) < 0, np.isnan(ends[-1])
for name, measured in (("period 2", swinging), ("hops", hopping), ("diverges", lost)):
    print(f"{name:9} measured {lrs[measured][0]:.3f}   theory {dynamics.THRESHOLDS[name]:.3f}")
print(dynamics.regime(1.27).words, "|", dynamics.regime(1.4).words)

# %% [markdown] lang="en" given="1.236"
# Below 1 the ball settles. Above it swings between two points; at $\sqrt5 - 1 \approx 1.236$ the period doubles, then
# again and again into chaos; at $3\sqrt3/2 - 1$ it crosses the barrier; at 2 it is lost. Chaos is not noise, yet from outside
# the two look alike: a rough loss curve does not prove that your data are noisy.

# %% [markdown] lang="zh" of="69646da2"
# η 小于 1 时小球停住；大于 1 则在两点间摆动；到 $\sqrt5 - 1 \approx 1.236$ 周期加倍，随后一再倍增直至混沌；到 $3\sqrt3/2 - 1$
# 越过势垒；到 2 便发散。混沌不是噪声，但从外面看两者很像：损失曲线粗糙，并不证明数据有噪声。

# %% [markdown] lang="en"
# ## 3 · Without mass, η is one over the damping
#
# A ball of mass $m$ in honey obeys $m \ddot\theta + \gamma \dot\theta = -\nabla L$. Without mass, speed is force
# over the damping $\gamma$; looked at every $\Delta t$, that is descent with $\eta = \Delta t / \gamma$. Only the ratio can be
# seen: half the η *is* twice the honey.

# %% [markdown] lang="zh" of="18c04420"
# ## 3 · 没有质量时，η 就是阻尼的倒数
#
# 质量为 $m$ 的小球在蜂蜜中服从 $m \ddot\theta + \gamma \dot\theta = -\nabla L$。没有质量时，速度等于力除以阻尼 $\gamma$；
# 每隔 $\Delta t$ 看一次，就是 $\eta = \Delta t / \gamma$ 的下降法。能观察到的只有这个比值：η 减半，
# 就是蜂蜜稠了一倍。

# %% [markdown] lang="en"
# `momentum` β gives the ball its mass: $v \leftarrow \beta v + \nabla L$, $\theta \leftarrow \theta - \eta v$.
# Under a steady push $v$ grows to $1/(1 - \beta)$ times the gradient, so over many updates the ball descends with the
# *effective* rate
#
# $$\eta_\text{eff} = \eta / (1 - \beta)$$

# %% [markdown] lang="zh" of="a5f1183a"
# `momentum` β 赋予小球质量：$v \leftarrow \beta v + \nabla L$，$\theta \leftarrow \theta - \eta v$。
# 在稳定的推力下，$v$ 增长到梯度的 $1/(1 - \beta)$ 倍，所以长期来看，小球以*有效*学习率下降：
#
# $$\eta_\text{eff} = \eta / (1 - \beta)$$

# %% [markdown] lang="en"
# **Predict** how far apart the losses below are: three runs share $\eta_\text{eff}$, the last does not.

# %% [markdown] lang="zh" of="26279fe1"
# **先猜一猜**下面的损失相差多少：前三次训练的 $\eta_\text{eff}$ 相同，最后一次不同。

# %% name="effective-rate"
for lr, momentum in ((0.1, 0.0), (0.05, 0.5), (0.01, 0.9), (0.1, 0.9)):
    model = training.mlp((64, 32, 10), seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    history = training.fit(model, digits, optimizer, updates=200)
    print(f"lr {lr:<4}  momentum {momentum}   loss {history.train.loss:.4f}")

# %% [markdown] lang="en"
# The first three agree within 2%. The fourth kept η and only added momentum: a tenfold learning rate in disguise.

# %% [markdown] lang="zh" of="9a3034dc"
# 前三次相差不到 2%。第四次保持 η 不变只加了动量：那是换了外表的十倍学习率。

# %% [markdown] lang="en"
# Mass makes the ball swing, which may cost updates or save them. In the bowl below, one direction is a hundred times as
# stiff as the other. **Predict** which knob helps more, η or β. The goal: 1% of the first distance after at most 50 updates.

# %% [markdown] lang="zh" of="371509e9"
# 有了质量，小球会摆动；这可能多费步数，也可能省下步数。下面的碗，一个方向的曲率是另一个方向的一百倍。
# **先猜一猜**：η 和 β，哪个旋钮更管用？目标：至多 50 步，把到谷底的距离降到起始的 1%。

# %% name="oscillator"
explorers.dynamics.oscillator()

# %% [markdown] lang="en"
# Each direction has its own **critical damping**, $\beta^* = (1 - \sqrt{\eta\lambda})^2$: with less momentum the
# ball creeps (where ηλ > 1 it jumps from side to side), with more it swings. One β cannot suit both, and the best pair
# lies where the two lines marked *critical* meet.

# %% [markdown] lang="zh" of="ce6b1365"
# 每个方向有自己的**临界阻尼**（critical damping）$\beta^* = (1 - \sqrt{\eta\lambda})^2$：动量小于它，小球缓慢爬行
# （ηλ > 1 时则每步翻到对侧）；大于它，小球摆动。一个 β 无法同时适合两个方向，最好的一对就在两条标着*临界*的线
# 相交之处。

# %% [markdown] lang="en"
# **Predict** what momentum saves when one curvature is a thousand times the other, and both methods, plain descent and
# the heavy ball, run at their best η and β.

# %% [markdown] lang="zh" of="5a37a946"
# **先猜一猜**：若一个曲率是另一个的一千倍，而普通下降法和重球法（heavy ball）都用各自最好的 η 和 β，
# 动量能省下多少步？

# %% name="condition-number"
bowl, root = dynamics.quadratic((0.001, 1.0)), 0.001**0.5
best = {"descent": (2 / 1.001, 0.0), "heavy ball": (4 / (1 + root) ** 2, ((1 - root) / (1 + root)) ** 2)}
for name, (lr, momentum) in best.items():
    path = dynamics.heavy_ball(bowl, (1.0, 1.0), lr, 7000, momentum=momentum)
    updates = np.argmax(np.abs(path).max(axis=1) < 1e-6)
    print(f"{name:10}  lr {lr:.2f}  momentum {momentum:.3f}   updates {updates}")

# %% [markdown] lang="en"
# To come within a millionth: 321 updates instead of 6908. The count grows with the ratio of curvatures for
# descent, but only with its square root for a ball of the right mass. Momentum also raises the limit, to $\eta < 2(1 + \beta)/\lambda$.

# %% [markdown] lang="zh" of="060a6c15"
# 要到达百万分之一以内：321 步，而不是 6908 步。下降法的步数与曲率之比成正比，质量合适的小球只与它的平方根成正比。
# 动量还把上限提高到 $\eta < 2(1 + \beta)/\lambda$。

# %% [markdown] lang="en"
# ## 4 · With noise, η is a temperature
#
# Let the gradient be noisy: $g = \lambda x + \sigma\xi$ with $\xi \sim N(0, 1)$. The ball no longer rests. In the
# steady state one update must leave the variance as it is, $V = (1 - \eta\lambda)^2 V + \eta^2\sigma^2$, hence
#
# $$\mathrm{Var}(x) = \frac{\eta\sigma^2}{\lambda (2 - \eta\lambda)}$$

# %% [markdown] lang="zh" of="deb0b4db"
# ## 4 · 有了噪声，η 就是温度
#
# 设梯度带噪声：$g = \lambda x + \sigma\xi$，其中 $\xi \sim N(0, 1)$。小球不再静止。稳态时一次更新不能改变方差，即
# $V = (1 - \eta\lambda)^2 V + \eta^2\sigma^2$，于是
#
# $$\mathrm{Var}(x) = \frac{\eta\sigma^2}{\lambda (2 - \eta\lambda)}$$

# %% [markdown] lang="en"
# A physicist calls $T = \lambda\,\mathrm{Var}(x)$ the temperature: the mean energy in a parabola is $T/2$. For a
# small step it is $\eta\sigma^2/2$, the formula you will meet everywhere.

# %% [markdown] lang="zh" of="a459a3e7"
# 物理学家把 $T = \lambda\,\mathrm{Var}(x)$ 叫作温度：抛物线中的平均能量是 $T/2$。步长很小时它等于
# $\eta\sigma^2/2$，文献里随处可见的就是这个公式。

# %% [markdown] lang="en"
# **Predict** by what factor that formula is wrong at ηλ = 0.1, and at ηλ = 1.

# %% [markdown] lang="zh" of="e02b7b91"
# **先猜一猜**：在 ηλ = 0.1 和 ηλ = 1 处，它各偏差多少？

# %% name="noise-temperature"
figures.dynamics.noise_temperature()

# %% [markdown] lang="en"
# With twenty thousand balls a point, the exact formula holds within two standard errors (1% each). The usual one is 5%
# low at 0.1, half the truth at 1, and useless near 2, where the fluctuations grow without bound. With momentum,
# read $\eta_\text{eff}$ for η:

# %% [markdown] lang="zh" of="10a50bd7"
# 每个点用两万个小球，精确公式在两个标准误（各 1%）之内成立。通常的公式在 0.1 处偏低 5%，在 1 处只有真值的一半，在 2
# 附近则毫无用处，那里的涨落无限增大。有动量时，把 η 换成 $\eta_\text{eff}$：

# %% name="momentum-temperature"
print(f"lr 0.1                 Var {dynamics.noise_variance(0.1):.4f}")
print(f"lr 0.01  momentum 0.9  Var {dynamics.noise_variance(0.01, momentum=0.9):.4f}")

# %% [markdown] lang="en"
# (λ = σ = 1.) They agree with $\eta_\text{eff}\sigma^2/2 = 0.05$; the 5% is the step-size error of plain descent, which the
# smaller η does not make.

# %% [markdown] lang="zh" of="94d67579"
# （λ = σ = 1。）两者都与 $\eta_\text{eff}\sigma^2/2 = 0.05$ 相符；那 5% 是普通下降法的步长误差，η 小了就没有了。

# %% [markdown] lang="en"
# Where does σ come from? A batch of B examples averages B gradients, so $\sigma^2 \propto 1/B$ and
# $T \propto \eta/B$.

# %% [markdown] lang="zh" of="16566d72"
# σ 从哪里来？大小为 B 的批对 B 个梯度取平均，所以 $\sigma^2 \propto 1/B$，而 $T \propto \eta/B$。

# %% [markdown] lang="en"
# **Predict**: take eight times the batch *and* eight times the learning rate. What happens to the loss that noise
# costs?

# %% [markdown] lang="zh" of="708068ea"
# **先猜一猜**：批大小和学习率都乘以八，噪声造成的那部分损失会怎样？

# %% name="batch-temperature"
figures.dynamics.batch_temperature()

# %% [markdown] lang="en"
# On the left three lines, on the right nearly one: a linear regression hardly tells a small batch from a large rate.
# (Dashed: the limit of small steps, with $H$ the Hessian and $s^2$ the variance of the labels' noise.)

# %% [markdown] lang="zh" of="56b74b17"
# 左边三条线，右边几乎归为一条：线性回归几乎分不清小批量与大学习率。
# （虚线：小步长极限，$H$ 为海森矩阵，$s^2$ 为标签噪声的方差。）

# %% [markdown] lang="en"
# The limit has its limit: at η/B = 0.08 the truth lies 16% above it for B = 2 and, for B = 8, where η = 0.64, 1.53 times
# as high, since the theory takes $2 - \eta\lambda$ for 2.

# %% [markdown] lang="zh" of="12fb2f33"
# 这个极限自有限度：η/B = 0.08 时，对 B = 2 真值高出它 16%；对 B = 8（η = 0.64），真值是它的 1.53 倍，因为理论把
# $2 - \eta\lambda$ 当成了 2。

# %% [markdown] lang="en"
# One warning before you trust the picture. A thermal bath shakes everywhere alike; the noise of batches is larger
# where the loss is curved. Two wells of equal depth, one flat, one sharp: **predict** where 800 balls prefer to be,
# for both kinds of noise.

# %% [markdown] lang="zh" of="17974676"
# 相信这幅图像之前，先给一个提醒。热浴处处一样地晃动；而批的噪声在损失弯曲处更大。两个势阱一样深，一平一尖：
# **先猜一猜**，对这两种噪声，800 个小球各偏爱哪里？

# %% name="where-it-breaks"
wells = dynamics.flat_and_sharp(width=1.5, height=0.5)
start = np.where(np.arange(800) % 2, -1.0, 1.5)

def curved(x):
    return np.where(x > 0, 2.5 / 1.5, 2.5)

for name, sigma in (("sigma constant", 2.5), ("sigma² ~ curvature", curved)):
    x = dynamics.langevin(wells, start, 0.05, sigma, 6000, seed=0)
    share = np.mean(x > 0)
    print(f"{name:18}   flat well {share:.0%} ± {np.sqrt(share * (1 - share) / 800):.1%}")

# %% [markdown] lang="en"
# A thermal bath prefers the flat well only as far as it is wider: 1.5 to 1, hence about 60%. Noise that follows the curvature drives nearly
# every ball out of the sharp one. So *temperature* is exact in one parabola and a guide elsewhere: each direction
# and each place of a network has its own.

# %% [markdown] lang="zh" of="91296092"
# 热浴偏爱平坦势阱，只因为它更宽：1.5 比 1，所以约 60%。跟随曲率的噪声却把几乎所有小球都赶出了尖势阱。所以温度在单个抛物线里是精确的，
# 在别处只是指引：网络的每个方向、每个位置都有自己的温度。

# %% [markdown] lang="en"
# ## 5 · Hot explores, cold settles
#
# Now cool by hand. Press ▶, and turn η down while the balls run: what you draw is a learning-rate schedule. Going
# back in time forgets what came after.

# %% [markdown] lang="zh" of="8aa214a7"
# ## 5 · 热则探索，冷则安定
#
# 现在亲手冷却。按 ▶，在小球运行时调低 η：你画出的就是一条学习率调度。把时间往回拖，之后那一段就作废。

# %% [markdown] lang="en"
# **Predict** which part of the run deserves most of the time. The goal: a mean loss of at most 0.5 at update 800.

# %% [markdown] lang="zh" of="00c46c43"
# **先猜一猜**：哪一段最值得多花时间？目标：第 800 步时平均损失至多 0.5。

# %% name="by-hand"
explorers.dynamics.by_hand()

# %% [markdown] lang="en"
# Start hot, or the balls stay where chance put them. Take your time while the barriers are a few T high:
# a ball still climbs out of a bad valley, but seldom out of a good one. End cold.

# %% [markdown] lang="zh" of="672fa969"
# 开始要热，否则小球只会留在偶然落下的地方。在势垒有几个 T 高的阶段多花时间：那时小球还能爬出浅谷，
# 却很少爬出最深的谷。结束要冷。

# %% [markdown] lang="en"
# **Predict**: give a linear decay ten times as many updates. How many more balls find the deepest of the nine
# valleys?

# %% [markdown] lang="zh" of="0c27e86a"
# **先猜一猜**：给线性衰减十倍的更新步数，会多出多少小球找到九个谷里最深的那个？

# %% name="slow-cooling"
figures.dynamics.slow_cooling()

# %% [markdown] lang="en"
# A **quench** (cooling at once; here, cold from the start) leaves 12% there, as chance would. Cooling over 300 updates brings 35%, over
# 3000 updates 57%. Each tenfold buys about 20 points: slow cooling pays, ever more slowly.

# %% [markdown] lang="zh" of="adad9cdd"
# **淬火**（quench，一下子冷却；这里是一开始就冷）只有 12% 在那里，与碰运气无异。用 300 步冷却达到 35%，用 3000 步达到 57%。每十倍时间换来大约
# 20 个百分点：慢冷有回报，只是越来越慢。

# %% [markdown] lang="en"
# Yet η is not a pure temperature. Turning it down also slows the ball: $T = \eta\sigma^2/2$ *and* the clock run
# down together. Drop η too early, and the ensemble is not annealed but **frozen**, far above the floor, with too
# little time left to climb any barrier.

# %% [markdown] lang="zh" of="3d904d3c"
# 但 η 不是纯粹的温度。调低它也让小球变慢：温度 $T = \eta\sigma^2/2$ 降下来，时钟也走得慢了。η 降得太早，小球就不是退火（annealing），
# 而是**冻结**：停在远高于最低点之处，剩下的时间不足以翻越任何势垒。

# %% [markdown] lang="en"
# ## 6 · Σ η is a clock
#
# Without noise only the clock is left: $\tau = \sum_t \eta_t$, the time of gradient flow. Then a schedule does not
# change *where* training goes, only *when* it gets there, and one run predicts all others.
#
# Drag the shape $p$ of the schedule: the dashed curve moves, and nothing is trained. **Predict** what makes this clock
# go wrong; then switch the training on. The goal: a miss of more than 5% with the full batch.

# %% [markdown] lang="zh" of="f008a34a"
# ## 6 · Σ η 是一只时钟
#
# 没有噪声时只剩下时钟：$\tau = \sum_t \eta_t$，即梯度流的时间。这时调度不改变训练走到哪里，只改变何时到达，
# 一次训练就能预测其余所有训练。
#
# 拖动调度的形状 $p$：虚线随之移动，并没有训练。**先猜一猜**什么会让这只时钟失准，再打开训练。目标：全批量下偏差超过 5%。

# %% name="clock"
explorers.dynamics.clock()

# %% [markdown] lang="en"
# Six schedules, one of them reversed in time, each with a mean rate of 0.05, train the same network on all digits
# at once. **Predict** how far apart their final losses are.

# %% [markdown] lang="zh" of="bcf7f351"
# 六种调度（其中一种在时间上倒放），平均学习率都是 0.05，用全部数字训练同一个网络。
# **先猜一猜**它们的最终损失相差多少？

# %% name="six-schedules"
from lrcourse import curves

schedules = {
    "constant": curves.constant(1),
    "linear": curves.linear_to_zero(1, 200),
    "cosine": curves.cosine_annealing_lr(1, T_max=200),
    "step": curves.multi_step_lr(1, [100, 150]),
    "triangle": lambda t: 1 - abs(t / 100 - 1),
    "backwards": lambda t: (t + 1) / 200,
}
figures.dynamics.one_clock(dynamics.clock(schedules, lr=0.05, updates=200))

# %% [markdown] lang="en"
# They end within 0.3% of one another, and at equal τ they never differ by more; at equal updates they differ by up to
# 130%. What breaks the clock without noise is a *peak* near $2/\lambda$: you will
# soon measure that limit.

# %% [markdown] lang="zh" of="d0c11be3"
# 它们的终点只相差 0.3%，在相同 τ 上也始终如此；在相同更新步上却最多相差 130%。没有噪声时，让时钟失准的是接近
# $2/\lambda$ 的峰值：稍后你会量出这个上限。

# %% [markdown] lang="en"
# Noise breaks it too. **Predict** how far apart a linear decay and its reversal end, for batches of 16.

# %% [markdown] lang="zh" of="ec0cdaef"
# 噪声也会让它失准。**先猜一猜**：批大小为 16 时，线性衰减与它的倒放终点相差多少？

# %% name="clock-and-noise"
pair = {name: schedules[name] for name in ("linear", "backwards")}
for lr in (0.05, 0.2):
    full = dynamics.clock(pair, lr=lr).final_spread
    noisy = [dynamics.clock(pair, lr=lr, batch_size=16, seed=seed).histories for seed in (0, 1, 2)]
    print(f"lr {lr:<4}  full batch: {full:.1%} apart   batch 16, final losses:", end="")
    for name in pair:
        losses = [histories[name].train.loss for histories in noisy]
        print(f"  {name} {np.mean(losses):.3f} ± {np.std(losses, ddof=1) / 3**0.5:.3f}", end="")
    print()

# %% [markdown] lang="en"
# At 0.05 the noise is too small to matter. At 0.2 the decay ends lower than its reversal, and that gap is the reason for
# this whole course. Without noise, a schedule is a relabelling of time. With it, a
# schedule is also a temperature curve, and its *order* begins to matter: hot first, cold last.

# %% [markdown] lang="zh" of="2dedafba"
# lr 为 0.05 时噪声太小，无关紧要。lr 为 0.2 时，线性衰减的终点低于它的倒放，这道差距正是整门课程存在的理由。没有噪声，调度只是给时间换个刻度；有了噪声，调度还是一条温度曲线，次序便开始重要：
# 先热，后冷。

# %% [markdown] lang="en"
# ## At work: know your 2/λ
#
# The largest curvature of your own network costs a few dozen gradients. Multiply a unit vector by the Hessian and
# shorten it to unit length, again and again: it turns into the sharpest direction, and its length before the
# shortening is λ. **Predict** whether training makes this network sharper or flatter.

# %% [markdown] lang="zh" of="6f47e1d8"
# ## 实战：量出你的 2/λ
#
# 求自己网络的最大曲率，只需计算几十次梯度。把一个单位向量反复乘以海森矩阵再归一化，它就逐渐转向曲率最大的方向，
# 归一化之前的长度则趋于 λ。**先猜一猜**：训练让这个网络变尖锐还是变平坦？

# %% name="sharpness"
def sharpness(loss, parameters, iterations=20, seed=0):
    """Largest curvature of the loss: plain SGD needs lr < 2 / sharpness."""
    torch.manual_seed(seed)
    parameters = list(parameters)
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    vector = [torch.randn_like(p) for p in parameters]
    for _ in range(iterations):
        product = torch.autograd.grad(gradient, parameters, vector, retain_graph=True)
        length = torch.sqrt(sum((p**2).sum() for p in product))
        vector = [p / length for p in product]
    return length.item()

# %% name="sharpness-digits"
model = training.mlp((64, 32, 10), seed=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for updates in (0, 200, 400, 600, 800):
    if updates:
        training.fit(model, digits, optimizer, updates=200)
    loss = torch.nn.functional.cross_entropy(model(digits.x), digits.y)
    curvature = sharpness(loss, model.parameters())
    print(f"updates {updates:3}   loss {loss.item():.3f}   sharpness {curvature:.2f}   2/λ = {2 / curvature:.2f}")

# %% [markdown] lang="en"
# First sharper, then flatter: the limit falls from 1.06 to 0.88, and by update 800 it stands at 1.20. Now the clock
# makes sense. A schedule that falls broke it with a peak near 1; one that rises ($p < 0$) takes larger peaks,
# because they come when the limit is higher. Go back and try.

# %% [markdown] lang="zh" of="2f1b294e"
# 先变尖锐，再变平坦：上限从 1.06 降到 0.88，到第 800 步时升到 1.20。这就解释了那只时钟：下降的调度在峰值接近 1
# 时就打破它；上升的调度（$p < 0$）承受得住更大的峰值，因为峰值到来时上限已经更高。回去试试。

# %% [markdown] lang="en"
# ## Traps
#
# - **Counting η twice.** It is the time step or the speed; both at once gives η².
# - **Adding momentum, keeping lr.** `momentum=0.9` alone multiplies the effective rate by ten.
# - **Trusting ησ²/2.** It holds while ηλ is small; at ηλ = 1 the truth is twice that.
# - **Expecting temperature without noise.** With the full batch, a lower η only slows the clock.
# - **Cooling too early.** The run freezes where it happens to be, as after a quench.

# %% [markdown] lang="zh" of="67a43415"
# ## 陷阱
#
# - **把 η 算两次。** 它是时间步长或速度；两者同时用就成了 η²。
# - **加了动量却不改 lr。** 单是 `momentum=0.9` 就把有效学习率乘以十。
# - **迷信 ησ²/2。** 只有 ηλ 很小时它才成立；ηλ = 1 时真值是它的两倍。
# - **没有噪声却期待温度。** 全批量下，降低 η 只是让时钟变慢。
# - **冷却太早。** 训练就冻结在它恰好所在的地方，和淬火一样。

# %% [markdown] lang="en"
# ## What you take with you
#
# - One update is a time step η of gradient flow; the error is of order η, and of order η² to the modified flow.
# - Descent settles below 2/λ; in a double well it then swings, turns chaotic, hops and is lost, at thresholds one
#   can compute.
# - Equal $\eta/(1 - \beta)$, equal descent; $\beta^* = (1 - \sqrt{\eta\lambda})^2$ damps critically.
# - $T = \lambda\,\mathrm{Var}(x) = \eta\sigma^2/(2 - \eta\lambda)$ and $T \propto \eta/B$: exact in a parabola, a
#   guide elsewhere.
# - Hot explores, cold settles; the slower the cooling, the more balls find the deepest valley.
# - Without noise all schedules share the clock Σ η; noise, and peaks near 2/λ, break it.

# %% [markdown] lang="zh" of="f024dc2e"
# ## 要点
#
# - 一次更新就是梯度流的一个时间步 η；误差是 η 的一阶，对修正流则是二阶。
# - 低于 2/λ 时下降会停住；在双势阱中，再往上依次摆动、混沌、跳跃、发散，各阈值都算得出来。
# - $\eta/(1 - \beta)$ 相同，下降就相同；$\beta^* = (1 - \sqrt{\eta\lambda})^2$ 是临界阻尼。
# - $T = \lambda\,\mathrm{Var}(x) = \eta\sigma^2/(2 - \eta\lambda)$，且 $T \propto \eta/B$：在抛物线中精确，
#   在别处是指引。
# - 热则探索，冷则安定；冷却越慢，找到最深谷的小球越多。
# - 没有噪声时，所有调度共用时钟 Σ η；噪声以及接近 2/λ 的峰值会让它失准。

# %% [markdown] lang="en"
# ## On your own
#
# The [exercises of this section](../exercises/01_dynamics.ipynb) check themselves: *Stay below the limit*, *Take
# the steps yourself*, *Set two schedules to the same clock*, *Choose how much it trembles*, *Cool the ball*. Then
# go on to [02 · Schedulers](02_schedulers.ipynb), where the curves you drew by hand have names in PyTorch.

# %% [markdown] lang="zh" of="5935132f"
# ## 自己动手
#
# [本节练习](../../exercises/zh/01_dynamics.ipynb)会自动检查：“别越过上限”“亲手走几步”“把两个调度对到同一个时钟”
# “选定抖动的大小”“让小球冷却”。之后继续学习 [02 · 调度器](02_schedulers.ipynb)：你亲手画出的曲线，在 PyTorch
# 里都有名字。

# %% [markdown] lang="en"
# ## Sources
#
# - Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964: heavy ball and its best
#   parameters.
# - Barrett and Dherin, *Implicit Gradient Regularization*, ICLR 2021, arXiv:2009.11162: the modified flow.
# - Kong and Tao, *Stochasticity of Deterministic Gradient Descent*, NeurIPS 2020, arXiv:2002.06189: chaos at large
#   rates.
# - Liu, Ziyin and Ueda, *Noise and Fluctuation of Finite Learning Rate SGD*, ICML 2021, arXiv:2012.03636: the exact
#   variance.
# - Mandt, Hoffman and Blei, *SGD as Approximate Bayesian Inference*, JMLR 2017, arXiv:1704.04289: noise as
#   temperature.
# - Kirkpatrick, Gelatt and Vecchi, *Optimization by Simulated Annealing*, Science 1983: cool slowly.
# - Goh, [*Why Momentum Really Works*](https://distill.pub/2017/momentum/), Distill 2017: the sliders that set the
#   standard.

# %% [markdown] lang="zh" of="a4c58ab6"
# ## 来源
#
# - Polyak，*Some methods of speeding up the convergence of iteration methods*，1964：重球法及其最佳参数。
# - Barrett 与 Dherin，*Implicit Gradient Regularization*，ICLR 2021，arXiv:2009.11162：修正流。
# - Kong 与 Tao，*Stochasticity of Deterministic Gradient Descent*，NeurIPS 2020，arXiv:2002.06189：
#   大学习率下的混沌。
# - Liu、Ziyin 与 Ueda，*Noise and Fluctuation of Finite Learning Rate SGD*，ICML 2021，arXiv:2012.03636：精确方差。
# - Mandt、Hoffman 与 Blei，*SGD as Approximate Bayesian Inference*，JMLR 2017，arXiv:1704.04289：噪声即温度。
# - Kirkpatrick、Gelatt 与 Vecchi，*Optimization by Simulated Annealing*，Science 1983：慢慢冷却。
# - Goh，[*Why Momentum Really Works*](https://distill.pub/2017/momentum/)，Distill 2017：交互滑块的标杆。
