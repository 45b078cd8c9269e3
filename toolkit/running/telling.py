"""Which of the runs of a gradient tells most: one run alone proves nothing where it passes back zeros, say."""

from collections.abc import Iterable, Sequence

import torch

from toolkit.network.compare import equal, fit, tolerance
from toolkit.network.graph import shares_and_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.outcome import Outcome, Outcomes, is_answer


class Telling:
    """The most telling outcome of each gradient on a minibatch.

    Args:
        batches: all that the submission is judged on.
    """

    def __init__(self, outcomes: Outcomes, batches: Sequence[Minibatch]):
        self.outcomes, self.batches = outcomes, batches
        self.graph, self.plans = outcomes.graph, outcomes.plans

    def all_good(self, name: str, batches: Iterable[Minibatch], dtype: torch.dtype) -> bool:
        """Whether a gradient is right on all of these minibatches."""
        return all(self.best(name, batch, dtype).good for batch in batches)

    def best(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Outcome:
        """The most telling outcome: one that is right where zeros would not be, else the first that says why not."""
        seen: list[Outcome] = []
        for mode in ("by cell", "by statement", "plain", "true chain"):
            if mode == "by statement" and seen[0].good and not self.plans.by_statement.replaces():
                continue  # it would see the same numbers once more
            outcome = self.outcomes.outcome(name, batch, mode, dtype)
            if outcome.changed or (outcome.kind == "right" and not outcome.blind):
                return self._wrong_where_zero(name, batch, dtype, seen, outcome) or outcome
            seen.append(outcome)
        for telling in seen:  # a wrong shape that is the upstream's, is right in another run
            if telling.kind == "shape" and not telling.blind:
                return telling
        told = [o for o in seen[:-1] if o.kind not in ("missing", "unusable")]
        # by statement first: so the words are the same wherever the lines stand
        bad = next((o for o in sorted(told, key=lambda o: o.mode != "by statement") if not o.good), None)
        good = next((o for o in seen[-2:] if o.good), None)
        if good is not None and not self._always_zeros(name, dtype):
            if bad is None or self._takes_another_way(name, batch, dtype, good):
                return good  # blind wherever it was tried, as when all is done in one function
        elif told and bad is None:
            first = told[0]
            bad = Outcome(
                "wrong", yours=first.yours, upstream=first.upstream, note=f"d{name} is all zeros.", mode=first.mode
            )
        return bad or seen[0]

    def _wrong_where_zero(
        self, name: str, batch: Minibatch, dtype: torch.dtype, seen: Sequence[Outcome], right: Outcome
    ) -> Outcome | None:
        """What a run with random upstream gradients says of an answer that is right on a true backward pass, if it is wrong just
        where that passes back zeros and so proves nothing: at the places of a mask, say."""
        for outcome in sorted(seen, key=lambda o: o.mode != "by statement"):
            if outcome.kind != "wrong" or outcome.upstream is None or outcome.yours is None:
                continue
            scale = shares_and_scale(self.graph, name, self.outcomes.values(batch, dtype), outcome.upstream)
            truth = torch.stack([*scale[0].values()]).sum(0)
            yours = fit(outcome.yours, truth.shape)
            if yours is not None and right.yours is not None and right.yours.shape == truth.shape:
                off = ~((yours - truth).abs() <= tolerance(scale[1]))
                where_zero = bool(off.any()) and not bool(right.yours[off].any())
                return outcome if where_zero and not self._takes_another_way(name, batch, dtype, right) else None
        return None

    def _always_zeros(self, name: str, dtype: torch.dtype) -> bool:
        """Whether a gradient is zero on every minibatch; on one, rounding alone can make it so."""
        return all(self.outcomes.outcome(name, batch, "plain", dtype).zeros for batch in self.batches)

    def _takes_another_way(self, name: str, batch: Minibatch, dtype: torch.dtype, plain: Outcome) -> bool:
        """Whether an answer is not computed from the gradients of its readers, so that only the plain chain can judge it:
        a fused shortcut, which stays the same whatever its readers' gradients are, or everything done in one statement.
        """
        at, mode = self.plans.completed(name, "by statement"), f"readers of {name}"
        if all(self.plans.completed(reader, "by statement") == at for reader in self.graph.readers(name)):
            return True
        if plain.degenerate or plain.yours is None:
            return False
        after = self.outcomes.result(batch, mode, dtype).after
        yours = after[min(at, len(after) - 1)].get(name) if after else None
        return is_answer(yours) and equal(yours.to(dtype), plain.yours, plain.yours.abs())
