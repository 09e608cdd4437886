"""What the readers of image formats raise; `prepare` turns it into an ImageError that names the card."""


class Malformed(Exception):
    """The bytes are no image that can be printed. The message says why in words for the user, without a name."""
