"""What MkDocs does beside its own: pages from outside docs/, files that pages link to, one API page a module."""

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "results/README.md": "results.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Pages from elsewhere, and what they are called here."""

_SOURCE = "source/"
"""Where the site has files of the project that are no pages."""

_PACKAGE = ROOT / "workflow/goalsplice"
_LINK = re.compile(r"""(\]\(|(?:src|href)=")([^)"#\s]*)""")


def _modules() -> list[str]:
    """The package's public modules, such as `agent.ppo`."""
    found = (path.relative_to(_PACKAGE).with_suffix("") for path in _PACKAGE.rglob("*.py") if path.stem[0] != "_")
    return sorted(".".join(path.parts) for path in found)


def _title(module: str) -> str:
    """The first line of a module's docstring, up to a colon."""
    source = (_PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or module).splitlines()[0].split(":")[0].rstrip(".")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put a page for each module into the last entry of the navigation, by rooms."""
    rooms: dict[str, list] = {}
    for module in _modules():
        rooms.setdefault(module.split(".")[0], []).append({module: f"api/{module}.md"})
    config.nav[-1]["API"] = [{room: pages} for room, pages in rooms.items()]
    return config


def _place(page: str, link: str) -> str | None:
    """Where on the site a link leads that leads somewhere in the project on GitHub; None for another site or an anchor.

    Args:
        page: the page's place on the site, such as `findings.md`.
        link: without its anchor.
    """
    if not link or re.match(r"[a-z]+:|//", link):
        return None
    origin = next((source for source, name in PAGES.items() if name == page), f"docs/{page}")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link))
    if target in PAGES:
        return PAGES[target]
    if target == "docs/results":
        return "results.md"
    if target == "docs/README.md" or (ROOT / target).is_dir():
        return "index.md"
    return target.removeprefix("docs/") if target.startswith("docs/") else _SOURCE + target


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the modules' pages, and every file outside docs/ that some page links to."""
    for source, name in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    for module in _modules():
        text = f"# {_title(module)}\n\n::: goalsplice.{module}\n"
        files.append(File.generated(config, f"api/{module}.md", content=text))
    for page in list(files.documentation_pages()):
        for _, link in _LINK.findall(page.content_string):
            place = _place(page.src_uri, link) or ""
            source = ROOT / place.removeprefix(_SOURCE)
            if place.startswith(_SOURCE) and source.is_file() and files.get_file_from_path(place) is None:
                files.append(File.generated(config, place, abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links lead on the site where they lead on GitHub."""
    here = page.file.src_uri

    def led(match: re.Match) -> str:
        before, link = match.groups()
        place = _place(here, link)
        return match.group() if place is None else before + posixpath.relpath(place, posixpath.dirname(here) or ".")

    return _LINK.sub(led, markdown)
