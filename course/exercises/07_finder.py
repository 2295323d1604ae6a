# %% [markdown] lang="en"
# # Exercises 07 · The finder
#
# Four exercises, from ten minutes to half an hour; the second is compulsory. Put your code in place of
# `raise NotImplementedError`, run the cell, then run the check below it: it draws fresh cases each time.

# %% [markdown] lang="zh" of="c3dcf0e9"
# # 练习 07 · 查找器
#
# 四道练习，从十分钟到半小时；第二道必做。把 `raise NotImplementedError` 换成你的代码，运行该单元格，
# 再运行下面的检查：它每次都会抽取新的例子。

# %% lang="en" tags=["setup"]
import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

import lrcourse
from lrcourse import find_lr, training
from lrcourse.checks import check, once_solved

lrcourse.use_language("en")

# %% lang="zh" tags=["setup"]
import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

import lrcourse
from lrcourse import find_lr, training
from lrcourse.checks import check, once_solved

lrcourse.use_language("zh")

# %% [markdown] lang="en" tags=["card"]
# ## 07.1 · An average that starts right
#
# **Difficulty** ●○○ · **Time** 10 minutes · **Expected result** `smooth([2.0, 1.0], 0.9)` is `[2.0, 1.47...]`
#
# Write `smooth(losses, beta)`: the moving average in which the past has the weight `beta`, begun at 0 and debiased. It
# returns a list, as long as `losses`.
#
# <details><summary>Hint 1</summary>
#
# Two lines a loss: first the running value, which begins at 0; then what you return for it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The first loss already has weight: after one the weights add up to $1 - \beta$, after two to $1 - \beta^2$, so the
# exponent is $t + 1$. Divide by that, and keep the running value as it was.
# </details>

# %% [markdown] lang="zh" of="af8cc2dc"
# ## 07.1 · 从一开始就对的平均
#
# **难度** ●○○ · **用时** 10 分钟 · **预期结果** `smooth([2.0, 1.0], 0.9)` 得到 `[2.0, 1.47...]`
#
# 写出 `smooth(losses, beta)`：过去的权重为 `beta`、从 0 开始、并去偏的滑动平均。返回一个与 `losses` 等长的列表。
#
# <details><summary>提示 1</summary>
#
# 每个损失两行：先更新从 0 开始的累积值，再算出要返回的值。
# </details>
#
# <details><summary>提示 2</summary>
#
# 第一个损失已经有权重：一个损失之后，权重之和为 $1 - \beta$；两个之后为 $1 - \beta^2$，所以指数是 $t + 1$。
# 用它去除，而累积值本身保持原样。
# </details>

# %% tags=["answer"] name="smooth" ex="07.1"
def smooth(losses, beta):
    """The debiased moving average of the losses, a list as long as they."""
    ### BEGIN SOLUTION
    running, smoothed = 0.0, []
    for t, loss in enumerate(losses):
        running = beta * running + (1 - beta) * loss
        smoothed.append(running / (1 - beta ** (t + 1)))
    return smoothed
    ### END SOLUTION

# %% tags=["check"] ex="07.1" points=2
check("07.1", smooth)

# %% [markdown] lang="en" tags=["solution"]
# Adam does the same to its two averages, and calls it bias correction. The first value is the first loss, whatever
# `beta` is; after $1/(1-\beta)$ losses the correction has all but gone.

# %% [markdown] lang="zh" of="bd5f9686"
# Adam 对它的两个平均也这样做，称为偏差修正。不论 `beta` 是多少，第一个值就是首个损失；
# 经过 $1/(1-\beta)$ 个损失，修正就所剩无几了。

# %% tags=["wrong"] ex="07.1" expect="update 0.*biased: it begins at 0" expect_zh="第 0 步.*有偏：它从 0 出发"
def smooth(losses, beta):
    running, smoothed = 0.0, []
    for loss in losses:
        running = beta * running + (1 - beta) * loss
        smoothed.append(running)
    return smoothed

# %% tags=["wrong"] ex="07.1" expect="update 1.*it begins at the first loss" expect_zh="第 1 步.*它从首个损失出发"
def smooth(losses, beta):
    running, smoothed = losses[0], []
    for loss in losses:
        running = beta * running + (1 - beta) * loss
        smoothed.append(running)
    return smoothed

# %% tags=["wrong"] ex="07.1" expect="beta and 1 - beta are exchanged" expect_zh="beta 与 1 - beta 颠倒了"
def smooth(losses, beta):
    running, smoothed = 0.0, []
    for loss in losses:
        running = (1 - beta) * running + beta * loss
        smoothed.append(running)
    return smoothed

# %% tags=["wrong"] ex="07.1" expect="1 - beta is the weight of one loss" expect_zh="1 - beta 是一个损失的权重"
def smooth(losses, beta):
    running, smoothed = 0.0, []
    for loss in losses:
        running = beta * running + (1 - beta) * loss
        smoothed.append(running / (1 - beta))
    return smoothed

# %% tags=["wrong"] ex="07.1" expect="the divided value went back into the average" expect_zh="除过的值又放回了平均之中"
def smooth(losses, beta):
    running, smoothed = 0.0, []
    for t, loss in enumerate(losses):
        running = (beta * running + (1 - beta) * loss) / (1 - beta ** (t + 1))
        smoothed.append(running)
    return smoothed

# %% tags=["wrong"] ex="07.1" expect="ZeroDivisionError" expect_zh="ZeroDivisionError"
def smooth(losses, beta):
    running, smoothed = 0.0, []
    for t, loss in enumerate(losses):
        running = beta * running + (1 - beta) * loss
        smoothed.append(running / (1 - beta**t))
    return smoothed

# %% [markdown] lang="en" tags=["card"]
# ## 07.2 · Find the learning rate of your own model
#
# **Difficulty** ●●○ · **Time** 30 minutes · **Expected result** a rate that no other within ten times beats clearly
#
# *Compulsory exercise 2: find the best LR for your own model with the finder.* Yours: any module, any data, any
# optimizer. Two functions:
#
# - `build(seed)` makes all of it anew and returns `model, loader, criterion, optimizer`. The loader gives
#   `(inputs, targets)`; the seed decides the first weights.
# - `choose(model, loader, criterion, optimizer)` runs `find_lr` on what it is given, over at least three seeds, and
#   returns the learning rate you would train with.
#
# The check calls both for two seeds, then trains your model for 60 updates at the rate chosen, and at 0.1, 0.3, 3 and 10
# times that. A thousand or two updates in all: let the model be small.
#
# <details><summary>Hint 1</summary>
#
# No model at hand? `training.digits()` gives `.x` (1200 × 64) and `.y` (classes 0 to 9). Any `nn.Sequential` from 64 to 10
# numbers learns them.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `build` begins by seeding torch. Everything else is made after that, inside the function.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `find_lr` takes the four in the same order, and `seeds=3`. Look at its `.plot()` and `.spread` in a cell of your own before you
# decide which suggestion to return.
# </details>

# %% [markdown] lang="zh" of="bd702862"
# ## 07.2 · 找到你自己模型的学习率
#
# **难度** ●●○ · **用时** 30 分钟 · **预期结果** 一个学习率，十倍以内没有哪个明显胜过它
#
# *必做练习二：用查找器为你自己的模型找到最佳学习率*。你自己的：任何模块、任何数据、任何优化器。两个函数：
#
# - `build(seed)` 把一切重新造一遍，返回 `model, loader, criterion, optimizer`。loader 给出 `(inputs, targets)`；
#   初始权重由种子决定。
# - `choose(model, loader, criterion, optimizer)` 对传入的东西运行 `find_lr`，至少用三个随机种子，返回你会用来训练的学习率。
#
# 检查会用两个种子调用它们，然后用所选的学习率，以及它的 0.1、0.3、3 和 10 倍，各训练你的模型 60 步。
# 总共一两千步：模型请取小一些。
#
# <details><summary>提示 1</summary>
#
# 手边没有模型？`training.digits()` 给出 `.x`（1200 × 64）和 `.y`（0 到 9 类）。任何从 64 个数到 10 个数的 `nn.Sequential`
# 都能学会。
# </details>
#
# <details><summary>提示 2</summary>
#
# `build` 里先给 torch 设定种子，其余一切都在这之后、在函数内部新建。
# </details>
#
# <details><summary>提示 3</summary>
#
# `find_lr` 按同样的次序接受这四样东西，外加 `seeds=3`。决定返回哪个建议之前，先在自己的单元格里看看它的 `.plot()` 和
# `.spread`。
# </details>

# %% tags=["answer"] name="own-model" ex="07.2"
def build(seed):
    """Your model, loader, criterion and optimizer, made anew from the seed."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 10))
    rows = BatchSampler(RandomSampler(data.x), 64, drop_last=True)
    loader = DataLoader(TensorDataset(data.x, data.y), sampler=rows, batch_size=None)
    return model, loader, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    ### END SOLUTION


def choose(model, loader, criterion, optimizer):
    """The learning rate to train with."""
    ### BEGIN SOLUTION
    return find_lr(model, loader, criterion, optimizer, seeds=3).suggested_lr
    ### END SOLUTION

# %% tags=["check"] ex="07.2" points=6
check("07.2", (build, choose))

# %% tags=["show"]
with once_solved():
    display(find_lr(*build(0), seeds=3).plot())

# %% [markdown] lang="en" tags=["solution"]
# Three seeds, because one test cannot know how far it is off. A tenth of the turn, because too low costs less than too
# high. And a short sweep around it, as the check makes one, tells more than any rule: do it before you train for a day.

# %% [markdown] lang="zh" of="04afda58"
# 用三个种子，因为单独一次测试无从知道自己偏了多远。取转向处的十分之一，因为太低的代价比太高小。
# 而在它周围做一次小扫描（检查正是这样做的），胜过任何规则：在训练一整天之前，先做这个。

# %% tags=["wrong"] ex="07.2" expect="choose made no update of the model: 0\.05 is a guess" expect_zh="choose 没有让模型更新过一步：0\.05 只是猜测"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return 0.05

# %% tags=["wrong"] ex="07.2" expect="is where the loss turns up \(.*divide that by 3 to 10" expect_zh="已是损失掉头向上之处（.*应再除以 3 到 10"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    result = find_lr(model, loader, criterion, optimizer, num_steps=60, seeds=3)
    return result.lrs[10 + result.smoothed[10:].argmin()]

# %% tags=["wrong"] ex="07.2" expect="is where a test ended" expect_zh="是测试结束之处"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, num_steps=60, seeds=3).lrs[-1]

# %% tags=["wrong"] ex="07.2" expect="is where the test began" expect_zh="是测试开始之处"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    result = find_lr(model, loader, criterion, optimizer, num_steps=60, seeds=3)
    return result.lrs[result.losses.argmax() if result.losses.argmax() < 2 else 0]

# %% tags=["wrong"] ex="07.2" expect="left its traces in the model's weights or buffers, the optimizer's state" expect_zh="改动了模型的权重或缓冲区、优化器的状态"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    lrs, losses = np.geomspace(1e-4, 10, 40), []
    for lr, (x, y) in zip(lrs, [*loader] * 3, strict=False):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return lrs[np.nanargmin(losses)] / 10

# %% tags=["wrong"] ex="07.2" expect="expected at least 3 runs, found 1" expect_zh="至少应有 3 次测试，得到 1 次"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, num_steps=60).suggested_lr

# %% tags=["wrong"] ex="07.2" expect="is too low: after 60 updates the loss is .*with 10 times as much" expect_zh="太低：60 步后损失为 .*换成它的 10 倍"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, num_steps=60, seeds=3).suggested_lr / 100

# %% tags=["wrong"] ex="07.2" expect="choose returned a RangeTest; return a number" expect_zh="choose 返回了一个 RangeTest；请返回一个数"
def build(seed):
    torch.manual_seed(seed)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, num_steps=60)

# %% tags=["wrong"] ex="07.2" expect="the same weights for two seeds" expect_zh="对两个种子给出了相同的权重"
def build(seed):
    torch.manual_seed(0)
    data = training.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    batches = list(zip(data.x.split(64), data.y.split(64), strict=True))
    return model, batches, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def choose(model, loader, criterion, optimizer):
    return find_lr(model, loader, criterion, optimizer, seeds=3).suggested_lr

# %% [markdown] lang="en" tags=["card"]
# ## 07.3 · A range test that leaves no trace
#
# **Difficulty** ●●● · **Time** 25 minutes · **Expected result** one loss for each rate, and a model that noticed nothing
#
# Write `range_test(model, loader, criterion, optimizer, lrs)`: one update for each of `lrs`, with the batches of
# `loader` in their order; every param group uses that same rate. Return the losses, each as it was before its update.
#
# Afterwards weights, buffers, momentum and the rates of all groups are as before, also when Ctrl-C
# interrupts. (Random states and modes are left out here.)
#
# <details><summary>Hint 1</summary>
#
# What has to happen *whatever* happens stands in `finally:`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `state_dict()` of model and of optimizer hold all that is asked for, as live tensors: training changes what you have
# kept. Which function of `copy` helps?
# </details>

# %% [markdown] lang="zh" of="00581bbb"
# ## 07.3 · 不留痕迹的范围测试
#
# **难度** ●●● · **用时** 25 分钟 · **预期结果** 每个学习率一个损失，以及一个浑然不觉的模型
#
# 写出 `range_test(model, loader, criterion, optimizer, lrs)`：对 `lrs` 中的每一个做一步更新，批次按 `loader` 的次序；
# 所有参数组都用同一个学习率。返回各个损失，每个都取更新之前的值。
#
# 之后，权重、缓冲区、动量以及各组的学习率都与之前相同，被 Ctrl-C 打断时也一样。（这里不管随机状态和模式。）
#
# <details><summary>提示 1</summary>
#
# *无论如何*都要做的事，写在 `finally:` 里。
# </details>
#
# <details><summary>提示 2</summary>
#
# 模型和优化器的 `state_dict()` 里有所需的一切，但都是活的张量：训练会改动你存下的东西。`copy` 的哪个函数能帮忙？
# </details>

# %% tags=["answer"] name="range-test" ex="07.3"
def range_test(model, loader, criterion, optimizer, lrs):
    """The loss before each update; model and optimizer are as before."""
    ### BEGIN SOLUTION
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    losses = []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
    return losses
    ### END SOLUTION

# %% tags=["check"] ex="07.3" points=4
check("07.3", range_test)

# %% [markdown] lang="en" tags=["solution"]
# `find_lr` restores more: gradients, modes, random states of torch, NumPy and Python, those of the loader, attributes of modules. It also fills the very
# same tensors and dictionaries, so that whoever holds a reference to them sees no difference.

# %% [markdown] lang="zh" of="b5d6ae1c"
# `find_lr` 还原得更多：梯度、模式、torch 与 NumPy 与 Python 的随机状态、loader 的随机状态、模块的属性。
# 它还把内容填回原来的张量和字典，所以任何持有其引用的人都看不出差别。

# %% tags=["wrong"] ex="07.3" expect="Ctrl-C · model\.parameters\(\).*that belongs into `finally`" expect_zh="Ctrl-C · model\.parameters\(\).*还原应放在 `finally` 里"
def range_test(model, loader, criterion, optimizer, lrs):
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    losses = []
    for lr, (x, y) in zip(lrs, loader, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.load_state_dict(before[0])
    optimizer.load_state_dict(before[1])
    return losses

# %% tags=["wrong"] ex="07.3" expect="model\.parameters\(\).*what you kept has changed with the training" expect_zh="model\.parameters\(\).*你存下的东西随训练一起变了"
def range_test(model, loader, criterion, optimizer, lrs):
    weights, state = model.state_dict(), copy.deepcopy(optimizer.state_dict())
    losses = []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)
    return losses

# %% tags=["wrong"] ex="07.3" expect="model\.parameters\(\).*`state_dict\(\)` holds live tensors; keep `copy\.deepcopy` of it" expect_zh="model\.parameters\(\).*`state_dict\(\)` 里是活的张量，要用 `copy\.deepcopy` 存一份"
def range_test(model, loader, criterion, optimizer, lrs):
    before, losses = (model.state_dict(), optimizer.state_dict()), []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
    return losses

# %% tags=["wrong"] ex="07.3" expect="momentum, entry 0.*what you kept has changed with the training" expect_zh="momentum，第 0 个.*你存下的东西随训练一起变了"
def range_test(model, loader, criterion, optimizer, lrs):
    before, losses = (copy.deepcopy(model.state_dict()), optimizer.state_dict()), []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
    return losses

# %% tags=["wrong"] ex="07.3" expect="raised again.*Ctrl-C has to go on after you put things back; use `finally`" expect_zh="raised again.*还原之后 Ctrl-C 必须继续向外抛出；请用 `finally`"
def range_test(model, loader, criterion, optimizer, lrs):
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    losses = []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    except BaseException:
        pass
    model.load_state_dict(before[0])
    optimizer.load_state_dict(before[1])
    return losses

# %% tags=["wrong"] ex="07.3" expect="model\.buffers\(\).*weights are back, the buffers are not" expect_zh="model\.buffers\(\).*权重还原了，缓冲区没有"
def range_test(model, loader, criterion, optimizer, lrs):
    weights = [parameter.detach().clone() for parameter in model.parameters()]
    state, losses = copy.deepcopy(optimizer.state_dict()), []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        with torch.no_grad():
            for parameter, weight in zip(model.parameters(), weights, strict=True):
                parameter.copy_(weight)
        optimizer.load_state_dict(state)
    return losses

# %% tags=["wrong"] ex="07.3" expect="momentum, entry 0.*the model is back, the optimizer is not" expect_zh="momentum，第 0 个.*模型还原了，优化器没有"
def range_test(model, loader, criterion, optimizer, lrs):
    before, losses = copy.deepcopy(model.state_dict()), []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(before)
    return losses

# %% tags=["wrong"] ex="07.3" expect="losses, entry 1.*only param group 0 follows" expect_zh="losses，第 1 个.*只有参数组 0 跟着学习率走"
def range_test(model, loader, criterion, optimizer, lrs):
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    losses = []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            optimizer.param_groups[0]["lr"] = lr
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
    return losses

# %% tags=["wrong"] ex="07.3" expect="losses, entry 1.*one update late" expect_zh="losses，第 1 个.*都晚了一步"
def range_test(model, loader, criterion, optimizer, lrs):
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    losses = []
    try:
        for lr, (x, y) in zip(lrs, loader, strict=True):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            for group in optimizer.param_groups:
                group["lr"] = lr
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
    return losses

# %% [markdown] lang="en" tags=["card"]
# ## 07.4 · Read a curve that may mislead
#
# **Difficulty** ●●○ · **Time** 15 minutes · **Expected result** a rate for three curves out of five, `None` for the others
#
# Somebody hands you arrays, `lrs` and `losses` (smoothed), and no warning. Write `read(lrs, losses, noise)`: a tenth of the learning rate at
# the lowest loss, or `None` where the curve says nothing.
#
# - From the first loss that is not finite on, nothing counts.
# - `None` if the lowest is the last point of the *range*: the turn has not been seen.
# - `None` if from the first loss to the lowest it falls by less than `noise`.
#
# <details><summary>Hint 1</summary>
#
# `np.isfinite(losses)` is an array; `.all()` tells whether there is anything to cut, and `argmin` of it where.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.argmin` of an array with nan returns the place of the nan. Cut before you look for the lowest.
# </details>

# %% [markdown] lang="zh" of="ee3f9e25"
# ## 07.4 · 读一条可能误导人的曲线
#
# **难度** ●●○ · **用时** 15 分钟 · **预期结果** 五条曲线中，三条给出学习率，另外两条得到 `None`
#
# 有人交给你两个数组，`lrs` 和 `losses`（已平滑），没有任何警告。写出 `read(lrs, losses, noise)`：
# 返回损失最低处学习率的十分之一；若曲线说明不了什么，则返回 `None`。
#
# - 从首个非有限的损失起，全部不算。
# - 若最低点是*范围*的最后一点，返回 `None`：还没有见到转向。
# - 若从首个损失到最低点的下降小于 `noise`，返回 `None`。
#
# <details><summary>提示 1</summary>
#
# `np.isfinite(losses)` 是一个数组；`.all()` 告诉你有没有要截断的，对它取 `argmin` 则告诉你在哪里。
# </details>
#
# <details><summary>提示 2</summary>
#
# 数组里有 nan 时，`np.argmin` 返回 nan 的位置。要先截断，再找最低点。
# </details>

# %% tags=["answer"] name="read" ex="07.4"
def read(lrs, losses, noise):
    """A tenth of the learning rate at the lowest loss, or None."""
    ### BEGIN SOLUTION
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    if lowest == len(lrs) - 1 or kept[0] - kept[lowest] < noise:
        return None
    return lrs[lowest] / 10
    ### END SOLUTION

# %% tags=["check"] ex="07.4" points=3
check("07.4", read)

# %% [markdown] lang="en" tags=["solution"]
# The last point of a curve that was *cut* is something else than the last point of the range: there the loss was about
# to explode, and the turn is right behind it. `find_lr` does all of this, and says so in `doubts` instead of returning
# nothing.

# %% [markdown] lang="zh" of="b726620a"
# *截断*的曲线的最后一点，与范围的最后一点不是一回事：在前者那里，损失即将爆炸，转向就在眼前。`find_lr` 做了以上全部，
# 但它不是什么都不返回，而是在 `doubts` 里说明。

# %% tags=["wrong"] ex="07.4" expect="that is the minimum itself" expect_zh="这是最低点本身"
def read(lrs, losses, noise):
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    if lowest == len(lrs) - 1 or kept[0] - kept[lowest] < noise:
        return None
    return lrs[lowest]

# %% tags=["wrong"] ex="07.4" expect="`np.argmin` takes nan for the smallest" expect_zh="`np.argmin` 把 nan 当作最小"
def read(lrs, losses, noise):
    lowest = losses.argmin()
    if lowest == len(lrs) - 1 or losses[0] - losses[lowest] < noise:
        return None
    return lrs[lowest] / 10

# %% tags=["wrong"] ex="07.4" expect="a loss after a nan means nothing" expect_zh="nan 之后的损失再低也毫无意义"
def read(lrs, losses, noise):
    lowest = np.nanargmin(losses)
    if lowest == len(lrs) - 1 or losses[0] - losses[lowest] < noise:
        return None
    return lrs[lowest] / 10

# %% tags=["wrong"] ex="07.4" expect="the loss still falls where the range ends" expect_zh="范围结束时损失仍在下降"
def read(lrs, losses, noise):
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    return None if kept[0] - kept[lowest] < noise else lrs[lowest] / 10

# %% tags=["wrong"] ex="07.4" expect="the last loss before a cut is not the last of the range" expect_zh="截断处的最后一个损失并不是范围的最后一点"
def read(lrs, losses, noise):
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    if lowest == len(kept) - 1 or kept[0] - kept[lowest] < noise:
        return None
    return lrs[lowest] / 10

# %% tags=["wrong"] ex="07.4" expect="the loss falls by less than the noise" expect_zh="损失的下降小于噪声"
def read(lrs, losses, noise):
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    return None if lowest == len(lrs) - 1 else lrs[lowest] / 10

# %% tags=["wrong"] ex="07.4" expect="ten points back is not a factor of 10" expect_zh="往回十个点并不等于十分之一"
def read(lrs, losses, noise):
    finite = np.isfinite(losses)
    kept = losses if finite.all() else losses[: finite.argmin()]
    lowest = kept.argmin()
    if lowest == len(lrs) - 1 or kept[0] - kept[lowest] < noise:
        return None
    return lrs[lowest - 10]
