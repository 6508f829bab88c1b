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

_PACKAGE = ROOT / "workflow/goalsplice"
_LINK = re.compile(r"""(\]\(|(?:src|href)=")([^)"#\s]*)""")


def _modules() -> list[str]:
    """The package's public modules, such as `agent.ppo`."""
    found = (path.relative_to(_PACKAGE).with_suffix("") for path in _PACKAGE.rglob("*.py") if path.stem[0] != "_")
    return sorted(".".join(path.parts) for path in found)


def _title(module: str) -> str:
    source = (_PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or module).splitlines()[0].split(":")[0].rstrip(".")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put a page for each module into the last entry of the navigation, by rooms."""
    rooms: dict[str, list] = {}
    for module in _modules():
        rooms.setdefault(module.split(".")[0], []).append({module: f"api/{module}.md"})
    config.nav[-1]["API"] = [{room: pages} for room, pages in rooms.items()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the modules' pages, and every file outside docs/ that some page links to."""
    for source, name in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    for module in _modules():
        text = f"# {_title(module)}\n\n::: goalsplice.{module}\n"
        files.append(File.generated(config, f"api/{module}.md", content=text))
    for page in list(files.documentation_pages()):
        for _, link in _LINK.findall(page.content_string):
            outside = _outside(_origin(page.src_uri), link)
            if outside and (ROOT / outside).is_file() and files.get_file_from_path(f"source/{outside}") is None:
                files.append(File.generated(config, f"source/{outside}", abs_src_path=str(ROOT / outside)))
    return files


def _origin(page: str) -> str:
    """Where in the project a page of the site lies."""
    return next((source for source, name in PAGES.items() if name == page), f"docs/{page}")


def _outside(origin: str, link: str) -> str | None:
    """What a link leads to, as a path in the project; None for another page or file of the site, or another site."""
    if not link or re.match(r"[a-z]+:|//", link):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link))
    return None if target in PAGES or (target.startswith("docs/") and target != "docs/README.md") else target


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as they lead on GitHub, made such that they lead there on the site."""
    here = page.file.src_uri
    origin = _origin(here)

    def led(match: re.Match) -> str:
        before, link = match.groups()
        if not link or re.match(r"[a-z]+:|//", link):
            return match.group()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link))
        if target in PAGES:
            target = PAGES[target]
        elif target == "docs/results":
            target = "results.md"
        elif target == "docs/README.md" or (ROOT / target).is_dir():
            target = "index.md"
        elif target.startswith("docs/"):
            target = target.removeprefix("docs/")
        else:
            target = f"source/{target}"
        return before + posixpath.relpath(target, posixpath.dirname(here) or ".")

    return _LINK.sub(led, markdown)
