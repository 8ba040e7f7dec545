r"""Text that the book puts under a cell, typeset in a notebook and plain elsewhere."""

import ast
import inspect
import re
import textwrap

from IPython.display import display

__all__ = ["Note", "say", "show_source", "source_of"]


class Note:
    r"""Hold a piece of Markdown; its plain form has the marks taken off."""

    def __init__(self, markdown):
        self.markdown = markdown

    def _repr_markdown_(self):
        return self.markdown

    def __repr__(self):
        return re.sub(r"\*\*|^> ?", "", self.markdown, flags=re.MULTILINE)


def say(markdown):
    r"""Show a piece of Markdown under the running cell."""
    display(Note(markdown))


def show_source(thing, *more):
    r"""Show code of the package as it stands, without its docstring.

    What a notebook shows is then what runs: nothing is typed twice.
    """
    sources = "\n\n".join(source_of(each) for each in (thing, *more))
    say(f"```python\n{sources}\n```")


def source_of(thing):
    r"""Return the source of a function or class without its docstring."""
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    body = ast.parse("\n".join(lines)).body[0].body
    if len(body) > 1 and ast.get_docstring(ast.parse("\n".join(lines)).body[0]):
        del lines[body[0].lineno - 1 : body[0].end_lineno]
    return "\n".join(lines)
