"""Make a screenshot small: a PNG with a palette of 256 colours, every other one as the nearest of them."""

import base64
import struct
import zlib

from playwright.sync_api import Page

# The browser reads the picture: the libraries of the tests have no decoder for it.
REDUCE = """async (picture) => {
    const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
    const {width, height} = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", {alpha: false});
    context.drawImage(bitmap, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
    const parts = (color) => [color & 255, (color >> 8) & 255, (color >> 16) & 255];
    const distance = ([r, g, b], [s, h, c]) => (r - s) ** 2 + (g - h) ** 2 + (b - c) ** 2;
    const frequent = [...counts].sort((a, b) => b[1] - a[1]).map(([color]) => color);
    // First what differs much, so that a rare red stays red; then what there is most of.
    const chosen = [];
    for (const color of frequent) {
        const isNew = chosen.every((each) => distance(parts(each), parts(color)) > 24 ** 2);
        if (isNew && chosen.length < 128) chosen.push(color);
    }
    for (const color of frequent) if (chosen.length < 256 && !chosen.includes(color)) chosen.push(color);
    const palette = chosen.map(parts);
    const places = new Map(chosen.map((color, i) => [color, i]));
    for (const color of counts.keys()) {
        if (places.has(color)) continue;
        const wanted = parts(color);
        let best = 0;
        palette.forEach((each, i) => { if (distance(each, wanted) < distance(palette[best], wanted)) best = i; });
        places.set(color, best);
    }
    const indexes = Uint8Array.from(pixels, (pixel) => places.get(pixel));
    let text = "";
    for (let i = 0; i < indexes.length; i += 8192) text += String.fromCharCode(...indexes.subarray(i, i + 8192));
    return {width, height, palette: palette.flat(), indexes: btoa(text)};
}"""


def reduced(page: Page, picture: bytes) -> bytes:
    """Return the picture with a palette; `page` is any page of the browser that has no content policy."""
    found = page.evaluate(REDUCE, base64.b64encode(picture).decode())
    width, height = found["width"], found["height"]
    indexes = base64.b64decode(found["indexes"])
    # Each line begins with the number of its filter: none.
    lines = b"".join(b"\0" + indexes[start : start + width] for start in range(0, width * height, width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(found["palette"])),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
