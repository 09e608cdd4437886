"""What a project holds, and what its file is called by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardmaker import limits
from cardmaker.errors import ProjectError
from cardmaker.limits import Limits
from cardmaker.source import ImageSource

ENDING = ".cardmaker"
ORDERS = ("natural", "upload", "hand")
FORMAT, VERSION, INDEX = "cardmaker project", 1, "project.json"
MOST_JSON_BYTES = 16 << 20
# What stands for a card's own back: the one that is named like its front, if any; or none, whatever the names say.
BY_NAME, NO_BACK = "by name", "none"


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """`back` is the place of its own back among the project's, counted from 0, or BY_NAME or NO_BACK. `knobs` are this
    card's alone, as they were written; `upload` is its place among the cards as they came in, from 0."""

    image: ImageSource
    quantity: int = 1
    back: int | str = BY_NAME
    knobs: Mapping[str, str] = field(default_factory=dict)
    upload: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """Cards in their order, which is one of ORDERS; own backs, also those that are no card's yet; and the settings as
    the command line names them, without overrides, which are the cards' knobs."""

    cards: tuple[ProjectCard, ...]
    backs: tuple[ImageSource, ...] = ()
    common_back: ImageSource | None = None
    title: str = ""
    order: str = ORDERS[0]
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, object]:
        """The settings that say something: what is empty is as if it were not there."""
        return {name: value for name, value in self.settings.items() if value not in (None, "")}

    @property
    def images(self) -> list[ImageSource]:
        """Of all cards and backs, in their order."""
        common = [self.common_back] if self.common_back else []
        return [*(card.image for card in self.cards), *self.backs, *common]


def check(project: Project, limits: Limits = limits.DEFAULT) -> None:
    """Whether it can be saved and opened again. Raises ProjectError."""
    name, images = project.title or "project", project.images
    if len(images) > limits.images_per_deck:
        raise ProjectError(
            name, f"has {len(images):,} cards and backs; at most {limits.images_per_deck:,} go into a project"
        )
    total = sum({image.digest: image.size for image in images}.values()) + MOST_JSON_BYTES
    if total > limits.archive_bytes:
        raise ProjectError(
            name,
            f"has images of {total / 1e6:,.0f} MB; at most {limits.archive_bytes / 1e6:,.0f} MB go into a project; "
            "save it as two",
        )
