"""The tables a person reads: one row per measurement, then the ratios that matter."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.contestants import CONTESTANTS

Results = dict[tuple[str, int], dict[str, Any]]  # (contestant, chargers) -> result
# Named in the issue this benchmark was made for; judged at this many chargers.
AIM_CHARGERS, AIM_OF_LIMIT, AIM_OVER_STOCK = 50, 0.6, 10.0


def median(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The result with the middle rate, but with the failures of all of them."""
    ordered = sorted(results, key=lambda result: result["rate"])
    failures: dict[str, int] = {}
    for result in results:
        for what, times in result["failures"].items():
            failures[what] = failures.get(what, 0) + times
    return {**ordered[(len(ordered) - 1) // 2], "failures": failures}


def markdown(results: Results) -> str:
    """Everything that was measured, as markdown."""
    return "\n\n".join(
        part for part in (_measurements(results), _ratios(results), _failures(results)) if part
    )


def _measurements(results: Results) -> str:
    lines = [
        "| chargers | | msgs/s | p50 ms | p99 ms | server CPU us/msg | generator busy |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for (name, chargers), result in sorted(results.items(), key=_by_chargers):
        latency = result.get("latency_ms", {})
        cells = (
            f"{result['rate']:,.0f}" + (" FAILED" if result["failures"] else ""),
            _number(latency.get("p50")),
            _number(latency.get("p99")),
            _number(result.get("server_us"), 0),
            f"{result.get('generator_busy', 0):.0%}",
        )
        lines.append(f"| {chargers} | {CONTESTANTS[name].title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _by_chargers(item: tuple[tuple[str, int], dict[str, Any]]) -> tuple[int, int]:
    (name, chargers), _ = item
    return chargers, list(CONTESTANTS).index(name)


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(results: Results, name: str, rival: str, chargers: int) -> float | None:
    """How many times ``rival``'s rate ``name`` reached; None where one of them has none."""
    ours, theirs = results.get((name, chargers)), results.get((rival, chargers))
    if not ours or not theirs or not theirs["rate"] or not ours["rate"]:
        return None
    return float(ours["rate"] / theirs["rate"])


def _ratios(results: Results) -> str:
    levels = sorted({chargers for _, chargers in results})
    lines = ["| chargers | ours / limit | ours / stock |", "|---:|---:|---:|"]
    found = False
    for chargers in levels:
        limit = ratio(results, "ours", "limit", chargers)
        stock = ratio(results, "ours", "stock", chargers)
        found = found or limit is not None or stock is not None
        of_limit = "-" if limit is None else f"{limit:.0%}"
        over_stock = "-" if stock is None else f"{stock:.1f} x"
        aim = f" (aim {AIM_OF_LIMIT:.0%})", f" (aim {AIM_OVER_STOCK:g} x)"
        if chargers != AIM_CHARGERS:
            aim = "", ""
        lines.append(f"| {chargers} | {of_limit}{aim[0]} | {over_stock}{aim[1]} |")
    return "\n".join(lines) if found else ""


def _failures(results: Results) -> str:
    lines = [
        f"- **FAILED** {name} at {chargers} chargers, {times} x: {what.splitlines()[0]}"
        for (name, chargers), result in sorted(results.items(), key=_by_chargers)
        for what, times in result["failures"].items()
    ]
    return "\n".join(lines)
