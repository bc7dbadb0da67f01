"""Is the confidence honest, does it tell right from wrong, and does the certificate keep its promise?

    python bench/confidence.py PATH-TO-DATA HALVES SIBLING-0 SIBLING-1 [--json] [--quick]

HALVES is the folder that `training/calibrate.py split` wrote; each sibling learned from one half and speaks about
the other. Confidence is cross-validated by conversation over all of them; gold/dev, which told the siblings when to
stop, is told apart. The certificate is tried 1,000 times: conversations to certify on are drawn with replacement from
a population whose precision at every threshold is known exactly, and a certificate is broken where that precision is
below the target. The precision that is promised counts each conversation alike; how often the one that counts each
entity alike is below the target is told beside it. 200 calibrations are fitted to shuffled labels.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from earmark.assemble import workshop
from earmark.calibrate import Candidate, sample
from earmark.calibrate.make import claims, crossed, fitted
from earmark.confidence.certify import Claimed, certify, sequence
from earmark.evaluate.baselines import Sighted, baselines
from earmark.evaluate.calibration import calibration
from earmark.gold import read_gold
from earmark.model import Entity, Mention, Score, Sender
from earmark.settings import load

TARGETS = (0.90, 0.95)
ASSURANCE = 0.95
SPLITS = 20
LABELLED = 2  # each trial is one of products and one of issues


def sampled(data: Path, halves: Path, siblings: Sequence[str]) -> list[Candidate]:
    """Every candidate in the annotated conversations and gold/dev, each proposed by a model that never saw it."""
    unseen = [[halves / "half-1.jsonl"], [halves / "half-0.jsonl", data / "gold" / "dev.jsonl"]]
    found: list[Candidate] = []
    for model, paths in zip(siblings, unseen, strict=True):
        with workshop(
            load(model=model, scorer="evidence"), lambda text: print(text, file=sys.stderr)
        ) as shop:
            found += sample(shop.extractor(), shop.judge(), read_gold(paths).conversations)
    return found


def quality(found: Sequence[Candidate], gold: Collection[str]) -> dict[str, Any]:
    """ECE, Brier and AUROC of the cross-validated confidence and of the four baselines; `gold` are ids of gold/dev."""
    sure = list(crossed(found, (), {}, len({each.conversation_id for each in found})))
    parts = {
        "calibrated": sure,
        "calibrated, PRODUCT": [(label, claim) for label, claim in sure if label == "PRODUCT"],
        "calibrated, ISSUE": [(label, claim) for label, claim in sure if label == "ISSUE"],
        "calibrated, gold/dev": [(label, claim) for label, claim in sure if claim.conversation_id in gold],
    }
    known = {
        name: calibration([(claim.confidence, claim.right) for _, claim in part])
        for name, part in parts.items()
    }
    known |= baselines([sighted(each) for each in found])
    return {
        name: {"count": each.count, "ece": each.ece, "brier": each.brier, "auroc": each.auroc}
        for name, each in known.items()
    }


def sighted(each: Candidate) -> Sighted:
    mention = Mention(0, 0, 1, each.look, each.label, "model", Sender.CUSTOMER, probability=each.probability)
    entity = Entity(each.label, each.entity_id, each.look, Score(None, ""), (mention,))
    return Sighted(each.conversation_id, entity, each.values, each.right)


def promises(found: Sequence[Candidate], trials: int, target: float) -> dict[str, Any]:
    """How often a certificate is given, and how often one that was given is false."""
    chance = random.Random(1)
    given = [each for _ in range(SPLITS) for each in certified(found, trials // SPLITS, target, chance)]
    tried = LABELLED * trials
    return {
        "trials": tried,
        "given": len(given),
        "share_broken": sum(by_conversation < target for by_conversation, _ in given) / tried,
        "share_broken_by_entity": sum(by_entity < target for _, by_entity in given) / tried,
    }


def certified(
    found: Sequence[Candidate], trials: int, target: float, chance: random.Random
) -> Iterator[tuple[float, float]]:
    """The true precisions, by conversation and by entity, of the certificates given after one split."""
    names = sorted({each.conversation_id for each in found})
    learned = set(chance.sample(names, len(names) // 2))
    inside = [each for each in found if each.conversation_id in learned]
    models = fitted(inside, {}, len(learned))
    fit = list(crossed(inside, (), {}, len(learned)))
    rest = claims([each for each in found if each.conversation_id not in learned], models)
    for label in models:
        own = [claim for each, claim in rest if each == label]
        thresholds = sequence([claim for each, claim in fit if each == label], target)
        for trial in range(trials):
            drawn = resampled(own, chance, 600)
            known = certify(drawn, thresholds, target, ASSURANCE, conversations=600, seed=str(trial))
            if known.threshold is not None:
                yield precision(own, known.threshold), precision_by_entity(own, known.threshold)


def resampled(population: Sequence[Claimed], chance: random.Random, size: int) -> list[Claimed]:
    """Conversations drawn with replacement; one that is drawn twice counts as two."""
    known = by_conversation(population)
    names = chance.choices(sorted(known), k=size)
    return [
        replace(claim, conversation_id=f"{number} {name}")
        for number, name in enumerate(names)
        for claim in known[name]
    ]


def by_conversation(population: Sequence[Claimed]) -> Mapping[str, list[Claimed]]:
    known: dict[str, list[Claimed]] = defaultdict(list)
    for claim in population:
        known[claim.conversation_id].append(claim)
    return known


def precision(population: Sequence[Claimed], threshold: float) -> float:
    """The chance that a kept entity of a conversation, drawn by lot, is right; exactly, over the population."""
    shares = []
    for each in by_conversation(population).values():
        kept = [claim.right for claim in each if claim.confidence >= threshold]
        if kept:
            shares.append(sum(kept) / len(kept))
    return sum(shares) / len(shares)


def precision_by_entity(population: Sequence[Claimed], threshold: float) -> float:
    kept = [claim.right for claim in population if claim.confidence >= threshold]
    return sum(kept) / len(kept)


def shuffled(found: Sequence[Candidate], trials: int, target: float) -> dict[str, Any]:
    """How often a calibration is certified that was fitted to labels without meaning."""
    chance = random.Random(2)
    names = sorted({each.conversation_id for each in found})
    certified = 0
    for trial in range(trials):
        chosen = set(chance.sample(names, 400))
        learned = [each for each in found if each.conversation_id in chosen]
        labels = [each.right for each in learned]
        chance.shuffle(labels)
        nonsense = [replace(each, right=right) for each, right in zip(learned, labels, strict=True)]
        models = fitted(nonsense, {}, len(chosen))
        held = [each for each in found if each.conversation_id not in chosen]
        fit, rest = claims(nonsense, models), claims(held, models)
        certified += any(
            certify(
                [claim for each, claim in rest if each == label],
                sequence([claim for each, claim in fit if each == label], target),
                target,
                ASSURANCE,
                conversations=len(names) - len(chosen),
                seed=str(trial),
            ).threshold
            is not None
            for label in models
        )
    return {"trials": trials, "certified": certified, "share": certified / trials}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("halves", type=Path)
    asked.add_argument("siblings", nargs=2)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--quick", action="store_true", help="a tenth of the trials")
    args = asked.parse_args()
    scale = 10 if args.quick else 1
    found = sampled(args.data, args.halves, args.siblings)
    gold = {each.conversation.id for each in read_gold([args.data / "gold" / "dev.jsonl"]).conversations}
    figures: dict[str, Any] = {
        "conversations": len({each.conversation_id for each in found}),
        "quality": quality(found, gold),
        "promises": {str(target): promises(found, 500 // scale, target) for target in TARGETS},
        "shuffled": {str(target): shuffled(found, 200 // scale, target) for target in TARGETS},
    }
    if args.json:
        print(json.dumps(figures, indent=2))
        return
    for name, each in figures["quality"].items():
        measured = ", ".join(f"{what} {each[what]:.3f}" for what in ("ece", "brier", "auroc"))
        print(f"{name:<22} {each['count']:>7,}  {measured}")
    for target, each in figures["promises"].items():
        print(f"certificates for {target}: {each}")
    for target, each in figures["shuffled"].items():
        print(f"fitted to shuffled labels, {target}: {each}")


if __name__ == "__main__":
    main()
