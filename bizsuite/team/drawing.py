"""Drawing a picture that a stranger made, in a process of its own with bounds.

Run as a script it reads a PNG, JPEG or SVG and writes a PNG. A small SVG can ask for hours of work or
for all of the memory (masks in masks, filters, markers), and a decoder that finds a mistake of its
own ends its process: none of that may be the web server's. Nothing of the product is imported, so
the interpreter starts in a tenth of a second.
"""

import json
import resource
import subprocess
import sys

import typst

# More than any logo takes. Others may be waiting: the change of the profile is a transaction.
CPU_SECONDS = 5
# Where the machine is so busy that it gets no processor.
WALL_SECONDS = 15
MEMORY_BYTES = 2_000_000_000

_DRAWING = b"""
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let box = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#let picture = bytes(json(bytes(sys.inputs.logo)))
#context {
  let size = measure(image(picture))
  let scale = calc.min(box.first() / size.width, box.last() / size.height)
  image(picture, width: size.width * scale)
}
"""


class NotDrawn(Exception):
    """The picture is damaged, or drawing it would take more than a picture should."""


def drawn_png(content: bytes, *, width: int, height: int) -> bytes:
    """The picture as a PNG that fits into a box, in pixels. Raises NotDrawn."""
    try:
        done = subprocess.run(  # noqa: S603  our own module; the picture goes in as bytes
            # -P: what lies beside this file is no library of the script's.
            [sys.executable, "-P", __file__, str(width), str(height), str(CPU_SECONDS)],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotDrawn from None
    if done.returncode or not done.stdout:
        raise NotDrawn
    return done.stdout


def _main(width: str, height: str, cpu_seconds: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds)))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # As a list of its bytes: what is handed over has to be text.
    logo = json.dumps(list(sys.stdin.buffer.read()))
    inputs = {"logo": logo, "width": width, "height": height}
    png = typst.compile(_DRAWING, format="png", ppi=72, sys_inputs=inputs)
    if not isinstance(png, bytes):  # one page is bytes, several are a list
        sys.exit("more than one page")
    sys.stdout.buffer.write(png)


if __name__ == "__main__":
    _main(*sys.argv[1:])
