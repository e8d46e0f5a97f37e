"""Builds the documentation as a site: ``make docs`` writes docs/_build/html, and a warning ends it.

The pages are staged first: a link to a file outside docs/ leads to a copy of it, the pages of the API
hold whole docstrings, and the navigation follows the links, page by page from the index.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sphinx.cmd.build import main as sphinx

from docs import api

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
BUILT: Final = DOCS / "_build"
STAGED: Final = BUILT / "source"
OUTSIDE: Final = "repository"
"""Folder of the site that holds what pages link to outside docs/."""
LINK: Final = re.compile(r"(\]\()([^()\s#]+)((?:#[\w-]+)?\))")
SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
PAGES: Final = (".md", ".ipynb")


def stage() -> None:
    """Copy the pages, and what they link to, into the folder that Sphinx reads."""
    shutil.rmtree(STAGED, ignore_errors=True)
    ignored = shutil.ignore_patterns("_build", "__pycache__", "*.md")
    shutil.copytree(DOCS, STAGED, ignore=ignored)
    index = DOCS / "index.md"
    known, waiting = {index}, [index]
    while waiting:
        page = waiting.pop(0)
        text = page.read_text(encoding="utf-8")
        found = [(caption, target) for caption, target in _links(page, text) if target not in known]
        children = list(dict.fromkeys(found))
        known |= {target for _, target in children}
        _place(page, text, children)
        waiting += [target for _, target in children if target.suffix == ".md"]
    (STAGED / "notebooks" / "scenarios").symlink_to(ROOT / "scenarios")  # notebooks run where they stand
    reference = STAGED / "reference"
    for name, text in (("python", api.python_page(whole=True)), ("formulas", api.formulas_page(whole=True))):
        (reference / f"{name}.md").write_text(text, encoding="utf-8")


def _links(page: Path, text: str) -> Iterator[tuple[str, Path]]:
    """Yield the pages that a page links to, each with the heading that it stands under; once."""
    seen = set()
    pieces = SECTION.split(text)
    for caption, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        for found in LINK.finditer(piece):
            target = (page.parent / found[2]).resolve()
            if "://" not in found[2] and target.suffix in PAGES and target not in seen:
                seen.add(target)
                yield caption, target


def _place(page: Path, text: str, children: list[tuple[str, Path]]) -> None:
    """Write a page where Sphinx reads it, with links that hold there and its children as navigation."""
    staged = _staged(page)

    def link(found: re.Match[str]) -> str:
        target = (page.parent / found[2]).resolve()
        if "://" in found[2]:
            return found[0]
        if not target.is_relative_to(DOCS) and target.suffix not in PAGES:
            _staged(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, _staged(target))
        return found[1] + _relative(_staged(target), staged.parent) + found[3]

    text = LINK.sub(link, text)
    for caption in dict.fromkeys(caption for caption, _ in children):
        entries = "\n".join(
            "/" + _staged(target).relative_to(STAGED).with_suffix("").as_posix()
            for heading, target in children
            if heading == caption
        )
        title = f":caption: {caption}\n" if caption and page == DOCS / "index.md" else ""
        text += f"\n```{{toctree}}\n:hidden:\n{title}\n{entries}\n```\n"
    staged.parent.mkdir(parents=True, exist_ok=True)
    staged.write_text(text, encoding="utf-8")


def _staged(target: Path) -> Path:
    """Return where a file of the repository stands in the folder that Sphinx reads."""
    if target.is_relative_to(DOCS):
        return STAGED / target.relative_to(DOCS)
    return STAGED / OUTSIDE / target.relative_to(ROOT)


def _relative(path: Path, folder: Path) -> str:
    shared = next(parent for parent in (folder, *folder.parents) if path.is_relative_to(parent))
    return "/".join([".."] * len(folder.relative_to(shared).parts) + [path.relative_to(shared).as_posix()])


def main(arguments: list[str]) -> int:
    """Stage the pages, build the site; return the exit code."""
    stage()
    html = BUILT / "html"
    shutil.rmtree(html, ignore_errors=True)
    places = ["-d", str(BUILT / "doctrees"), str(STAGED), str(html)]
    code = sphinx(["-q", "-W", "--keep-going", *arguments, *places])
    if code == 0:
        print((html / "index.html").relative_to(ROOT))  # noqa: T201  # where the reader finds it
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
