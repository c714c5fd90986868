"""Whether everybody can use a page, as axe-core judges it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests import npm

_HERE = Path(__file__).resolve().parent
_RUN = """async () => {
  const found = await axe.run({ resultTypes: ["violations"] });
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .flatMap((rule) => rule.nodes.map((node) => [
      `${rule.id}: ${node.html.slice(0, 160)}`,
      ...node.any.map((one) => one.message),
    ].join(" ")));
}"""


def violations(page: Page) -> list[str]:
    """What is serious or worse: the rule and the element, a line each."""
    npm.installed(_HERE, "axe-core")
    # By the debugger: a script element of ours the page's Content-Security-Policy would stop.
    page.evaluate((_HERE / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found: list[str] = page.evaluate(_RUN)
    return sorted(set(found))
