"""The chat's modules as one file, made in memory: what every visitor needs in one request.

Under /static/joined stand the same addresses as under /static. The entry holds itself and all
that it imports at once, in one function whose names the minifier may shorten; what comes later by
`import()` is a file with all that it needs, and takes from other files what those have already. So
there is one of each module, no build step, and much less to send than file by file
(docs/decisions/0026).
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tenin.pages.static_files import Packed, answer, minified_js, pack

FOLDER = "joined"
KIND = "text/javascript"
IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE)
NAME = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let|var) (\w+|[{\[][^=]*)", re.MULTILINE
)
OTHER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
TYPES = re.compile(r"/\*\*.*?\*/", re.DOTALL)  # they are named in comments the same way
ADDRESS = "import.meta.url"


class JoinError(ValueError):
    """A module is written in a way that can't be joined; the message names the remedy."""


@dataclass(frozen=True)
class Module:
    """A module: its imports (what of which) and exports taken out of its source."""

    name: str
    imports: tuple[tuple[str, str], ...]
    exports: tuple[str, ...]
    source: str


def read_module(folder: Path, name: str) -> Module:
    """Read the module `name`, a path below `folder`.

    Raises:
        OSError: if there is none.
        JoinError: if it imports or exports in another form than our modules do.
    """
    source = (folder / name).read_text(encoding="utf-8")
    imports = tuple((what, beside(name, path)) for what, path in IMPORT.findall(source))
    exports = tuple(EXPORT.findall(source))
    source = EXPORT.sub("", IMPORT.sub("", source))
    if left := OTHER.search(source):
        raise JoinError(
            f'{name}: {left.group()!r} can\'t be joined: write `import {{…}} from "./…";` or '
            "`import * as … from`, and `export` before a function, a class or a const"
        )
    return Module(name, imports, exports, source)


def beside(name: str, path: str) -> str:
    """The name of the module that the module `name` calls `path`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def needed(folder: Path, entry: str, without: Collection[str] = ()) -> dict[str, Module]:
    """The entry and all that it imports at once, by name, each after what it imports.

    What stands in `without` is left out, with all that only it needs.

    Raises:
        JoinError: as `read_module`, or if modules import each other in a circle.
    """
    found: dict[str, Module] = {}

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise JoinError(f"{' → '.join((*way, name))}: no module may import itself in the end")
        if name not in found:
            module = read_module(folder, name)
            for _, other in module.imports:
                if other not in without:
                    visit(other, (*way, name))
            found[name] = module

    visit(entry, ())
    return found


def bundles(folder: Path, entry: str) -> dict[str, dict[str, Module]]:
    """The modules of each file that goes out, by the file's name: the entry's first.

    What comes by `import()` is a file with all that it needs and the entry has not. What two such
    files need is a file by itself, since there must be one of each module.

    Raises:
        JoinError: as `needed`, or if what comes with the entry is asked for once more.
    """
    first = needed(folder, entry)
    names: set[str] = set()
    while True:
        found = {name: needed(folder, name, {*first, *names} - {name}) for name in sorted(names)}
        counted = Counter(name for each in found.values() for name in each)
        more: set[str] = set()
        for module in (*first.values(), *(m for each in found.values() for m in each.values())):
            more |= _asked(folder, module, first)
            if counted[module.name] < 2:
                more |= {name for _, name in module.imports if counted[name] > 1}
        if more <= names:
            for name in sorted(names):
                needed(folder, name, first)  # a circle through several files is one, too
            return {entry: first, **found}
        names |= more


def _asked(folder: Path, module: Module, first: Collection[str]) -> set[str]:
    """The modules that a module asks for by `import()`."""
    names = {beside(module.name, path) for path in LATER.findall(TYPES.sub("", module.source))}
    for name in sorted(names & set(first)):
        raise JoinError(f"{module.name}: {name} comes with the entry: import it at once")
    return {name for name in names if (folder / name).is_file()}


def join(name: str, files: Mapping[str, Mapping[str, Module]], entry: str) -> str:
    """The file `name`: its modules in one function, and the exports of them that are asked for.

    Raises:
        JoinError: if two of its modules have a name in common.
    """
    inside = files[name]
    folder = posixpath.dirname(name)
    files_of = {module: file for file, modules in files.items() for module in modules}
    taken: dict[str, dict[str, str]] = {}  # from other files: the name there, the name here
    owners: dict[str, str] = {}
    body = []
    for module in inside.values():
        _own(owners, module)
        for what, which in module.imports:
            if which in inside:
                body.append(_within(owners, module.name, what, inside[which]))
            elif what.startswith("* as "):
                raise JoinError(
                    f"{module.name}: {which} comes in another file: import what is needed of it "
                    "by name"
                )
            else:
                taken.setdefault(files_of[which], {}).update(_names(what))
        body.append(_moved(module.source, module.name, name))
    for file, names in taken.items():
        for there, here in names.items():
            _take(owners, here, f"{file} ({there})")
    wanted = {*inside[name].exports, *_asked_of(inside, files)}
    heads, locals_ = _heads(taken, folder)
    exports = ",".join(sorted(wanted))
    begin = f"export const{{{exports}}}=(()=>{{{locals_}"
    return "\n".join([*heads, begin, *filter(None, body), f"return{{{exports}}}}})();"])


def _own(owners: dict[str, str], module: Module) -> None:
    """Note the names that a module declares."""
    for found in NAME.findall(module.source):
        if not found.isidentifier():
            raise JoinError(f"{module.name}: declare {found.strip()!r} name by name")
        _take(owners, found, module.name)


def _take(owners: dict[str, str], name: str, owner: str) -> None:
    if owners.setdefault(name, owner) != owner:
        raise JoinError(
            f"{owners[name]} and {owner} both have {name!r} and go out as one file: rename one"
        )


def _names(what: str) -> dict[str, str]:
    """What `{a, b as c}` imports: the name there and the name here."""
    parts = (part.split(" as ") for part in what.strip("{} \n").split(","))
    return {part[0].strip(): part[-1].strip() for part in parts if part[0].strip()}


def _within(owners: dict[str, str], by: str, what: str, module: Module) -> str:
    """What one module imports of another in its file: only other names there say anything."""
    if what.startswith("* as "):
        values = {what.removeprefix("* as "): f"{{{','.join(module.exports)}}}"}
    else:
        values = {here: there for there, here in _names(what).items() if there != here}
    for here in values:
        _take(owners, here, by)
    return "".join(f"const {here}={value};" for here, value in values.items())


def _asked_of(inside: Mapping[str, Module], files: Mapping[str, Mapping[str, Module]]) -> set[str]:
    """What modules of other files import of these."""
    return {
        there
        for modules in files.values()
        for module in modules.values()
        if module.name not in inside
        for what, which in module.imports
        if which in inside and not what.startswith("* as ")
        for there in _names(what)
    }


def _heads(taken: Mapping[str, Mapping[str, str]], folder: str) -> tuple[list[str], str]:
    """The imports of other files, and the constants that they are within the function.

    They are named one by one, so that a page that has another version of a file fails aloud.
    """
    heads: list[str] = []
    constants: list[str] = []
    for file, names in sorted(taken.items()):
        parts = []
        for there, here in sorted(names.items()):
            parts.append(f"{there} as ${len(constants)}")
            constants.append(f"{here}=${len(constants)}")
        heads.append(f'import{{{",".join(parts)}}}from"./{posixpath.relpath(file, folder)}";')
    return heads, f"const {','.join(constants)};" if constants else ""


def _moved(source: str, name: str, to: str) -> str:
    """A module's source with its addresses as seen from the file `to`."""
    here = posixpath.dirname(to)
    own = posixpath.relpath(name, posixpath.join(FOLDER, here))
    moved = source.replace(ADDRESS, f'new URL("{own}",{ADDRESS})')

    def seen(found: re.Match[str]) -> str:
        return f'import("./{posixpath.relpath(beside(name, found.group(1)), here or ".")}")'

    return LATER.sub(seen, moved)


class JoinedFiles:
    """ASGI: the modules below a folder, joined around one entry."""

    def __init__(self, folder: Path, entry: str) -> None:
        """Serve what `entry`, a path below `folder`, needs."""
        self.folder, self.entry = folder, entry
        self._files: dict[str, dict[str, Module]] = {}
        self._version: tuple[int, ...] = ()
        self._packed: dict[str, Packed] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a joined file.

        Raises:
            HTTPException: 404 where there is no such module, 405 for another method.
        """
        request = Request(scope)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405)
        name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        response = await asyncio.to_thread(self._answer, name, request)
        await response(scope, receive, send)

    def _answer(self, name: str, request: Request) -> Response:
        file = self.folder / name
        if "\0" in name or ".." in name or file.suffix != ".js" or not file.is_file():
            raise HTTPException(404)
        try:
            packed = self.packed(name)
        except KeyError:
            raise HTTPException(404) from None
        return answer(packed, KIND, request.headers)

    @property
    def files(self) -> dict[str, set[str]]:
        """The modules of each file that goes out, by its name; the entry's first."""
        self._look()
        return {name: set(modules) for name, modules in self._files.items()}

    def names(self, name: str) -> set[str]:
        """What the modules of a file declare; raises what `text` raises."""
        self._look()
        return {each for m in self._files[name].values() for each in NAME.findall(m.source)}

    def text(self, name: str) -> str:
        """A file before it is minified.

        Raises:
            KeyError: for one that nobody ever asks for.
            JoinError: if it can't be joined.
        """
        self._look()
        return join(name, self._files, self.entry)

    def packed(self, name: str) -> Packed:
        """A file as it goes out; raises what `text` raises."""
        self._look()
        found = self._packed.get(name)
        if found is None or found.version != self._version:
            small = minified_js(self.text(name)).encode()
            found = self._packed[name] = pack(self._version, small)
        return found

    def _look(self) -> None:
        """Read the modules again if one of them has changed."""
        if not self._files or self._versions() != self._version:
            self._files = bundles(self.folder, self.entry)
            self._version = self._versions()

    def _versions(self) -> tuple[int, ...]:
        names = sorted({name for modules in self._files.values() for name in modules})
        stats = [(self.folder / name).stat() for name in names]
        return tuple(part for stat in stats for part in (stat.st_mtime_ns, stat.st_size))
