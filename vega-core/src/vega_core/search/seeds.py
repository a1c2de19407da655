"""Seeds of trials."""

from __future__ import annotations

import hashlib


def trial_seed(seed: int, trial: int) -> int:
    """Returns the seed of one trial of a run.

    It depends on the run's seed and the trial's number alone, so that a trial draws the same
    numbers on any worker, in any order of arrival and after any interruption. Neighbouring trials
    get unrelated seeds.

    Args:
        seed: The run's seed, any integer.
        trial: The trial's number.

    Returns:
        An integer in ``[0, 2**31)``, a range that the seeding functions of NumPy, scikit-learn and
        every framework accept.

    Example:
        >>> trial_seed(0, 1) == trial_seed(0, 1)
        True
    """
    digest = hashlib.sha256(f"{seed}:{trial}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
