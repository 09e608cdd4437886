"""A project: the cards as a person laid them and the settings beside them, in one file that opens again anywhere.

The file is a ZIP, stored and not packed, the same bytes for the same project. First stands `project.json`, then each
image once, byte for byte as it came. Names from outside stand in the JSON alone: an image's entry is called by its
number and its digest. A file is opened whole or not at all.
"""

from cardmaker.project.contents import BY_NAME, ENDING, NO_BACK, ORDERS, Project, ProjectCard, check
from cardmaker.project.reading import is_project, read
from cardmaker.project.writing import write

__all__ = ["BY_NAME", "ENDING", "NO_BACK", "ORDERS", "Project", "ProjectCard", "check", "is_project", "read", "write"]
