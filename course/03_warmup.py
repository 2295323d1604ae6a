# %% [markdown] lang="en"
# # Start slowly, go further
#
# **30 minutes · you need sections 01 and 02.** A learning rate that would blow a network up on its first update can
# train it well a hundred updates later. You will be able to
#
# 1. measure the curvature of a loss, and say what a warm-up does to it, without any noise,
# 2. say when a warm-up pays, when it does not, and when "it survived" means that it died,
# 3. add a warm-up to any PyTorch scheduler, right from the first update,
# 4. tell four conventions of "five warm-up updates" apart,
# 5. write down the Transformer's learning rate, and its peak.

# %% [markdown] lang="zh" of="06b30e88"
# # 慢起步，走得更远
#
# **30 分钟 · 你需要第 01、02 节。** 一个在第一步就会把网络炸掉的学习率，一百步之后却可能把它训练得很好。
# 学完本页，你将能够
#
# 1. 测量损失的曲率，并说出在毫无噪声时，预热（warmup）对它做了什么；
# 2. 说出预热何时划算、何时不划算，以及何时“活了下来”其实是死了；
# 3. 给任何 PyTorch 调度器加上预热，从第一步起就正确；
# 4. 分清“预热五步”的四种约定；
# 5. 写出 Transformer 的学习率公式及其峰值。

# %% lang="en" tags=["setup"]
import lrcourse
lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import lrcourse
lrcourse.use_language("zh")

# %% [markdown] lang="en"
# ## Feed a network a forbidden rate
#
# Section 01: on a quadratic of curvature $\lambda$, gradient descent is stable up to $\eta = 2/\lambda$. Here are four
# real tanh networks that learn 128 digits by their mean squared error (MSE), all at once, so without noise.
# $\lambda_0$ is the curvature each starts with, and $\eta$ is counted in units of $2/\lambda_0$.
#
# Update $t = 0, 1, 2, \dots$ of a warm-up of $w$ updates uses $\eta\,(t + 1)/(w + 1)$: equal steps, none of them 0, and
# update $w$ is the first at the full rate $\eta$.

# %% [markdown] lang="zh" of="b676bca5"
# ## 喂给网络一个被禁止的学习率
#
# 第 01 节说过：在曲率为 $\lambda$ 的二次函数上，梯度下降在 $\eta = 2/\lambda$ 以内稳定。这里是四个真实的 tanh 网络，
# 用均方误差（MSE）学习 128 张数字图像，每步都用上全部图像，所以没有噪声。$\lambda_0$ 是各网络起步时的曲率，
# $\eta$ 以 $2/\lambda_0$ 为单位。
#
# 预热 $w$ 步时，第 $t = 0, 1, 2, \dots$ 步使用 $\eta\,(t + 1)/(w + 1)$：每步升高同样多，没有一步是 0，
# 第 $w$ 步首次用上全部学习率 $\eta$。

# %% [markdown] lang="en" given="0.015"
# **Predict**: can any of them live at eight times the limit? Goal: all four, with a loss below 0.015. Networks retrain
# when you let go of a slider.

# %% [markdown] lang="zh" of="d1e7f22a"
# **先猜一猜**：在上限的八倍处，它们有谁能活下来吗？目标：四个都活着，且损失低于 0.015。松开滑块时，网络会重新训练。

# %% name="edge"
from lrcourse import explorers

explorers.warmup.edge()

# %% [markdown] lang="en"
# They can, if the rate climbs slowly. Blue is where $\lambda\eta/2$ would go if the curvature stayed $\lambda_0$; orange is
# measured. Take eight times the limit and a warm-up of 120: both pass 1 together; then orange turns back and stays just
# above 1. The grey line in the upper picture is the loss of a network that gives the same answer to every digit.

# %% [markdown] lang="zh" of="86773507"
# 能，只要学习率爬得够慢。蓝线是假如曲率一直停在 $\lambda_0$，$\lambda\eta/2$ 会走到哪里；橙线是实测。取上限的八倍，把预热设为 120：
# 两者一起越过 1，随后橙线折回，停在略高于 1 的地方。上图的灰线，是对每张图都给出同一个答案的网络的损失。

# %% [markdown] lang="en"
# ## Measure the curvature yourself
#
# The sharpness $\lambda$ is the largest eigenvalue of the Hessian $H$ of the loss. Nobody stores $H$. Autograd gives
# the product $Hv$ for the price of one more backward pass, and $v \leftarrow Hv/|Hv|$ turns any vector towards the top
# eigenvector.

# %% [markdown] lang="zh" of="cc39ff23"
# ## 亲手测量曲率
#
# 锐度（sharpness）$\lambda$ 是损失的海森矩阵（Hessian）$H$ 的最大特征值。没有人会存下整个 $H$：自动微分只需再做一次反向传播就给出乘积 $Hv$，
# 而 $v \leftarrow Hv/|Hv|$ 会把任意向量逐渐转向最大特征值对应的特征向量。

# %% name="sharpness"
import torch
from torch import nn

def sharpness(model, loss, iterations=40):
    parameters = list(model.parameters())
    gradient = torch.autograd.grad(loss(model), parameters, create_graph=True)
    v = [torch.randn_like(p) for p in parameters]
    for _ in range(iterations):
        norm = sum(part.square().sum() for part in v) ** 0.5
        v = [part / norm for part in v]
        product = torch.autograd.grad(gradient, parameters, v, retain_graph=True)
        value = sum((a * b).sum() for a, b in zip(v, product, strict=True))
        v = product
    return value.item()

# %% [markdown] lang="en"
# **Predict**: how much does $\lambda_0$ differ between random initialisations?

# %% [markdown] lang="zh" of="a1830768"
# **先猜一猜**：不同的随机初始化，$\lambda_0$ 会相差多少？

# %% name="first-curvature"
from lrcourse import training

data = training.digits(train=128)
targets = nn.functional.one_hot(data.y, 10).float()

def loss(model):
    return nn.functional.mse_loss(model(data.x), targets)

torch.manual_seed(0)
for seed in range(4):
    value = sharpness(training.mlp((64, 32, 32, 10), gain=1.0, seed=seed), loss)
    print(f"seed {seed}  sharpness {value:.2f}  2/sharpness {2 / value:.3f}")

# %% [markdown] lang="en"
# By tens of percent. So we count each network's $\eta$ in its own $2/\lambda_0$.
#
# ## A slower start survives more
#
# Eight seeds, eight peaks, three lengths of warm-up, 200 updates each. **Predict** the largest peak that all eight
# survive without any warm-up.

# %% [markdown] lang="zh" of="7feb0e79"
# 相差百分之几十。因此每个网络的 $\eta$ 都以它自己的 $2/\lambda_0$ 为单位。
#
# ## 起步越慢，越能承受
#
# 八个随机种子、八个峰值、三种预热长度，各 200 个更新步。**先猜一猜**：没有预热时，八个网络全部存活的最大峰值是多少？

# %% name="survival"
import numpy as np
from lrcourse import curves
from lrcourse.figures import warmup as figures
from lrcourse.training.sharpness import descend

peaks = [1, 2, 3, 4, 6, 8, 12, 16]  # in units of 2/lambda_0

def ramps(peaks, warmup):
    return [curves.linear_warmup(peak, warmup)(range(200)) for peak in peaks]

runs = {warmup: descend(ramps(peaks, warmup), seeds=8) for warmup in (0, 40, 120)}
figures.survival(runs)

# %% name="survival-numbers"
def mean(values, digits=2):
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.{digits}f}"

for warmup, run in runs.items():
    last = run.loss[:, :, -1]
    best = np.flatnonzero(np.isfinite(last).all(axis=1))[-1]
    print(f"warmup {warmup:3}  largest peak {peaks[best]}  loss there {mean(last[best], 4)}  loss at 2 {mean(last[1], 4)}")

# %% [markdown] lang="en"
# Twice $2/\lambda_0$ without a warm-up, three times with 40 updates, eight times with 120. (Why not once? The next step
# shows it.) No batch was drawn, so nothing here is thermal: "warm-up = slow heating" is the wrong mechanism.
#
# With sixteen other seeds the limits without a warm-up and with 120 updates were the same; with 40 updates it was twice
# or three times.
#
# What it buys is the right to a larger rate, and it costs updates: at equal peak every warm-up ends *higher*. Used to the
# full, that right pays: 0.0093 at eight times, against 0.0112 without a warm-up.

# %% [markdown] lang="zh" of="61e63e0b"
# 无预热是 $2/\lambda_0$ 的两倍，预热 40 步是三倍，120 步是八倍。（为什么不是一倍？下一步会看到。）
# 这里没有抽过任何批次，根本谈不上热：“预热就是慢慢加热”，这个解释是错的。
#
# 换用另外十六个随机种子，无预热仍是两倍，120 步仍是八倍；40 步则是两倍或三倍。
#
# 预热换来的，是使用更大学习率的权利；代价是更新步：峰值相同时，有预热的最终损失都*更高*。把这个权利用足，就划算：
# 八倍处的损失为 0.0093，无预热时为 0.0112。

# %% [markdown] lang="en"
# ## The ramp presses the curvature down
#
# **Predict** the curvature of networks that have reached $\eta = 8 \times 2/\lambda_0$ alive.

# %% [markdown] lang="zh" of="a1a93fb6"
# ## 爬升压低曲率
#
# **先猜一猜**：当学习率爬到 $\eta = 8 \times 2/\lambda_0$，而网络还活着，这时曲率是多少？

# %% name="ramp"
run = descend(curves.linear_warmup(8, 120)(range(200)), seeds=8, every=5)
for t in range(0, 200, 20):
    curvature, edge = run.sharpness[0, :, t // 5] / run.initial, run.edge[0, :, t // 5]
    print(f"update {t:3}  eta {run.rates[0, t]:.2f}  lambda/lambda_0 {mean(curvature)}  lambda eta/2 {mean(edge)}")
print("lambda eta/2 from update 60 on:", mean(run.edge[0, :, 60 // 5 :].mean(axis=1)))

# %% [markdown] lang="en"
# A seventh of $\lambda_0$; to be stable at this $\eta$ takes an eighth. Past the edge the network swings to and fro across
# the narrow direction, the swing throws it to where the valley is wider, and it is stable again. So it hovers just
# above $\lambda\eta/2 = 1$, the **edge of stability**.

# %% [markdown] lang="zh" of="947e0a59"
# 是 $\lambda_0$ 的七分之一；在这个 $\eta$ 下要稳定，需要八分之一。越过边界，网络就在狭窄的方向上来回摆动，
# 摆动把它甩到山谷更宽的地方，于是又稳定了。它就这样徘徊在略高于 $\lambda\eta/2 = 1$ 的地方；这个 1 就是**稳定边界**（edge of stability）。

# %% [markdown] lang="en"
# Where the picture breaks: on a true quadratic the curvature cannot change, and no warm-up helps. It takes a landscape
# that has wider places to be thrown to, and a step beyond the edge small enough not to overshoot them. That is what the
# slow ramp provides.

# %% [markdown] lang="zh" of="83978763"
# 这幅图像在哪里失效：真正的二次函数曲率不变，预热毫无用处。景观里要有更宽的地方可去，而且越界的那一步要小到不会飞过头。
# 缓慢的爬升提供的正是后者。

# %% [markdown] lang="en"
# ## Look at what survived
#
# The same networks with ReLU and He's initialisation. **Predict** the loss of those that survive sixteen times the
# limit with no warm-up: lower or higher than at three times?

# %% [markdown] lang="zh" of="48e9d44d"
# ## 看看活下来的是什么
#
# 同样的网络，换成 ReLU 和 He 初始化。**先猜一猜**：没有预热却在十六倍上限处活下来的网络，损失是多少？
# 比三倍处的低，还是高？

# %% name="dead"
for warmup in (0, 40):
    run = descend(ramps([3, 8, 16], warmup), seeds=8, activation=nn.ReLU, gain=2.0)
    for peak, last in zip([3, 8, 16], run.loss[:, :, -1], strict=True):
        finite = last[np.isfinite(last)]
        print(f"warmup {warmup:2}  peak {peak:2}  not nan {len(finite)} of 8  loss {mean(finite, 4)}")
constant = (targets - targets.mean(0)).square().mean().item()
print(f"constant loss {constant:.4f}")

# %% [markdown] lang="en"
# Higher: 0.0882, and 0.0885 is what one gets by giving the same ten numbers, their means, to *every* digit. The first
# updates have thrown the ReLUs to where they put out 0 for any input. Then no gradient passes, and a dead network is
# perfectly stable.
#
# With a warm-up all eight live, and the largest rate is the best one. Always print the loss.

# %% [markdown] lang="zh" of="1d40befa"
# 更高：0.0882；而对*每张*图都给出同样的十个数（各自的平均值），损失就是 0.0885。最初几步把 ReLU 甩到了无论输入什么都输出 0 的地方，
# 梯度传不过去，而死网络稳定得很。
#
# 有了预热，八个全都活着，而且最大的学习率正是最好的。务必打印损失。

# %% [markdown] lang="en"
# ## A warm-up rescues a post-LN transformer
#
# Five blocks, LayerNorm *after* each residual sum (post-LN), as in the original paper; each digit cut into eight tokens;
# AdamW. Both plans end in a straight line to zero and have the same $\sum\eta$.

# %% [markdown] lang="zh" of="6121cac7"
# ## 预热救活了 post-LN Transformer
#
# 五个块，LayerNorm 放在每次残差相加*之后*（post-LN），与原论文一致；每张数字图像切成八个 token；优化器为 AdamW。
# 两个方案最后都沿直线降到零，且 $\sum\eta$ 相同。

# %% name="plans"
def plan(warmup, updates):
    def schedule(lr):
        cooling = curves.linear_to_zero(lr, updates - warmup)
        return curves.then(curves.linear_warmup(lr, warmup), cooling, at=warmup)
    return schedule

for warmup in (0, 40):
    print(f"warmup {warmup:2}  path {plan(warmup, 120)(0.01)(range(120)).sum():.3f}")

# %% [markdown] lang="en"
# **Predict**: at which of the two rates, 0.003 and 0.01, does the warm-up matter? Is a lower rate as good a cure?

# %% [markdown] lang="zh" of="ebb5baf4"
# **先猜一猜**：0.003 和 0.01 这两个学习率，在哪一个上预热才要紧？把学习率调低，是不是同样有效？

# %% name="transformer"
def post_ln(seed):
    return training.transformer(norm="post", blocks=5, seed=seed)

plans = {"none": plan(0, 120), "warmup": plan(40, 120)}
result = training.sweep(training.digits(), plans, lrs=[0.003, 0.01], seeds=5, updates=120, batch_size=16,
                        model=post_ln, optimizer="adamw", progress=False)
figures.rescue(result)

# %% name="transformer-gain"
for j, lr in enumerate(result.lrs):
    print(f"lr {lr}  gain {mean(result.accuracy[1, j] - result.accuracy[0, j])}")
best = result.accuracy[1, 1] - result.accuracy[0, 0]
print(f"best warmup - best none {mean(best)}")

# %% [markdown] lang="en" given="0.24 0.05"
# At 0.01 the warm-up turns 0.45 into 0.81. At 0.003 it hardly matters, so a lower rate is a cure too, but a weaker one:
# warmed up, the larger rate wins by 0.10.
#
# Both gains depend on the seeds: with `seeds=range(5, 10)` they are 0.24 instead of 0.36, and 0.05 instead of 0.10.

# %% [markdown] lang="zh" of="369e5118"
# 在 0.01 上，预热把 0.45 变成 0.81。在 0.003 上几乎没有差别，所以调低学习率也是一剂药，只是药力较弱：有了预热，更大的学习率胜出 0.10。
#
# 这两个增益都随种子而变：换成 `seeds=range(5, 10)`，0.36 变为 0.24，0.10 变为 0.05。

# %% [markdown] lang="en"
# ## Try it on an ordinary classifier
#
# An MLP with He's initialisation, cross-entropy, batches of 32, momentum 0.9, five rates, eight seeds. **Predict** how
# much further the warm-up lets $\eta$ go.

# %% [markdown] lang="zh" of="b9e92d2d"
# ## 换一个普通的分类器试试
#
# He 初始化的 MLP，交叉熵，批大小 32，动量 0.9，五个学习率，八个随机种子。**先猜一猜**：预热能让 $\eta$ 再大多少？

# %% name="null"
def he_mlp(seed):
    return training.mlp((64, 32, 32, 10), nn.ReLU, gain=2.0, seed=seed)

plans = {"none": plan(0, 200), "warmup": plan(40, 200)}
null = training.sweep(training.digits(), plans, lrs=[0.02, 0.04, 0.08, 0.16, 0.32], seeds=8, updates=200, batch_size=32,
                      model=he_mlp, momentum=0.9, progress=False)
for lr, without, warmed in zip(null.lrs, *null.accuracy, strict=True):
    print(f"lr {lr:.2f}  none {mean(without, 3)}  warmup {mean(warmed, 3)}  gain {mean(warmed - without, 3)}")

# %% [markdown] lang="en"
# Not at all: both are best at 0.08 and both fail at 0.32. What remains at small rates is less than one percentage point,
# and with eight other seeds most of it is gone.
#
# Why not? We did not measure it: loss, batches and momentum all differ from the networks above. He's initialisation
# alone is not the reason: those that died had it too.

# %% [markdown] lang="zh" of="db68911d"
# 一点也不能：两者都在 0.08 处最好，都在 0.32 处失败。小学习率上剩下的差别不到一个百分点；换用另外八个随机种子，这点差别也大半消失。
#
# 为什么？我们没有测量：损失函数、批次和动量都与上面的网络不同。原因不单是 He 初始化：死掉的那些网络用的也是它。

# %% [markdown] lang="en"
# ## At work: one line after your scheduler
#
# Build the scheduler you want as if there were no warm-up, for the updates that are left to it. Hand it to
# the warm-up scheduler, and from then on step only that one.

# %% [markdown] lang="zh" of="875569f4"
# ## 实战：在你的调度器后加一行
#
# 先当作没有预热，构造你想要的调度器，长度只算预热之后剩下的步数；再把它交给预热调度器。此后只让预热调度器步进。

# %% [markdown] lang="en"
# **Predict** the rates of epochs 0, 4 and 5, for a base rate of 0.1 and 5 epochs of warm-up.

# %% [markdown] lang="zh" of="adf9750f"
# **先猜一猜**：基准学习率为 0.1、预热 5 轮时，第 0、4、5 轮的学习率。

# %% name="work"
from torch.optim import lr_scheduler

model = nn.Linear(64, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
scheduler = lrcourse.get_linear_warmup_scheduler(optimizer, warmup_epochs=5, total_epochs=20, after_scheduler=cosine)
lrs = []
for _ in range(20):  # epochs of one batch
    loss = nn.functional.cross_entropy(model(data.x), data.y)
    optimizer.zero_grad()
    loss.backward()
    lrs.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    scheduler.step()
print(np.round(lrs, 4))

# %% [markdown] lang="en"
# $(t + 1)/(w + 1)$ of the base rate, with $w = 5$: a sixth at first, five sixths at epoch 4, all of it at epoch 5, where
# the cosine begins from *its* beginning. No epoch is wasted, nothing jumps.

# %% [markdown] lang="zh" of="b6fd77b8"
# 是基准学习率的 $(t + 1)/(w + 1)$，其中 $w = 5$：起初六分之一，第 4 轮六分之五，第 5 轮全部，
# 余弦就在那里从*自己的*起点开始。没有一轮被浪费，也没有跳变。

# %% [markdown] lang="en"
# PyTorch alone can do this too, with `LinearLR` in a `SequentialLR`; and so can one pure function. **Predict** whether
# all three agree.

# %% [markdown] lang="zh" of="e7eb5912"
# 只用 PyTorch 也能做到：把 `LinearLR` 放进 `SequentialLR`；一个纯函数也行。**先猜一猜**三者是否一致。

# %% name="torch-way"
from lrcourse.schedulers import record

def in_torch(optimizer):
    warm = lr_scheduler.LinearLR(optimizer, start_factor=1 / 6, total_iters=5)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
    return lr_scheduler.SequentialLR(optimizer, [warm, cosine], milestones=[5])

pure = curves.then(curves.linear_warmup(0.1, 5), curves.cosine_annealing_lr(0.1, T_max=15), at=5)
print("torch   ", np.allclose(record(in_torch, 20, lr=0.1), lrs, rtol=1e-9))
print("function", np.allclose(record(lambda optimizer: lrcourse.CurveLR(optimizer, pure), 20), lrs, rtol=1e-9))

# %% [markdown] lang="en"
# They do. But `SequentialLR` raises an error where the scheduler that follows wants a metric. `WarmupScheduler` passes
# the metric on, from the end of the warm-up.

# %% [markdown] lang="zh" of="eb581cd1"
# 一致。但若之后的调度器需要指标，`SequentialLR` 就会报错。`WarmupScheduler` 会把指标传给它，从预热结束时开始。

# %% name="plateau"
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
plateau = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
try:
    lr_scheduler.SequentialLR(optimizer, [lr_scheduler.LinearLR(optimizer), plateau], milestones=[3])
except ValueError as error:
    print(str(error).split(" as ")[0])

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
plateau = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
scheduler = lrcourse.WarmupScheduler(optimizer, warmup_epochs=3, after_scheduler=plateau)
for epoch in range(9):
    print(epoch, f"{optimizer.param_groups[0]['lr']:.3f}")
    optimizer.step()
    scheduler.step(1.0)  # a loss that never moves

# %% [markdown] lang="en"
# ## Five updates, four readings
#
# Papers and libraries disagree about what "five warm-up updates" are: $(t + 1)/(w + 1)$; $(t + 1)/w$; $t/w$; or $t/w$
# in front of a cosine that has run on since update 0. **Predict** which of the four waste their first update, and which
# never reaches the peak.

# %% [markdown] lang="zh" of="749cf2db"
# ## 同是五步，四种读法
#
# “预热五步”是什么意思，论文和各个库说法不一：$(t + 1)/(w + 1)$；$(t + 1)/w$；$t/w$；或者仍是 $t/w$，
# 但后面的余弦从第 0 步就已经开始走。**先猜一猜**：四种之中哪些浪费了第一步，哪一种永远到不了峰值？

# %% name="conventions"
figures.conventions(warmup=5)

# %% [markdown] lang="en"
# `transformers` uses $t/w$: update 0 runs at 0. So does timm, whose cosine by default has run on meanwhile, so that the
# peak is never reached. $(t + 1)/w$ arrives one update early. This course, like torchtitan, uses $(t + 1)/(w + 1)$.
#
# The same in plain PyTorch: how far does the first update move the weights?

# %% [markdown] lang="zh" of="b8c0bd1a"
# `transformers` 用 $t/w$：第 0 步的学习率为 0。timm 也一样，而且它的余弦默认在此期间照走不误，所以永远到不了峰值。
# $(t + 1)/w$ 早到一步。本课程与 torchtitan 相同，用 $(t + 1)/(w + 1)$。
#
# 用纯 PyTorch 看同一件事：第一步让权重移动了多远？

# %% name="wasted"
for name, rise in {"t/w": lambda t: min(t / 5, 1), "(t+1)/(w+1)": lambda t: min((t + 1) / 6, 1)}.items():
    torch.manual_seed(0)
    model = nn.Linear(64, 10)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lr_scheduler.LambdaLR(optimizer, rise)
    nn.functional.cross_entropy(model(data.x), data.y).backward()
    optimizer.step()
    print(f"{name:12} moved {(model.weight - before).norm().item():.4f}")

# %% [markdown] lang="en"
# ## The Transformer's own rate
#
# $$\eta = d_\text{model}^{-1/2}\,\min\left(s^{-1/2},\; s\,w^{-3/2}\right), \qquad s = t + 1$$
#
# The schedule of *Attention is all you need*: linear warm-up for $w$ updates (`warmup_steps`), then an inverse square
# root, which cools without a horizon and never gets cold. $d_\text{model}$ is the width of the model. The formula gives
# the rate itself, no multiplier: your optimizer's `lr` is ignored.

# %% [markdown] lang="zh" of="331f1672"
# ## Transformer 自己的学习率
#
# $$\eta = d_\text{model}^{-1/2}\,\min\left(s^{-1/2},\; s\,w^{-3/2}\right), \qquad s = t + 1$$
#
# 这是论文 *Attention is all you need* 的调度：先线性预热 $w$ 步（`warmup_steps`），再按平方根倒数下降，没有终点，也永远不会冷透。
# $d_\text{model}$ 是模型的宽度。它给出的就是学习率本身，不是倍率：优化器的 `lr` 不起作用。

# %% [markdown] lang="en"
# **Predict** the peak for width 512 and 4000 updates: nearer to 0.1, 0.01 or 0.001?

# %% [markdown] lang="zh" of="68691331"
# **先猜一猜**宽度 512、预热 4000 步时的峰值：更接近 0.1、0.01 还是 0.001？

# %% name="noam"
noam = record(lambda optimizer: lrcourse.TransformerLRScheduler(optimizer, d_model=512), 16000, lr=1.0)
s = np.arange(1, 16001)
print("as the paper says", np.allclose(noam, 512**-0.5 * np.minimum(s**-0.5, s * 4000**-1.5), rtol=1e-9))
for t in (0, 3999, 15999):
    print(f"update {t:5}  lr {noam[t]:.3g}")
print(f"peak (d_model · warmup_steps)^-1/2 = {(512 * 4000) ** -0.5:.3g}")

# %% [markdown] lang="en"
# From update 3999 to 15999: four times as many updates, half the rate.
#
# Two more warm-ups are factors on the whole schedule that only approach 1. The *exponential* warm-up is
# $1 - e^{-(t + 1)/\tau}$, with a time constant of $\tau$ updates. The *RAdam-like* one holds Adam back while its average of
# squared gradients, whose memory is $\beta_2$, rests on few of them. Rules of thumb call them equal to a linear warm-up
# with $w = 2\tau$ and $w = 2/(1 - \beta_2)$.

# %% [markdown] lang="zh" of="d7fbf92c"
# 从第 3999 步到第 15999 步：步数变为四倍，学习率减半。
#
# 还有两种预热，是乘在整个调度上的因子，只会趋近于 1。*指数*预热是 $1 - e^{-(t + 1)/\tau}$，时间常数为 $\tau$ 步。
# Adam 对梯度平方取滑动平均，记忆长短由 $\beta_2$ 决定；起初平均的只有寥寥几个，*类 RAdam* 预热便在这段时间压住步子。
# 按经验法则，它们分别相当于 $w = 2\tau$ 和 $w = 2/(1 - \beta_2)$ 的线性预热。

# %% [markdown] lang="en"
# Browse them. Both axes are logarithmic: the first updates get room, and a power of $s = t + 1$ is a straight line. Grey,
# named at the top right, is what to compare with. **Goal**: a Transformer peak of 0.001. **Predict** first which product
# $d_\text{model}\,w$ that takes.

# %% [markdown] lang="zh" of="f8d6e085"
# 逐一看看。两个坐标轴都是对数的：最初几步看得更清楚，$s = t + 1$ 的幂是一条直线。灰线是用来比较的，名称写在右上角。
# **目标**：让 Transformer 公式的峰值为 0.001。**先猜一猜**，这需要乘积 $d_\text{model}\,w$ 等于多少。

# %% name="shapes"
explorers.warmup.shapes()

# %% [markdown] lang="en"
# ## Traps
#
# **A warm-up that cannot be.** Longer than the run; an after-scheduler built on another optimizer, or already stepped.
# Ours refuse; home-made ones train on, quietly.

# %% [markdown] lang="zh" of="a18e01f2"
# ## 陷阱
#
# **不可能成立的预热。** 比整个训练还长；之后的调度器建在另一个优化器上，或者已经走过几步。我们的实现会拒绝；自制的则默默地继续训练。

# %% name="trap-refused"
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
other = torch.optim.SGD(model.parameters(), lr=0.1)
cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
optimizer.step()
cosine.step()
for build in (lambda: lrcourse.get_linear_warmup_scheduler(other, 30, 20),
              lambda: lrcourse.WarmupScheduler(other, 5, cosine),
              lambda: lrcourse.WarmupScheduler(optimizer, 5, cosine)):
    try:
        build()
    except ValueError as error:
        print("-", str(error).split(";")[0])

# %% [markdown] lang="en"
# **Resuming in the middle of a warm-up.** Build everything, then load everything, as in section 02. **Predict** whether
# a run cut at update 3, and one cut at 8, end as the uncut one.

# %% [markdown] lang="zh" of="c1707647"
# **在预热中途续训。** 先全部构造，再全部载入，与第 02 节相同。**先猜一猜**：在第 3 步和第 8 步中断的训练，结局与不中断的是否一致？

# %% name="trap-resume"
def build():
    optimizer = torch.optim.SGD([{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.01}])
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
    return optimizer, lrcourse.WarmupScheduler(optimizer, 5, cosine)

def run(optimizer, scheduler, updates):
    trace = []
    for _ in range(updates):
        trace.append(scheduler.get_last_lr())
        optimizer.step()
        scheduler.step()
    return trace

# %% name="trap-resumed"
whole = run(*build(), 20)
for cut in (3, 8):
    parts = build()
    first = run(*parts, cut)
    states = [part.state_dict() for part in parts]
    again = build()
    for part, state in zip(again, states, strict=True):
        part.load_state_dict(state)
    print("cut at", cut, " same", np.allclose(first + run(*again, 20 - cut), whole, rtol=1e-12))

# %% [markdown] lang="en"
# **The unit.** `warmup_epochs=5` counts calls of `step()`. Stepped once an update, five is next to nothing: a ramp must
# last long enough for the curvature to follow.

# %% [markdown] lang="zh" of="8f543ec5"
# **单位。** `warmup_epochs=5` 数的是 `step()` 的调用次数。若每个更新步调用一次，五步几乎等于没有：爬升要足够久，曲率才跟得上。

# %% [markdown] lang="en"
# ## What you take with you
#
# 1. The sharpness is 40 Hessian-vector products away. During a ramp $\lambda\eta/2$ stays just above 1: the rate presses the
#    curvature down, with no noise at all.
# 2. A warm-up paid for MSE far beyond $2/\lambda_0$ and for a post-LN transformer; an ordinary classifier gained no
#    larger rate. Not diverged is not yet alive: look at the loss.
# 3. `get_linear_warmup_scheduler`, `WarmupScheduler`, or `LinearLR` in a `SequentialLR`: start factor $1/(w + 1)$.
# 4. $t/w$ wastes its first update; $(t + 1)/(w + 1)$ wastes none; an unshifted cosine never shows its peak.
# 5. $\eta = d_\text{model}^{-1/2}\min(s^{-1/2}, s\,w^{-3/2})$ peaks at $(d_\text{model}\,w)^{-1/2}$.

# %% [markdown] lang="zh" of="5b0a5f81"
# ## 要点
#
# 1. 锐度只需 40 次海森-向量乘积。爬升期间 $\lambda\eta/2$ 停在略高于 1 的地方：学习率压低了曲率，全程没有噪声。
# 2. 在远超 $2/\lambda_0$ 的 MSE 训练和 post-LN Transformer 上，预热是划算的；普通的分类器加了预热也用不上更大的学习率。
#    没有发散不等于活着：要看损失。
# 3. `get_linear_warmup_scheduler`、`WarmupScheduler`，或 `SequentialLR` 里的 `LinearLR`：起始因子 $1/(w + 1)$。
# 4. $t/w$ 浪费第一步；$(t + 1)/(w + 1)$ 一步也不浪费；未平移的余弦永远到不了峰值。
# 5. $\eta = d_\text{model}^{-1/2}\min(s^{-1/2}, s\,w^{-3/2})$ 的峰值是 $(d_\text{model}\,w)^{-1/2}$。

# %% [markdown] lang="en"
# ## On your own
#
# [The exercises of section 03](../exercises/03_warmup.ipynb): 03.1 a warm-up that wastes nothing · 03.2 the Transformer's
# rate as a LambdaLR · 03.3 mend a warm-up that never hands over · 03.4 the shortest warm-up that survives.

# %% [markdown] lang="zh" of="95f41008"
# ## 自己动手
#
# [第 03 节的练习](../../exercises/zh/03_warmup.ipynb)：03.1 不浪费任何一步的预热 · 03.2 用 LambdaLR 写 Transformer 的学习率 ·
# 03.3 修好从不交接的预热 · 03.4 能活下来的最短预热。

# %% [markdown] lang="en"
# ## Sources
#
# - Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability, arXiv:2103.00065.
# - Gilmer et al., A loss curvature perspective on training instability, arXiv:2110.04369; Kalra and Barkeshli, Why
#   warmup the learning rate?, arXiv:2406.09405.
# - Vaswani et al., Attention is all you need, arXiv:1706.03762; Xiong et al., On layer normalization in the Transformer
#   architecture, arXiv:2002.04745.
# - Goyal et al., Accurate, large minibatch SGD, arXiv:1706.02677; Liu et al., RAdam, arXiv:1908.03265; Ma and Yarats, On
#   the adequacy of untuned warmup, arXiv:1910.04209.

# %% [markdown] lang="zh" of="2267c291"
# ## 来源
#
# - Cohen 等，Gradient descent on neural networks typically occurs at the edge of stability，arXiv:2103.00065。
# - Gilmer 等，A loss curvature perspective on training instability，arXiv:2110.04369；Kalra 与 Barkeshli，Why
#   warmup the learning rate?，arXiv:2406.09405。
# - Vaswani 等，Attention is all you need，arXiv:1706.03762；Xiong 等，On layer normalization in the Transformer
#   architecture，arXiv:2002.04745。
# - Goyal 等，Accurate, large minibatch SGD，arXiv:1706.02677；Liu 等，RAdam，arXiv:1908.03265；Ma 与 Yarats，On
#   the adequacy of untuned warmup，arXiv:1910.04209。
