"""Figures and images: matplotlib figures as PNG and SVG, Pillow images as PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.hashing import tokens
from taskcell.hashing.values import digest_value, register
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import previews

_DPI = 200
_LOSSLESS = frozenset(("1", "L", "LA", "P", "RGB", "RGBA"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFigure:
    """A figure as it was drawn: it displays, and it can be saved.

    The axes and the data behind them are not kept. Return the data from the task if you want to draw it
    again.
    """

    png: bytes = field(repr=False)
    """Pixels, at 200 dots per inch."""
    svg: str = field(repr=False)
    """The same as vector graphics."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        import base64

        return {"image/png": base64.b64encode(self.png).decode("ascii"), "text/plain": repr(self)}

    def _repr_svg_(self) -> str:
        return self.svg

    def savefig(self, path: str | Path) -> None:
        """Write the figure to a ``.png`` or ``.svg`` file."""
        path = Path(path)
        if path.suffix not in (".png", ".svg"):
            raise errors.InvalidInputError(
                f"A stored figure can't be saved as {path.name!r}.",
                remedy="Use a name that ends in .png or .svg.",
            )
        path.write_bytes(self.png if path.suffix == ".png" else self.svg.encode())


register(
    StoredFigure,
    lambda value: tokens.Node("stored-figure", (value.png, value.svg)),
)


class FigureCodec:
    """Figures of matplotlib."""

    name = "figure/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a figure, or one that was stored."""
        if isinstance(value, StoredFigure):
            return True
        return any(base.__name__ == "Figure" and base.__module__ == "matplotlib.figure" for base in type(value).__mro__)

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Draw the figure and store both pictures."""
        stored = value if isinstance(value, StoredFigure) else draw(value)
        svg = stored.svg.encode()
        (png_blob, png_size), (svg_blob, svg_size) = sink.put(stored.png), sink.put(svg)
        return Artifact(
            digest=digest_value(stored),
            codec=self.name,
            type="matplotlib.figure.Figure",
            blobs=(png_blob, svg_blob),
            size_bytes=png_size + svg_size,
            preview=f"figure, {previews.of_bytes(png_size)}",
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> StoredFigure:
        """Return the pictures."""
        png, svg = (source.get(blob) for blob in artifact.blobs)
        return StoredFigure(png=bytes(png), svg=str(svg, "utf-8"))


def draw(figure: Any) -> StoredFigure:
    """Return a figure's pictures, without dates and random names: the same figure gives the same bytes."""
    import matplotlib

    png, svg = io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "taskcell"}):
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return StoredFigure(png=png.getvalue(), svg=svg.getvalue().decode())


class ImageCodec:
    """Images of Pillow that PNG holds without loss."""

    name = "image/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is such an image."""
        if not any(base.__name__ == "Image" and base.__module__ == "PIL.Image" for base in type(value).__mro__):
            return False
        return value.mode in _LOSSLESS and min(value.size) > 0

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the pixels."""
        target = io.BytesIO()
        value.save(target, format="PNG")
        blob, size = sink.put(target.getvalue())
        return Artifact(
            digest=digest_value(value),
            codec=self.name,
            type="PIL.Image.Image",
            blobs=(blob,),
            size_bytes=size,
            preview=f"image {value.width:,} × {value.height:,}",
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the image, its pixels loaded."""
        from PIL import Image

        try:
            image = Image.open(io.BytesIO(source.get(artifact.blobs[0])), formats=("PNG",))
            image.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
            raise errors.FormatError(
                f"The stored image {artifact.digest[:12]} is not a valid PNG file: {exc}",
                remedy="Run the task that made it again, without its cache.",
            ) from exc
        return image
