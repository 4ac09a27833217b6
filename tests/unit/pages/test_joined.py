"""The chat's modules as one file: what is in it, and what can't be."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tenin.pages.joined import JoinedFiles, JoinError, needed
from tenin.pages.rendering import STATIC

ENTRY = "widget/widget.js"
ALONE = {f"widget/{name}.js" for name in ("continue", "loader", "not_allowed")}  # of pages


def written(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return folder


def joined(folder: Path, name: str = "a.js") -> str:
    lines = JoinedFiles(folder, "a.js").text(name).splitlines()
    return "\n".join(line for line in lines if line)


def test_each_module_stands_once_after_what_it_imports(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nimport * as see from "./c.js";\nexport const a = see.c;\n',
        b='import {\n  c as sea,\n} from "./c.js";\nexport const b = sea;\n',
        c="export const c = 1; // one\n",
    )
    assert list(needed(tmp_path, "a.js")) == ["c.js", "b.js", "a.js"]
    assert joined(tmp_path).splitlines() == [
        "export const{a}=(()=>{",
        "const c = 1; // one",
        "const sea=c;",
        "const b = sea;",
        "const see={c};",
        "const a = see.c;",
        "return{a}})();",
    ]


def test_what_comes_later_is_one_file_and_takes_from_what_is_there(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = () => import("./later.js");\n',
        b="export const b = new URL(import.meta.url);\nexport const unasked = 1;\n",
        later='import { b } from "./b.js";\nimport { d } from "./d.js";\nexport const l = b + d;\n',
        d="export const d = 4;\n",
    )
    whole = joined(tmp_path)
    assert 'import("./later.js")' in whole
    assert whole.startswith("export const{a,b}=(()=>{")
    assert "return{a,b}})();" in whole
    assert 'new URL(new URL("../b.js",import.meta.url))' in whole
    assert joined(tmp_path, "later.js").splitlines() == [
        'import{b as $0}from"./a.js";',
        "export const{l}=(()=>{const b=$0;",
        "const d = 4;",
        "const l = b + d;",
        "return{l}})();",
    ]


def test_what_two_files_need_is_a_file_by_itself(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='export const a = () => [import("./one.js"), import("./two.js")];\n',
        one='import { d } from "./d.js";\nexport const o = d;\n',
        two=(
            'import { d as e } from "./d.js";\n'
            'import { o } from "./one.js";\nexport const t = o + e;\n'
        ),
        d='import { e } from "./e.js";\nexport const d = e;\n',
        e="export const e = 1;\n",
    )
    files = JoinedFiles(tmp_path, "a.js").files
    assert files == {
        "a.js": {"a.js"},
        "d.js": {"d.js", "e.js"},
        "one.js": {"one.js"},
        "two.js": {"two.js"},
    }
    assert joined(tmp_path, "two.js").splitlines() == [
        'import{d as $0}from"./d.js";',
        'import{o as $1}from"./one.js";',
        "export const{t}=(()=>{const e=$0,o=$1;",
        "const t = o + e;",
        "return{t}})();",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("const same = 1;", "function same() {}"),
        ("export class same {}", "let same;"),
        ("async function same() {}", 'import { x as same } from "./c.js";'),
        ("const same = 1;", 'import * as same from "./c.js";'),
        ("const same = 1;", 'import { same } from "./c.js";'),
    ],
)
def test_a_name_that_two_modules_of_a_file_have_is_a_fault(
    tmp_path: Path, one: str, other: str
) -> None:
    written(
        tmp_path,
        a=f'import {{ b }} from "./b.js";\n{one}\nexport const a = b;\n',
        b=f"{other}\nexport const b = 1;\n",
        c="export const x = 1;\nexport function same() {}\n",
    )
    with pytest.raises(JoinError, match=r"both have 'same' and go out as one file: rename one"):
        joined(tmp_path)


def test_a_name_taken_from_another_file_is_nobody_elses(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = () => [b, import("./later.js")];\n',
        b="export const b = 1;\n",
        later='import { d } from "./d.js";\nimport { b } from "./b.js";\nexport const l = b + d;\n',
        d="const b = 2;\nexport const d = b;\n",
    )
    with pytest.raises(JoinError, match=r"d\.js and a\.js \(b\) both have 'b'"):
        joined(tmp_path, "later.js")


@pytest.mark.parametrize("source", ["const { b } = {};", "let [b] = [];"])
def test_names_are_declared_one_by_one(tmp_path: Path, source: str) -> None:
    written(tmp_path, a=f"{source}\nexport const a = 1;\n")
    with pytest.raises(JoinError, match=r"a\.js: declare .* name by name"):
        joined(tmp_path)


def test_all_of_another_file_is_not_imported(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = () => [b, import("./later.js")];\n',
        b="export const b = 1;\n",
        later='import * as all from "./b.js";\nexport const l = all.b;\n',
    )
    with pytest.raises(JoinError, match=r"later\.js: b\.js comes in another file: import what is"):
        joined(tmp_path, "later.js")


def test_what_is_there_is_not_asked_for_once_more(tmp_path: Path) -> None:
    source = 'import { b } from "./b.js";\nexport const a = () => [b, import("./b.js")];\n'
    written(tmp_path, a=source, b="export const b = 1;\n")
    with pytest.raises(JoinError, match=r"a\.js: b\.js comes with the entry: import it at once"):
        joined(tmp_path)


def test_a_type_in_a_comment_is_not_asked_for(tmp_path: Path) -> None:
    source = '/** @param {import("./b.js").B} b */\nexport const a = (b) => b;\n'
    written(tmp_path, a=source, b="export const b = 1;\n")
    assert JoinedFiles(tmp_path, "a.js").files == {"a.js": {"a.js"}}


@pytest.mark.parametrize(
    "source",
    [
        'import b from "./b.js";',
        'import "./b.js";',
        'import { b } from "elsewhere";',
        'export { b } from "./b.js";',
        "export default 1;",
        "const b = 1;\nexport { b };",
    ],
)
def test_another_form_is_a_fault_with_a_remedy(tmp_path: Path, source: str) -> None:
    written(tmp_path, a=f"{source}\n", b="export const b = 1;\n")
    with pytest.raises(JoinError, match=r"a\.js: .*write `import"):
        joined(tmp_path)


def test_a_circle_is_a_fault(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(JoinError, match=r"a\.js → b\.js → a\.js"):
        joined(tmp_path)


def test_a_circle_through_files_that_come_later_is_a_fault(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='export const a = () => [import("./b.js"), import("./c.js")];\n',
        b='import { c } from "./c.js";\nexport const b = c;\n',
        c='import { b } from "./b.js";\nexport const c = b;\n',
    )
    with pytest.raises(JoinError, match=r"b\.js → c\.js → b\.js"):
        joined(tmp_path)


async def test_a_change_in_any_module_goes_out(tmp_path: Path) -> None:
    written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = b;\n',
        b="export const b = 1;\n",
        c="export const c = 1;\n",
    )
    app = Starlette(routes=[Mount("/joined", JoinedFiles(tmp_path, "a.js"))])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        first = await http.get("/joined/a.js")
        assert first.headers["content-encoding"] == "gzip"
        known = {"if-none-match": first.headers["etag"]}
        assert (await http.get("/joined/a.js", headers=known)).status_code == 304
        (tmp_path / "b.js").write_text("export const b = 22;\n", encoding="utf-8")
        second = await http.get("/joined/a.js", headers=known)
        assert second.status_code == 200
        assert "22" in second.text
        for path in (
            "/joined/c.js",
            "/joined/d.js",
            "/joined/a.css",
            "/joined/",
            "/joined/%2e%2e/a.js",
        ):
            assert (await http.get(path)).status_code == 404, path
        assert (await http.post("/joined/a.js")).status_code == 405


def test_every_module_of_the_chat_can_be_joined() -> None:
    joined_files = JoinedFiles(STATIC, ENTRY)
    files = joined_files.files
    modules = {f"widget/{path.name}" for path in (STATIC / "widget").glob("*.js")}
    assert modules - set().union(*files.values()) <= ALONE, "nobody asks for them"
    assert next(iter(files)) == ENTRY
    for name in files:
        assert joined_files.packed(name).compressed


def test_a_module_elsewhere_that_comes_later_takes_its_share(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    written(tmp_path, a='import { b } from "./common/b.js";\nexport const a = b;\n')
    written(
        tmp_path / "common",
        b='export const b = () => import("./later.js");\n',
        c="export const c = 3;\n",
        later='import { b } from "./b.js";\nimport { c } from "./c.js";\nexport const l = b + c;\n',
    )
    whole = joined(tmp_path)
    assert 'import("./common/later.js")' in whole
    assert "return{a,b}})();" in whole
    assert joined(tmp_path, "common/later.js").splitlines()[:3] == [
        'import{b as $0}from"./../a.js";',
        "export const{l}=(()=>{const b=$0;",
        "const c = 3;",
    ]
