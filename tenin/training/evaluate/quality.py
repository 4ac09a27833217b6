"""What may not be lost: margins against the base, and floors, from quality.yml.

A need has eight to ten held-out sentences in a language, so a single one weighs more than a tenth,
and shares of so few say little. Floors are therefore counts (`7 of 9`), and a need is under its
floor only if so few rights would come by chance less often than `chance` were it still as good as
when the floor was set: the exact binomial test, one-sided. One count more of each, right and
wrong, is added to the floor's, so that nine of nine doesn't promise that nothing ever fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from scipy.stats import binom

from tenin.language.yamlfile import read_yaml
from tenin.training.evaluate.figures import Comparison, Count, Figures
from tenin.training.faults import QualityError as QualityError

FILE = "quality.yml"


@dataclass(frozen=True)
class Quality:
    """What quality.yml says.

    `language` and `need` are margins in points of a hundred: how much may be lost against the
    base. `fewest`: fewer sentences lost than that never fail. `chance`: how rarely chance may give
    what fails. `new`: the share that a need without a floor must have.
    """

    language: float
    need: float
    fewest: int
    chance: float
    new: float
    languages: Mapping[str, Count]
    needs: Mapping[str, Mapping[str, Count]]


@dataclass(frozen=True)
class Fault:
    """Why a change fails: `kind` is `loss`, `floor`, `story` or `dialogue`; `text` says it."""

    kind: str
    text: str


def read_quality(root: Path) -> Quality:
    """Read quality.yml. Raises QualityError or YAMLFileError."""
    file = root / FILE
    try:
        found = read_yaml(file)
    except FileNotFoundError:
        raise QualityError(f"{file} isn't there: take the one of the repository") from None
    except OSError as error:
        raise QualityError(f"{file} can't be read ({error.strerror}): check its rights") from error
    found = found if isinstance(found, dict) else {}
    margins = _mapping(file, found, "margins")
    floors = _mapping(file, found, "floors")
    return Quality(
        language=_number(file, margins, "margins", "language", 0, 100),
        need=_number(file, margins, "margins", "need", 0, 100),
        fewest=int(_number(file, margins, "margins", "fewest", 1, 1000)),
        chance=_number(file, found, "", "chance", 0.0001, 0.5),
        new=_number(file, floors, "floors", "new", 0, 1),
        languages=_counts(file, "floors, languages", floors.get("languages") or {}),
        needs={
            str(need): _counts(file, f"floors, needs, {need}", cells)
            for need, cells in (floors.get("needs") or {}).items()
        },
    )


def judge(comparison: Comparison, quality: Quality) -> list[Fault]:
    """Give why a change fails; nothing if it may go."""
    return [*_losses(comparison, quality), *_under_floors(comparison.after, quality)]


def is_under(count: Count, floor: Count, chance: float) -> bool:
    """Tell whether a count is lower than chance explains, were its share that of the floor."""
    share = (floor.right + 1) / (floor.of + 2)
    return count.share < floor.share and _by_chance(count, share) < chance


def lowest(floor: Count, of: int, chance: float) -> int:
    """Give the fewest of so many sentences that pass a floor."""
    return next(right for right in range(of + 1) if not is_under(Count(right, of), floor, chance))


def set_floors(root: Path, figures: Figures, today: date) -> Path:
    """Write today's figures as floors into quality.yml; all else in it stays as it is.

    Raises QualityError.
    """
    file = root / FILE
    read_quality(root)
    yaml = YAML()
    yaml.preserve_quotes = True  # type: ignore[assignment]
    yaml.width = 100  # type: ignore[assignment]
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(file.read_text(encoding="utf-8"))
    floors = document["floors"]
    floors["set_on"] = today.isoformat()
    floors["languages"] = CommentedMap(
        (language, str(figures.count(language=language))) for language in figures.languages
    )
    floors["needs"] = CommentedMap()
    for need in figures.needs:
        cells = CommentedMap(
            (language, str(figures.cells[need, language]))
            for language in figures.languages
            if (need, language) in figures.cells
        )
        cells.fa.set_flow_style()
        floors["needs"][need] = cells
    with file.open("w", encoding="utf-8") as written:
        yaml.dump(document, written)
    return file


def _losses(comparison: Comparison, quality: Quality) -> list[Fault]:
    if comparison.before is None:
        return []
    faults: list[Fault] = []
    names: list[tuple[str | None, str | None, float]] = [
        *((None, language, quality.language) for language in comparison.after.languages),
        *((need, None, quality.need) for need in comparison.after.needs),
    ]
    for need, language, margin in names:
        lost = comparison.lost(need, language)
        now, then = (
            figures.count(need, language) for figures in (comparison.after, comparison.before)
        )
        points = 100 * lost / max(now.of, 1)
        if lost >= quality.fewest and points > margin:
            faults.append(
                Fault(
                    "loss",
                    f"{need or language} loses {lost} sentences ({then} before, {now} now): "
                    f"{points:.1f} points, and {margin:g} may be lost",
                )
            )
    return faults


def _under_floors(figures: Figures, quality: Quality) -> list[Fault]:
    faults: list[Fault] = []
    for language in figures.languages:
        count, floor = figures.count(language=language), quality.languages.get(language)
        if floor and is_under(count, floor, quality.chance):
            faults.append(_under(language, count, floor, quality))
    for (need, language), count in figures.cells.items():
        floor = quality.needs.get(need, {}).get(language)
        if floor is None:
            if count.share < quality.new and _by_chance(count, quality.new) < quality.chance:
                faults.append(
                    Fault(
                        "floor",
                        f"{need} ({language}) is new and has {count} right: "
                        f"{100 * quality.new:.0f} in a hundred are asked for",
                    )
                )
        elif is_under(count, floor, quality.chance):
            faults.append(_under(f"{need} ({language})", count, floor, quality))
    for need, floors in quality.needs.items():
        for language in floors:
            if (need, language) not in figures.cells:
                text = f"{need} ({language}) has a floor and no held-out sentences any more"
                faults.append(Fault("floor", f"{text}: write some, or set the floors anew"))
    return faults


def _under(what: str, count: Count, floor: Count, quality: Quality) -> Fault:
    least = lowest(floor, count.of, quality.chance)
    return Fault(
        "floor",
        f"{what} is under its floor: {count} right, and with {floor} as its floor "
        f"at least {least} are asked for",
    )


def _by_chance(count: Count, share: float) -> float:
    return float(binom.cdf(count.right, count.of, share))


def _mapping(file: Path, found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = found.get(key)
    if not isinstance(value, dict):
        raise QualityError(f"{file} has no '{key}': take that part from the repository's own")
    return value


def _number(
    file: Path, found: Mapping[str, Any], within: str, key: str, low: float, high: float
) -> float:
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        where = f"{within}, {key}" if within else key
        raise QualityError(f"{file}: '{where}' is {value!r}: write a number of {low:g} to {high:g}")
    return float(value)


def _counts(file: Path, where: str, found: Any) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for language, written in (found if isinstance(found, dict) else {"?": found}).items():
        right, _, of = str(written).partition(" of ")
        if not (right.isdecimal() and of.isdecimal() and 0 <= int(right) <= int(of) != 0):
            raise QualityError(
                f"{file}: '{where}, {language}' is {written!r}: write how many of how many, "
                "as in 7 of 9"
            )
        counts[str(language)] = Count(int(right), int(of))
    return counts
