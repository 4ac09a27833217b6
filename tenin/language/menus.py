"""The menus that guide a customer who can't name the problem: menus.yml.

`wording` asks here for a menu's prompt and buttons when a response carries
`custom: {menu: …}`, and for the button of a need it offers. A choice is another menu or a
need, three levels of menus at most; every menu but the first gets a button back to the
menu that leads to it, and on the third level one to the first.
"""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tenin.language.yamlfile import YAMLFileError, place_of, read_yaml

FIRST = "start"
LEVELS = 3
# What a button may ask for that the bot knows nothing of: the web tier sees to it by itself.
WITHOUT_BOT = frozenset({"leave_message", "leave_queue"})

Texts = Mapping[str, str]


class MenuError(ValueError):
    """The file of menus says something impossible; the message names file, menu and remedy."""


@dataclass(frozen=True)
class Button:
    """What a customer can press: what it says, and the message for Rasa that it stands for."""

    title: str
    payload: str


@dataclass(frozen=True)
class Menu:
    """One menu: the title of a button that leads here, what is said here, what can be chosen."""

    title: Texts
    prompt: Texts
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Menus:
    """All menus of a file, checked: a tree whose root is `start`."""

    path: Path
    titles: Mapping[str, Texts]
    back: Texts
    menus: Mapping[str, Menu]
    parents: Mapping[str, str]

    def prompt(self, menu: str, language: str) -> str:
        """Give what is said when the menu is shown. Raises MenuError for an unknown one."""
        return self._in(language, self._menu(menu).prompt, f"the prompt of the menu {menu!r}")

    def buttons(self, menu: str, language: str) -> tuple[Button, ...]:
        """Give the menu's buttons in their order, the way back last. Raises MenuError."""
        buttons = [self.button(choice, language) for choice in self._menu(menu).choices]
        if menu in self.parents:
            parent = self.parents[menu]
            buttons.append(Button(self._in(language, self.back, "'back'"), _show(parent)))
            if parent != FIRST:
                buttons.append(self.button(FIRST, language))
        return tuple(buttons)

    def button(self, choice: str, language: str) -> Button:
        """Give the button of a menu or a need. Raises MenuError when it has no title."""
        if choice in self.menus:
            texts, payload = self.menus[choice].title, _show(choice)
        elif choice in self.titles:
            texts, payload = self.titles[choice], f"/{choice}"
        else:
            raise MenuError(
                f"{self.path}: {choice!r} is neither a menu nor a need with a title. Correct the "
                f"name, or add it under 'titles'."
            )
        return Button(self._in(language, texts, f"the title of {choice!r}"), payload)

    def _menu(self, menu: str) -> Menu:
        if menu not in self.menus:
            raise MenuError(
                f"{self.path}: there is no menu {menu!r}. Add it under 'menus', or name one of "
                f"{', '.join(self.menus)}."
            )
        return self.menus[menu]

    def _in(self, language: str, texts: Texts, what: str) -> str:
        if language not in texts:
            raise MenuError(
                f"{self.path}: {what} isn't there in {language!r}. Add '{language}: …' to it."
            )
        return texts[language]


def load_menus(path: Path) -> Menus:
    """Read and check a file of menus. Raises MenuError, or OSError when it can't be read."""
    try:
        found = read_yaml(path)
    except YAMLFileError as error:
        raise MenuError(str(error)) from error
    found = found if isinstance(found, dict) else {}
    titles = {
        str(need): _texts(path, f"the title of {need!r}", texts)
        for need, texts in _mapping(path, found, "titles").items()
    }
    menus = {
        str(name): _read_menu(path, str(name), entry)
        for name, entry in _mapping(path, found, "menus").items()
    }
    if FIRST not in menus:
        raise MenuError(
            f"{path}: there is no menu {FIRST!r}, where everything begins. Add it under 'menus'."
        )
    parents = _parents(path, menus, titles)
    return Menus(path, titles, _texts(path, "'back'", found.get("back")), menus, parents)


def check_menus(
    menus: Menus, languages: Iterable[str], needs: Container[str] | None = None
) -> list[str]:
    """Name every text of the menus that lacks one of the languages; none: an empty list.

    With `needs`, all that the bot understands, also every choice and title of another need,
    unless it goes without the bot.
    """
    strange = [
        f"{place_of(menus.path, 'titles', need)}: there is no need {need!r}. Correct the name, or "
        f"give it examples in data/nlu."
        for need in menus.titles
        if needs is not None and need not in needs and need not in WITHOUT_BOT
    ]
    return strange + [
        f"{menus.path}: {what} isn't there in {language!r}. Add '{language}: …' to it."
        for language in languages
        for what, texts in _all_texts(menus)
        if not texts.get(language, "").strip()
    ]


def _all_texts(menus: Menus) -> Iterator[tuple[str, Texts]]:
    yield "'back'", menus.back
    for need, texts in menus.titles.items():
        yield f"the title of {need!r}", texts
    for name, menu in menus.menus.items():
        yield f"the title of the menu {name!r}", menu.title
        yield f"the prompt of the menu {name!r}", menu.prompt


def _show(menu: str) -> str:
    return "/show_menu" + json.dumps({"menu": menu})


def _mapping(path: Path, found: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = found.get(key)
    if not isinstance(value, dict) or not value:
        raise MenuError(f"{path}: {key!r} is missing or empty. Add it, a line for each name.")
    return value


def _texts(path: Path, what: str, texts: Any) -> Texts:
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise MenuError(
            f"{path}: {what} must give a text for each language. Write it as {{en: …, zh-Hans: …}}."
        )
    return {str(language): text for language, text in texts.items()}


def _read_menu(path: Path, name: str, entry: Any) -> Menu:
    entry = entry if isinstance(entry, dict) else {}
    choices = entry.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MenuError(
            f"{path}: the menu {name!r} offers nothing. List menus or needs under its 'choices'."
        )
    return Menu(
        _texts(path, f"the title of the menu {name!r}", entry.get("title")),
        _texts(path, f"the prompt of the menu {name!r}", entry.get("prompt")),
        tuple(str(choice) for choice in choices),
    )


def _parents(
    path: Path, menus: Mapping[str, Menu], titles: Mapping[str, Texts]
) -> Mapping[str, str]:
    """Give for each menu the one that leads to it, having seen that they are a tree."""
    parents: dict[str, str] = {}
    for name, menu in menus.items():
        place = partial(place_of, path, "menus", name, "choices")
        for choice in menu.choices:
            if choice in menus and choice in titles:
                raise MenuError(
                    f"{place(choice)}: {choice!r} in the menu {name!r} is a menu and has a "
                    f"line under 'titles' too. Rename the menu."
                )
            if choice in menus:
                if choice == FIRST or choice in parents:
                    raise MenuError(
                        f"{place(choice)}: the menu {name!r} leads to the menu {choice!r}, which "
                        + (
                            "is the first one. Every menu has a way back already; remove it."
                            if choice == FIRST
                            else f"{parents[choice]!r} leads to already, so that its way back is "
                            f"unclear. Take it out of one of them."
                        )
                    )
                parents[choice] = name
            elif choice not in titles:
                raise MenuError(
                    f"{place(choice)}: the menu {name!r} offers {choice!r}, which is neither a "
                    f"menu nor a need with a title. Correct the name, or add it under 'titles' or "
                    f"'menus'."
                )
    _check_all_reached(path, menus, parents)
    return parents


def _check_all_reached(path: Path, menus: Mapping[str, Menu], parents: Mapping[str, str]) -> None:
    for name in menus:
        way = [name]
        while way[-1] in parents and parents[way[-1]] not in way:
            way.append(parents[way[-1]])
        if way[-1] == FIRST:
            if len(way) > LEVELS:
                raise MenuError(
                    f"{place_of(path, 'menus', name)}: the menu {name!r} is on level {len(way)} "
                    f"({' < '.join(way)}), and {LEVELS} is the most that customers follow. Take "
                    f"it up into a menu before."
                )
            continue
        if way[-1] in parents:
            raise MenuError(
                f"{place_of(path, 'menus', name)}: the menu {name!r} is reached from itself "
                f"({' < '.join(way)}). Take one of them out of the other's 'choices'."
            )
        raise MenuError(
            f"{place_of(path, 'menus', way[-1])}: no menu leads to the menu {way[-1]!r}. "
            f"Add it to the 'choices' of one, or remove it."
        )
