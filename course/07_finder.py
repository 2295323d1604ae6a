# %% [markdown] lang="en"
# # Find a learning rate in a hundred updates
#
# **35 minutes · you need sections 01 and 02.** Raise the learning rate at every update, watch the loss, and read off what
# the model can bear. You will be able to
#
# 1. run a range test on your own loop in two lines, and read its two panels,
# 2. say where a parabola's loss turns, and why the range is logarithmic,
# 3. smooth without bias, and say how late the average is,
# 4. choose among four suggestions, and say how far each may be off,
# 5. recognise a test that says nothing, and say when to repeat it,
# 6. do it with param groups, accumulation, a validation loader and any batch, and leave no trace.

# %% [markdown] lang="zh" of="cabfd8f1"
# # 用一百步找到学习率
#
# **35 分钟 · 你需要第 01 和 02 节。** 每一步都把学习率调高一点，盯住损失，就能读出模型承受得了多大的学习率。学完本页，你将能够
#
# 1. 用两行代码在自己的训练循环上做学习率范围测试，并看懂它的两个面板；
# 2. 说出抛物线的损失在哪里转向，以及范围为什么要取对数；
# 3. 无偏地平滑，并说出平均值滞后多少；
# 4. 在四种建议之间选择，并说出每一种可能偏离多远；
# 5. 认出一次什么也说明不了的测试，并知道何时该重做；
# 6. 在参数组、梯度累积、验证集和任意批次下使用它，并且不留痕迹。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en" given="1e-5"
# ## Read it off, then try it
#
# Above: a network trains once, for a hundred updates, while $\eta$ rises from 1e-8 towards 10 (shown from 1e-5). The
# loss falls, turns up, explodes. Below: the same network, trained afresh for 300 updates at one constant $\eta$, the
# slider's.

# %% [markdown] lang="zh" of="36735c04"
# ## 先读出来，再试一试
#
# 上方：一个网络只训练一次，约一百步，其间 $\eta$ 从 1e-8 升向 10（从 1e-5 处画起）。损失先下降，再转向，最后急剧发散。下方：
# 同一个网络从头训练 300 步，用的是一个恒定的 $\eta$，由滑块决定。

# %% [markdown] lang="en"
# **Predict** from the upper curve alone where the lower is lowest: at the turn, or how far left of it? The goal is a
# loss within 0.02 of the best, on each of the three networks. Then show the trainings at all rates.

# %% [markdown] lang="zh" of="2e212dab"
# **先猜一猜**：只看上面的曲线，下面的损失在哪里最低？在转向处，还是在它左边多远？目标：在三个网络上，损失与最佳相差都不超过 0.02。
# 之后再打开所有学习率的训练结果。

# %% name="read-it"
from lrcourse import explorers

explorers.finder.read_it()

# %% [markdown] lang="en"
# On the first network the best rate is half of where the curve turns, on the others a seventh or less. So the curve names
# a neighbourhood: this section says how large, and what to do inside it.

# %% [markdown] lang="zh" of="c83f8054"
# 在第一个网络上，最佳学习率是转向处的一半；在另外两个上，只有七分之一或更低。所以，曲线给出的只是一个大致的范围。
# 本节说明这个范围有多大，以及在其中该怎么办。

# %% [markdown] lang="en"
# ## A training that breaks on purpose
#
# This is all of a *range test* (Smith, 2015): raise $\eta$ before every update, and write down the loss. Smith adds the
# same amount each time; we multiply by the same factor, as fastai does.

# %% [markdown] lang="zh" of="d78e365e"
# ## 故意把训练弄坏
#
# *学习率范围测试*（range test，Smith，2015）不过如此：每一步之前都调高 $\eta$，并记下损失。
# Smith 每次加上同一个量；我们则像 fastai 那样，每次乘以同一个因子。

# %% name="data"
import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset
from lrcourse import training

digits = training.digits()

def loader(data, batch_size=32):
    rows = BatchSampler(RandomSampler(data.x), batch_size, drop_last=True)  # whole batches at once: quicker
    return DataLoader(TensorDataset(data.x, data.y), sampler=rows, batch_size=None)

# %% name="by-hand"
torch.manual_seed(0)
model = training.mlp((64, 32, 10), nn.ReLU, seed=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches, losses = [*loader(digits), *loader(digits), *loader(digits)], []
for lr, (x, y) in zip(np.geomspace(1e-8, 10, 100), batches, strict=False):
    optimizer.param_groups[0]["lr"] = lr
    optimizer.zero_grad()
    loss = cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print("first", f"{losses[0]:.2f}", " lowest", f"{min(losses):.2f}", " last", f"{losses[-1]:.3g}")
print(f"accuracy {training.evaluate(model, digits.x, digits.y).accuracy:.2f}")

# %% [markdown] lang="en"
# It worked, and it left a ruin: the model guesses one digit in ten, as by chance, and the optimizer holds the last
# rate, 10. `find_lr` does the same, stops in time, suggests, and puts everything back.

# %% [markdown] lang="zh" of="c5dd74b5"
# 测试成功了，却留下一片废墟：模型十个数字只猜中一个，与瞎猜无异，优化器里还留着最后的学习率 10。
# `find_lr` 做的是同样的事，但会及时停下，给出建议，并把一切还原。

# %% [markdown] lang="en"
# ## Two lines
#
# A model with batch norm and dropout, so that there is something to put back. **Predict** what a hundred updates change
# besides the weights.

# %% [markdown] lang="zh" of="4183a433"
# ## 两行代码
#
# 这次用带批归一化和 dropout 的模型，好让它有东西可还原。**先猜一猜**：除了权重，一百步更新还会改动什么？

# %% name="model"
def new_model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10)
    )

model = new_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
train_loader = loader(digits)

# %% name="two-lines"
from lrcourse import find_lr

before = [tensor.clone() for tensor in model.state_dict().values()]
result = find_lr(model, train_loader, cross_entropy, optimizer, seeds=5)

print("suggested", f"{result.suggested_lr:.2g}", " stopped:", result.stopped)
print("changed", sum(not torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True)))
print("lr of the optimizer", optimizer.param_groups[0]["lr"])

# %% [markdown] lang="en"
# The statistics of batch norm, the momentum, the random states, the rate: all are put back. `seeds=5` makes five tests,
# each from the same weights with batches of its own. A plain `suggested_lr, lrs, losses = find_lr(...)` works too.
#
# It also leaves the optimizer's rate alone: to use the suggestion is up to you.

# %% [markdown] lang="zh" of="e16a59be"
# 批归一化的统计量、动量、随机状态、学习率：全都还原了。`seeds=5` 做五次测试，每次都从相同的权重出发，批次各不相同。直接写
# `suggested_lr, lrs, losses = find_lr(...)` 也可以。
#
# 优化器的学习率也原样不动：要不要采用建议，由你决定。

# %% name="plot"
result.plot()

# %% [markdown] lang="en"
# Above, the loss of each test, thin, and their mean, with four suggestions. Below, the slope of the loss over $\ln\eta$:
# where it dips deepest the loss falls fastest, and where it crosses 0 the loss turns.
#
# Each suggestion is the median of the five tests, so it may lie a step beside the mean's.

# %% [markdown] lang="zh" of="20d7e506"
# 上方细线是每次测试的损失，粗线是它们的均值，并标出四种建议。下方是损失对 $\ln\eta$ 的斜率：
# 陷得最深之处，损失下降最快；越过 0 之处，损失转向。
#
# 每个建议都是五次测试的中位数，所以可能与均值曲线的读数差一步。

# %% [markdown] lang="en"
# ## Why the loss turns
#
# Section 01: on a parabola of curvature $\lambda$ each update multiplies $x$ by $1 - \eta\lambda$. **Predict** where the
# loss of a range test is lowest for $\lambda = 0.5$, 2 and 40.

# %% [markdown] lang="zh" of="212d79a8"
# ## 损失为什么会转向
#
# 第 01 节：在曲率为 $\lambda$ 的抛物线上，每一步都把 $x$ 乘以 $1 - \eta\lambda$。**先猜一猜**：
# 对于 $\lambda = 0.5$、2 和 40，范围测试的损失在哪里最低？

# %% name="bowl"
class Bowl(nn.Module):
    def __init__(self, *curvatures):
        super().__init__()
        self.curvatures = torch.tensor(curvatures, dtype=torch.float64)
        self.x = nn.Parameter(torch.ones_like(self.curvatures))

    def forward(self):
        return (self.curvatures * self.x**2).sum() / 2

def test_of(bowl, **options):
    sgd = torch.optim.SGD(bowl.parameters(), lr=1.0)
    return find_lr(bowl, [None], None, sgd, closure=lambda model, batch: model(), **options)

bowls = {c: test_of(Bowl(c), init_lr=1e-3, num_steps=200, smoothing=0) for c in (0.5, 2, 40)}

# %% name="bowl-figure"
from lrcourse.figures import finder as figures

figures.turns(bowls)

# %% [markdown] lang="en"
# At $2/\lambda$, to one step of the test: beyond it $|1 - \eta\lambda| > 1$.
#
# A network has many curvatures. **Predict** how far from $2/\lambda_{\max}$ a sum of two parabolas turns, of curvatures 2
# and 0.02, or 40 and 0.5.

# %% [markdown] lang="zh" of="ce879988"
# 在 $2/\lambda$ 处，误差不到测试的一步：再往上，$|1 - \eta\lambda| > 1$。
#
# 网络有许多曲率。**先猜一猜**：两条抛物线之和，曲率为 2 和 0.02，或 40 和 0.5，转向处离 $2/\lambda_{\max}$ 有多远？

# %% name="two-bowls"
for pair in ((2, 0.02), (40, 0.5)):
    run = test_of(Bowl(*pair), init_lr=1e-3, num_steps=200, smoothing=0)
    turn = run.lrs[run.losses.argmin()]
    print(f"curvatures {pair}: turns at {turn:.2g}, {turn * max(pair) / 2:.1f} times 2/λ_max")

# %% [markdown] lang="en"
# More than five times beyond it: the steepest direction sets off the explosion, but along it $x$ has shrunk to almost
# nothing by then, and must first grow back. So the turn is an upper estimate of $2/\lambda_{\max}$.
#
# A network's steepest curvature also rises and falls as it learns, and its gradient is noisy. The parabola tells why there
# is a turn; it does not tell which constant rate is best.

# %% [markdown] lang="zh" of="3c1680d5"
# 是它的五倍多：爆炸由曲率最大的方向引发，但那时 $x$ 在这个方向上已经缩得几乎为零，得先重新长大。
# 所以转向处给出的是 $2/\lambda_{\max}$ 的偏高估计。
#
# 而且，网络最大的曲率随学习而起落，梯度还带噪声。抛物线说明了为什么会有转向，却没有说明哪个恒定学习率最好。

# %% [markdown] lang="en"
# ## A range in decades
#
# **Predict**: a hundred learning rates from 1e-8 to 10, equally spaced. How many lie below 0.1? And if each is the one
# before times a factor?

# %% [markdown] lang="zh" of="ed3b3889"
# ## 按数量级划分范围
#
# **先猜一猜**：从 1e-8 到 10 等距地取一百个学习率，有几个低于 0.1？若每一个都是前一个乘以同一因子呢？

# %% name="linear"
for mode in ("linear", "exponential"):
    run = test_of(Bowl(40), num_steps=100, smoothing=0, mode=mode, stop_factor=np.inf)
    print(f"{mode:12}", "below 0.1:", int((run.lrs < 0.1).sum()), " loss lowest at", f"{run.lrs[run.losses.argmin()]:.2g}")

# %% [markdown] lang="en"
# One, against 77. The second linear step is already beyond $2/\lambda = 0.05$, so that test sees nothing but an
# explosion: its "lowest" is the loss before the first real step.
#
# Trap: the linear mode is for a range of one decade, such as the bounds of a cyclic rate.

# %% [markdown] lang="zh" of="918ab921"
# 前者只有一个，后者有 77 个。线性的第二步就已越过 $2/\lambda = 0.05$，整个测试只看到爆炸：
# 它的“最低点”不过是第一次真正更新之前的损失。
#
# 陷阱：线性模式只适合一个数量级以内的范围，例如循环学习率的上下界。

# %% [markdown] lang="en"
# ## An average that starts right
#
# Single batches are noisy, so the test averages: $m_t = \beta\,m_{t-1} + (1-\beta)\,L_t$, $\beta = 0.9$. **Predict** $m_0$,
# begun at 0, when the first loss is about 2.5.

# %% [markdown] lang="zh" of="8831991d"
# ## 从一开始就对的平均
#
# 单个批次的损失有噪声，所以要取平均：$m_t = \beta\,m_{t-1} + (1-\beta)\,L_t$，$\beta = 0.9$。
# **先猜一猜**：从 0 开始、首个损失约为 2.5 时，$m_0$ 是多少？

# %% name="averages"
lrs, losses = result.runs[0].lrs, result.runs[0].losses
print("m_0 =", f"{0.1 * losses[0]:.2f}", " first loss", f"{losses[0]:.2f}")
figures.averages(lrs, losses)

# %% [markdown] lang="en"
# A tenth of the loss: the average climbs, for thirty steps, and its minimum is its first point. Divide by the weights
# gathered so far, $1 - \beta^{t+1}$, and it is right at once. To begin at the first loss helps, but six batches later
# that one still weighs more than all others together ($0.9^6 > 0.5$).

# %% [markdown] lang="zh" of="b0d93b33"
# 只有损失的十分之一：平均在最初三十步里一路上爬，最低点竟是第一个点。除以迄今累积的权重 $1 - \beta^{t+1}$，它立刻就对了。
# 从首个损失开始也有帮助，但六个批次之后，那一个的权重仍超过其余的总和（$0.9^6 > 0.5$）。

# %% [markdown] lang="en" given="1.4"
# Dots: the batches of a parabola on a floor of 1; dashed: its loss without noise; line: the average. **Predict** how late
# the average sees the fall, as a factor of $\eta$, over nine decades in a hundred steps.
#
# Then bring it within a factor of 1.4, keeping at most 30% of the noise; there is more than one way.

# %% [markdown] lang="zh" of="56052a34"
# 点：各批次的损失（一条抛物线，底部高 1）；虚线：没有噪声的损失；实线：平均。
# **先猜一猜**：用一百步走完九个数量级，平均要晚多少（以 $\eta$ 的倍数计）才看到下降？
#
# 然后让滞后不超过 1.4 倍，且噪声至多剩下 30%；办法不止一种。

# %% name="lag"
explorers.finder.lag()

# %% name="lag-numbers"
for num_steps in (100, 300):
    decades = 0.9 / (1 - 0.9) * 9 / (num_steps - 1)
    print(num_steps, "steps: lag", f"{decades:.2f} decades, a factor of {10**decades:.1f}")

# %% [markdown] lang="en"
# It lags by $\beta/(1-\beta) = 9$ updates, whatever an update is worth: 0.82 decades of a hundred steps, 0.27 of three
# hundred. (The measured lag is less where the loss bends within those nine steps.)
#
# So take more steps, or a narrower range, and not less smoothing. The lag also shifts the turn to the right: what to
# divide it by depends on the number of steps.

# %% [markdown] lang="zh" of="8962fd05"
# 它滞后 $\beta/(1-\beta) = 9$ 步，不管一步相当于多少：一百步的测试是 0.82 个数量级，三百步的是 0.27 个。
# （若损失在这九步之内就弯了过去，实测的滞后会小一些。）
#
# 所以应该增加步数或收窄范围，而不是减少平滑。滞后还会把转向处推向右边：该把它除以几，取决于步数。

# %% [markdown] lang="en"
# ## Four suggestions
#
# - `steepest`: where the loss falls fastest per unit of $\ln\eta$.
# - `valley`: the middle of the longest fall (fastai's rule).
# - `minimum/3` and `minimum/10`: the turn, divided. The default is `minimum/10`.
#
# Over five seeds each varies by a factor of about two. **Predict**: does a rule that repeats itself to a factor of two
# come within a factor of two of the best rate?

# %% [markdown] lang="zh" of="13af4014"
# ## 四种建议
#
# - `steepest`：损失对 $\ln\eta$ 下降最快之处。
# - `valley`：最长一段下降的中点（fastai 的规则）。
# - `minimum/3` 与 `minimum/10`：转向处除以 3 或 10。默认是 `minimum/10`。
#
# 在五个随机种子之间，每一种都变化约两倍。**先猜一猜**：一条重复起来只差两倍的规则，与最佳学习率相差也在两倍以内吗？

# %% name="spread"
for rule, lr in result.suggestions.items():
    print(f"{rule:10} {lr:.2g}  x {result.spread[rule]:.1f}")

# %% [markdown] lang="en"
# Here each repeats itself to a factor of about two, and they are much further from one another. Repeatable is not right: what
# counts is the training.

# %% [markdown] lang="zh" of="b769c07d"
# 在这里，每一种重复起来都在两倍上下，而它们彼此之间相差远得多。能重复不等于正确：要看训练的结果。

# %% [markdown] lang="en"
# ## Against the truth
#
# Three networks, 300 updates each at nine constant rates and at the four suggestions, four seeds. **Predict** which rule
# wins on all three.
#
# Band: ± standard error. Bar: from the smallest to the largest suggestion of the five tests.

# %% [markdown] lang="zh" of="38ad7d9b"
# ## 与真相对照
#
# 三个网络，各用九个恒定学习率和四种建议训练 300 步，四个随机种子。**先猜一猜**：哪条规则在三个网络上都赢？
#
# 色带：± 标准误。横线：五次测试中从最小到最大的建议值。

# %% name="truth"
found = {}
for name, bench in figures.BENCHES.items():
    model = bench.model(0)
    optimizer = bench.optimizer(model.parameters())
    test = find_lr(model, loader(bench.data()), cross_entropy, optimizer, seeds=5)
    found[name] = test, figures.truth(test, bench.lrs, bench.train)

figures.against(found)

# %% name="truth-numbers"
for name, (test, true) in found.items():
    print(name, " best", f"{true.lrs[true.best]:.2g}")
    for rule, lr, cost, error in zip(test.suggestions, true.suggested, *true.cost(), strict=True):
        print(f"   {rule:10} {lr:.2g}  x {lr / true.lrs[true.best]:.2g}  loss {cost:+.3f} ± {error:.3f}")

# %% [markdown] lang="en" given="0.15"
# None: `minimum/3` wins on the first, `minimum/10` on the other two. `steepest` is eleven times too high on the second,
# `valley` twenty-three times too low on the first: either may miss by more than an order of magnitude.
#
# `minimum/10` missed by about four at most; with other seeds it lay between 0.15 and 2 times the best.

# %% [markdown] lang="zh" of="7453769c"
# 没有：第一个网络上 `minimum/3` 最好，另外两个上 `minimum/10` 最好。`steepest` 在第二个上是最佳的十一倍，
# `valley` 在第一个上只有最佳的二十三分之一：这两条规则都可能偏离超过一个数量级。
#
# `minimum/10` 最多只差约四倍；换一批随机种子，它落在最佳的 0.15 到 2 倍之间。

# %% [markdown] lang="en"
# Too low costs patience, too high costs the run. So take the careful rule, and let trainings do the rest: a third, once
# and three times the suggestion, here at full length, 300 updates, on three new seeds each.

# %% [markdown] lang="zh" of="7e3cb307"
# 太低费的是耐心，太高则毁掉整次训练。所以采用谨慎的规则，剩下的交给训练：建议值的三分之一、一倍和三倍，
# 这里都训练满 300 步，各用三个新的随机种子。

# %% name="three"
for name, (test, true) in found.items():
    tried = test.suggested_lr * np.array([1 / 3, 1, 3])
    losses = figures.BENCHES[name].train(tried, seeds=range(8, 11))
    lr = tried[np.nanargmin(losses.mean(1))]
    fresh = figures.BENCHES[name].train([lr, true.lrs[true.best]], seeds=range(20, 28))
    cost = fresh[0] - fresh[1]
    print(f"{name:9} takes {lr:.2g}  loss {cost.mean():+.3f} ± {cost.std(ddof=1) / 8**0.5:.3f} above the best")

# %% [markdown] lang="en"
# Chosen on three seeds, judged on eight others, it comes within 0.02 of the grid's best: the first network gains
# (0.069 → 0.015), the other two were already there. That is the recipe: one test, three rates.

# %% [markdown] lang="zh" of="b28622ae"
# 用三个种子挑选，用另外八个评判：损失比网格中最好的只高不到 0.02。第一个网络获益最大（0.069 → 0.015），
# 另外两个本来就已接近最佳。这就是全部做法：一次测试，三个学习率。

# %% [markdown] lang="en"
# Now each button takes one rule. Reach the goal on all three networks. **Predict**: which do you press first, and which way
# do you go from there?

# %% [markdown] lang="zh" of="21601f54"
# 现在每个按钮对应一条规则。要在三个网络上都达到目标。**先猜一猜**：先按哪一个，再往哪边调？

# %% name="rules"
explorers.finder.read_it(rules=True)

# %% [markdown] lang="en"
# ## A schedule bears more
#
# The sweep above holds $\eta$ constant. **Predict**: now a straight line to 0. Is the best *start* higher or lower than
# the best constant rate?

# %% [markdown] lang="zh" of="5e310139"
# ## 调度能承受更大的学习率
#
# 上面的扫描用的是恒定的 $\eta$。**先猜一猜**：现在沿直线降到 0。最佳的*起点*比最佳的恒定学习率高，还是低？

# %% name="schedule"
from lrcourse import curves

for name, (test, true) in found.items():
    bench = figures.BENCHES[name]
    losses = bench.train([*bench.lrs, test.suggested_lr], shape=curves.linear_to_zero(1, 300))
    losses = np.nan_to_num(losses, nan=9.0)  # diverged: as bad as it gets
    best = losses[:-1].mean(1).argmin()
    cost = losses[-1] - losses[best]
    print(f"{name:9} best start {bench.lrs[best]:.2g}  best constant {true.lrs[true.best]:.2g}",
          f" minimum/10 {cost.mean():+.3f} ± {cost.std(ddof=1) / len(cost)**0.5:.3f}")

# %% [markdown] lang="en"
# Higher, about two to three times (0.95 against 0.53, 0.13 against 0.04, 0.022 against 0.007): a rate too hot to end with
# may be right to begin with.
#
# So for a schedule that decays the suggestion is rather low: `minimum/10` costs 0.104 to 0.187. Try the three rates
# with *your* schedule.

# %% [markdown] lang="zh" of="4f5af6ef"
# 更高，约为两到三倍（0.95 对 0.53，0.13 对 0.04，0.022 对 0.007）：不适合收尾的学习率，也许正适合开头。
#
# 所以对会衰减的调度，建议值就偏低了：`minimum/10` 的代价是 0.104 到 0.187。试那三个学习率时，要用*你自己的*调度。

# %% [markdown] lang="en"
# ## When to measure again
#
# One network, its setting changed. **Predict** what matters more: the batch size $B$, from 8 to 512, or the momentum
# $\beta$ (not the average's), from 0 to 0.99?

# %% [markdown] lang="zh" of="fced45ac"
# ## 什么时候要重新测
#
# 同一个网络，改变设置。**先猜一猜**：批大小 $B$ 从 8 到 512，动量 $\beta$（不是平均的那个）从 0 到 0.99，哪一个影响更大？

# %% name="settings"
def measure(batch_size=32, momentum=0.0, updates=0):
    model = training.mlp((64, 32, 10), nn.ReLU, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    if updates:
        training.fit(model, digits, optimizer, updates=updates, batch_size=32)
    return find_lr(model, loader(digits, batch_size), cross_entropy, optimizer, seeds=5)

tests = {"B = 8": measure(batch_size=8), "B = 32": found["digits"][0], "B = 512": measure(batch_size=512)}
tests |= {f"β = {momentum}": measure(momentum=momentum) for momentum in (0.9, 0.99)}
figures.intervals(tests)

# %% [markdown] lang="en"
# The momentum. From 0 (the row $B = 32$) to 0.99 the suggestion falls by a factor of eight, far less than the hundred of
# $1/(1-\beta)$ (section 01). The batch size, 64-fold, changes it by a factor of two, as do the seeds.
#
# That is the suggestion; whether the best rate stays as well is not measured here.

# %% [markdown] lang="zh" of="e14bdfab"
# 是动量。从 0（即 $B = 32$ 那一行）到 0.99，建议值降到约八分之一，而按 $1/(1-\beta)$（第 01 节）本应降到百分之一。
# 批大小相差 64 倍，建议值只差两倍，种子之间也是这么多。
#
# 这说的是建议值；最佳学习率是否同样不变，这里没有测。

# %% [markdown] lang="en"
# ## When the test says nothing
#
# **Predict**: the same network, already trained for 300 updates. Where does its loss fall, and what do five seeds suggest?

# %% [markdown] lang="zh" of="b4fbdb46"
# ## 什么时候测试说明不了什么
#
# **先猜一猜**：同一个网络，已训练过 300 步。它的损失在哪里下降？五个随机种子又会给出什么建议？

# %% name="trained"
trained = measure(updates=300)
print("minimum/10:", [f"{run.suggestions['minimum/10']:.1g}" for run in trained.runs])
for doubt in trained.doubts:
    print("·", doubt)

# %% [markdown] lang="en"
# It hardly falls: what a hundred updates still gain is less than the noise of the batches, so the minimum is an accident,
# and the suggestions lie decades apart.
#
# If you will start afresh, test fresh weights; if you go on from trained ones, let trainings decide.
#
# `result.doubts` says so. Another of its warnings, for a range that is too short:

# %% [markdown] lang="zh" of="03462b80"
# 几乎不下降：一百步还能带来的下降小于批次间的噪声，所以最低点只是偶然，各建议相差好几个数量级。
#
# 若要从头训练，就测试全新的权重；若要从训练过的权重继续，就让训练结果来决定。
#
# `result.doubts` 会说出来。它还有另一种警告，针对太短的范围：

# %% name="doubts"
model = training.mlp((64, 32, 10), nn.ReLU, seed=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
short = find_lr(model, loader(digits), cross_entropy, optimizer, final_lr=0.1, seeds=3)
print(f"{short.suggested_lr:.2g}", *(f"· {doubt}" for doubt in short.doubts))

# %% [markdown] lang="en"
# ## It stops in time
#
# At four times the best loss, most finders stop. **Predict** what `loss > 4 * best` does with a negative
# log-likelihood (of a density) that begins at −3.

# %% [markdown] lang="zh" of="a2a92cee"
# ## 及时停下
#
# 多数查找器在损失达到最佳的四倍时停下。**先猜一猜**：若损失是概率密度的负对数似然，从 −3 开始，`loss > 4 * best` 会怎样？

# %% name="stop"
bowl = Bowl(2)
sgd = torch.optim.SGD(bowl.parameters(), lr=1.0)
shifted = find_lr(bowl, [None], None, sgd, 1e-3, num_steps=200, closure=lambda model, batch: model() - 4)
best = np.minimum.accumulate(shifted.losses)
print("first loss", shifted.losses[0], " naive rule stops at update", int(np.argmax(shifted.losses > 4 * best)))
print("ours at update", len(shifted.losses) - 1, " η =", f"{shifted.lrs[-1]:.2g}", shifted.stopped)

broken = find_lr(bowl, [None], None, sgd, closure=lambda model, batch: torch.log(3 - model()), stop_factor=np.inf)
print("log of a negative number:", broken.stopped, " all kept losses finite:", bool(np.isfinite(broken.losses).all()))

# %% [markdown] lang="en"
# It stops before it has begun: −3 is more than −12. `find_lr` asks how far the loss has *risen* above its best, as a share
# of `abs(best)`, so the sign does not matter. And a loss that is not finite ends the test and is not kept; `np.argmin`
# would take the nan for the smallest of all.

# %% [markdown] lang="zh" of="a5bd7d0f"
# 还没开始就停了：−3 大于 −12。`find_lr` 看的是损失比最佳*上升*了多少，以它占 `abs(best)` 的比例计，所以损失是正是负都无妨。
# 非有限的损失会结束测试，且不被保留；否则 `np.argmin` 会把 nan 当成最小的。

# %% [markdown] lang="en"
# ## Four endings
#
# A test comes to its end, diverges, fails, or is interrupted. **Predict** after which of them the fingerprint of
# everything (weights, buffers, momentum, gradients, mode, rates, three random states) has changed.

# %% [markdown] lang="zh" of="9449f43e"
# ## 四种结局
#
# 测试或是走完，或是发散，或是出错，或是被打断。**先猜一猜**：哪一种之后，全部状态（权重、缓冲区、动量、梯度、模式、学习率、三个随机状态）的指纹会变？

# %% name="fingerprint"
import hashlib
import pickle
import random

def fingerprint():
    state = [tensor.numpy().tobytes() for tensor in model.state_dict().values()]
    state += [parameter.grad.numpy().tobytes() for parameter in model.parameters()]
    state += [entry["momentum_buffer"].numpy().tobytes() for entry in optimizer.state.values()]
    state += [module.training for module in model.modules()] + [optimizer.param_groups[0]["lr"]]
    state += [torch.get_rng_state().numpy().tobytes(), random.getstate(), np.random.get_state()[1].tobytes()]
    return hashlib.sha256(pickle.dumps(state)).hexdigest()[:8]

# %% name="endings"
model = new_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
training.fit(model, digits, optimizer, updates=20, batch_size=32)  # so that there is momentum to put back

class Breaks:
    def __init__(self, error):
        self.calls, self.error = 0, error

    def __call__(self, outputs, targets):
        self.calls += 1
        if self.error and self.calls == 40:
            raise self.error
        return cross_entropy(outputs, targets)

# %% name="endings-run"
start = fingerprint()
for ending, error, last in [("end", None, 1e-3), ("diverged", None, 1e3), ("error", ValueError(), 1), ("Ctrl-C", KeyboardInterrupt(), 1)]:
    try:
        stopped = find_lr(model, train_loader, Breaks(error), optimizer, final_lr=last).stopped
    except BaseException as caught:
        stopped = type(caught).__name__
    print(f"{ending:9} {stopped:18}", "same" if fingerprint() == start else "CHANGED")

# %% [markdown] lang="en"
# After none. For comparison, as measured by `python -m benchmarks.bench_finder` of this course: torch-lr-finder 0.2.2 leaves the model trained until
# you call `reset()`, and then the random state, mode and gradients are still others; fastai 2.8.12 restores model and optimizer, and not the random state.

# %% [markdown] lang="zh" of="9f8abdd3"
# 哪一种之后都没有变。作为对照（由本课程的 `python -m benchmarks.bench_finder` 测得）：torch-lr-finder 0.2.2 在你调用 `reset()`
# 之前一直留着训练过的模型，调用之后随机状态、模式和梯度仍与原来不同；fastai 2.8.12 会还原模型和优化器，但不还原随机状态。

# %% [markdown] lang="en"
# ## At work
#
# Two param groups, at 1e-4 and 1e-3, and one test; accumulation and clipping are as in your loop. **Predict** how the
# two suggestions are related.

# %% [markdown] lang="zh" of="f694e6b8"
# ## 实战
#
# 两个参数组分别为 1e-4 和 1e-3，只做一次测试；梯度累积和裁剪与你的训练循环相同。**先猜一猜**：两个建议值是什么关系？

# %% name="work"
model = new_model()
optimizer = torch.optim.AdamW([
    {"params": model[:2].parameters(), "lr": 1e-4}, {"params": model[2:].parameters(), "lr": 1e-3},
])
result = find_lr(model, loader(digits, 8), cross_entropy, optimizer, seeds=3, accumulation_steps=4, clip=1.0)
print("groups", [f"{lr:.2g}" for lr in result.suggested_lrs])

for group, lr in zip(optimizer.param_groups, result.suggested_lrs, strict=True):
    group["lr"] = lr                       # find_lr does not; and only then build the scheduler
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=300)
print("base ", [f"{lr:.2g}" for lr in scheduler.base_lrs])

# %% [markdown] lang="en"
# The second is ten times the first: param groups keep the ratio of their rates, and `suggested_lr` is the first group's.
#
# A scheduler takes its base rates when it is built, so set the rate first.
#
# The loss may be watched on a validation loader, and a batch may be anything that a closure understands.

# %% [markdown] lang="zh" of="b48def9b"
# 第二个是第一个的十倍：各参数组的学习率保持比例，`suggested_lr` 是第一组的。
#
# 调度器在构造时取定基准学习率，所以要先设定学习率。
#
# 也可以改为观察验证集上的损失；批次可以是任何东西，只要闭包看得懂。

# %% name="closure"
validation = [(digits.x_test[:200], digits.y_test[:200])]  # in earnest: not your test set
dicts = [{"pixels": x, "labels": y} for x, y in loader(digits)]

def closure(model, batch):
    return cross_entropy(model(batch["pixels"]), batch["labels"])

watched = find_lr(model, train_loader, cross_entropy, optimizer, val_loader=validation)
print("validation", f"{watched.suggested_lr:.1g}", " dict batches",
      f"{find_lr(model, dicts, None, optimizer, closure=closure).suggested_lr:.1g}")

# %% [markdown] lang="en"
# `Finder` is the same test in single updates: stop when you like, look at the model, go on. It too restores everything,
# at the end of the `with` block.

# %% [markdown] lang="zh" of="a5011eca"
# `Finder` 是同一个测试的逐步版本：想停就停，看看模型，再继续。它同样会在 `with` 块结束时还原一切。

# %% name="pieces"
from lrcourse.finder import Finder

with Finder(model, train_loader, cross_entropy, optimizer) as finder:
    for point in finder:
        if point.lr > 1e-4:
            break
    print("stopped at update", point.update, " loss", f"{point.smoothed:.2f}")
    point = list(finder)[-1]
    print("went on to update", point.update, " loss", f"{point.smoothed:.2f}", finder.stopped)

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. `find_lr(model, loader, criterion, optimizer, seeds=5)` and `result.plot()`: the loss, and its slope over $\ln\eta$.
# 2. A parabola turns at $2/\lambda$. The range spans decades, so each step multiplies.
# 3. Divide the average by $1 - \beta^{t+1}$. It lags by $\beta/(1-\beta)$ steps; more steps make that fewer decades.
# 4. No rule wins everywhere; here they were off by up to 23, `minimum/10` by 4. Take it, then try a third and three times of
#    it: one test, three rates.
# 5. Read `doubts`. Measure again for another optimizer, momentum or model, from the weights that you will train from.
# 6. Groups keep ratios, closures take any batch, everything is restored; set the rate, then build the scheduler.

# %% [markdown] lang="zh" of="cbaec63c"
# ## 要点
#
# 1. `find_lr(model, loader, criterion, optimizer, seeds=5)` 与 `result.plot()`：损失，以及它对 $\ln\eta$ 的斜率。
# 2. 抛物线在 $2/\lambda$ 处转向。范围跨越多个数量级，所以每一步都是相乘。
# 3. 平均要除以 $1 - \beta^{t+1}$。它滞后 $\beta/(1-\beta)$ 步；步数越多，折合的数量级越少。
# 4. 没有哪条规则处处都赢：这里最多偏离 23 倍，`minimum/10` 则是 4 倍。采用它，再试它的三分之一和三倍：
#    一次测试，三个学习率。
# 5. 看 `doubts`。换了优化器、动量或模型就要重测，并且用真正起步时的权重来测。
# 6. 参数组保持比例，闭包能处理任何批次，一切都会还原；先设定学习率，再构造调度器。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 07](../exercises/07_finder.ipynb): 07.1 an average that starts right · 07.2 find the learning
# rate of your own model (compulsory) · 07.3 a range test that leaves no trace · 07.4 read a curve that may mislead.

# %% [markdown] lang="zh" of="495438f9"
# ## 自己动手
#
# [第 07 节的练习](../../exercises/zh/07_finder.ipynb)：07.1 从一开始就对的平均 · 07.2 找到你自己模型的学习率（必做）·
# 07.3 不留痕迹的范围测试 · 07.4 读一条可能误导人的曲线。

# %% [markdown] lang="en" given="3.3"
# ## Sources
#
# - Smith, Cyclical learning rates for training neural networks, arXiv:1506.01186 (section 3.3: the range test).
# - Howard and Gugger, fastai: a layered API for deep learning, arXiv:2002.04688 (`lr_find` and its suggestions).
# - Kingma and Ba, Adam, arXiv:1412.6980 (section 3: the debiased average).

# %% [markdown] lang="zh" of="25c71c34"
# ## 来源
#
# - Smith，Cyclical learning rates for training neural networks，arXiv:1506.01186（3.3 节：范围测试）。
# - Howard 与 Gugger，fastai: a layered API for deep learning，arXiv:2002.04688（`lr_find` 及其建议）。
# - Kingma 与 Ba，Adam，arXiv:1412.6980（第 3 节：去偏的平均）。
