"""Pillow images: mode, size, pixels and palette; the file that they were read from does not count."""

from __future__ import annotations

from PIL import Image

from taskcell.hashing.tokens import Node
from taskcell.hashing.values import register


def _image(value: Image.Image) -> Node:
    palette = value.getpalette() if value.mode == "P" else None
    return Node("image", (value.mode, repr(value.size), value.tobytes()), (palette, value.info.get("transparency")))


register(Image.Image, _image, subclasses=True)
