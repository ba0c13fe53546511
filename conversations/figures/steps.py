"""Steps of answer times: a histogram whose steps grow, so that its error is the same for seconds and for days."""

import math

# A time in a step is told as the step's middle: the ends of the step are this much away from it.
ERROR = 0.05
GROWTH = (1 + ERROR) / (1 - ERROR)
# All times below a second are one step, and all above 400 days.
SHORTEST = 1_000
LONGEST_STEP = math.ceil(math.log(400 * 86_400) / math.log(GROWTH)) + 1
WORDS = "within 5 %, or one second"


def step_of(milliseconds: int) -> int:
    """Return the step that a time is in."""
    if milliseconds < SHORTEST:
        return 0
    return min(1 + int(math.log(milliseconds / SHORTEST) / math.log(GROWTH)), LONGEST_STEP)


def time_of(step: int) -> int:
    """Return the milliseconds that stand for a step."""
    if step == 0:
        return SHORTEST // 2
    bottom = SHORTEST * GROWTH ** (step - 1)
    return round(bottom * (1 + ERROR))
