"""Print and cut your own playing cards: exact PDFs, matching cut files, backs that land on their fronts."""

__version__ = "0.1.0"
