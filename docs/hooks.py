"""Hooks of the manual's build: the list of error pages, and fences that tests read but the highlighter does not."""

import re
from pathlib import Path

FENCE = re.compile(r"^```python \w+$", re.MULTILINE)


def on_config(config):
    """Puts every error page below "Errors", in the order of the codes."""
    folder = Path(config.docs_dir) / "errors"
    pages = ["errors/index.md", *sorted(f"errors/{path.name}" for path in folder.glob("U*.md"))]
    for entry in config.nav:
        if "Errors" in entry:
            entry["Errors"] = pages
    return config


def on_page_markdown(markdown, page, config, files):
    """Lists the codes on the index, and drops the words that tell the tests what an example is for."""
    if page.file.src_uri == "errors/index.md":
        folder = Path(config.docs_dir) / "errors"
        titles = (path.read_text().splitlines()[0].lstrip("# ") for path in sorted(folder.glob("U*.md")))
        links = (title.partition(":") for title in titles)
        markdown += "\n" + "\n".join(f"- [{code}]({code}.md):{title}" for code, _, title in links) + "\n"
    return FENCE.sub("```python", markdown)
