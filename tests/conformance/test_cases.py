"""Every case has its one test, and the README says which."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conformance.cases import CASES, PROFILES, begins_its_test

HERE = Path(__file__).resolve().parent


def functions() -> dict[str, str]:
    """The test functions of this folder, and the file each is in. No name is there twice."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert node.name not in found, f"{node.name} is in {found[node.name]}, too"
                found[node.name] = path.name
    return found


FUNCTIONS = functions()


def named_after(case: str) -> list[str]:
    """The tests of a case. A word follows its number: test_tc_011_2_... is none of TC_011."""
    beginning = begins_its_test(case) + "_"
    found = (name for name in FUNCTIONS if name.startswith(beginning))
    return [name for name in found if name[len(beginning) :][:1].isalpha()]


def table() -> str:
    """The README's table as it should be."""
    lines: list[str] = []
    for profile, cases in PROFILES.items():
        lines += [
            "",
            f"### {profile} ({len(cases)})",
            "",
            "| case | about | test |",
            "|---|---|---|",
        ]
        for case, title in cases.items():
            for test in named_after(case):
                lines.append(f"| {case} | {title} | `{FUNCTIONS[test]}` `{test}` |")
    return "\n".join(lines).strip() + "\n"


def test_the_cases_are_77_of_central_systems_and_18_derived_ones():
    certified = {profile: len(cases) for profile, cases in PROFILES.items()}
    assert certified.pop("Derived") == 18
    assert list(certified.values()) == [34, 5, 6, 10, 2, 5, 15]
    assert len(CASES) == 77 + 18


def test_every_case_has_one_test():
    assert {case: len(named_after(case)) for case in CASES} == dict.fromkeys(CASES, 1)


def test_every_test_that_is_named_after_a_case_has_that_case():
    named = [name for name in FUNCTIONS if name.startswith(("test_tc_", "test_d_"))]
    assert sorted(named) == sorted(test for case in CASES for test in named_after(case))


def test_the_readme_has_the_table():
    text = (HERE / "README.md").read_text()
    # To write it anew: what stands below the first "###" is the value of table().
    assert text[text.index("### ") :] == table()
