"""The pictures of the page, as `data:` addresses, so that the page is one file."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image


def address(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    content = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{content}"


def photo(image: np.ndarray) -> str:
    pixels = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    return address(Image.fromarray(pixels), "JPEG", quality=88)


def coloured(values: np.ndarray, palette: str) -> np.ndarray:
    """Values from 0 to 1 as colours of one of matplotlib's palettes."""
    import matplotlib

    return (matplotlib.colormaps[palette](values)[..., :3] * 255 + 0.5).astype(np.uint8)


def mandelbrot(times: np.ndarray, cutoff: int) -> str:
    """Colours follow the logarithm of the escape time; the set itself is black."""
    pixels = coloured((np.log1p(times) / np.log1p(cutoff)) ** 1.1, "inferno")
    pixels[times >= cutoff] = 0
    return address(Image.fromarray(pixels).quantize(160), optimize=True)


def matrix(values: np.ndarray) -> str:
    few = values[::10, ::10]
    pixels = coloured(np.sqrt(few), "magma")
    return address(Image.fromarray(pixels).quantize(128), optimize=True)


def spiral(p: np.ndarray) -> str:
    """The points of the kernel matrix seen from above, as an SVG that takes the page's colours."""
    few = p[:: max(1, len(p) // 600)]
    span = np.abs(few[:, :2]).max()
    dots = "".join(
        f'<circle cx="{100 + 92 * x / span:.1f}" cy="{100 + 92 * y / span:.1f}" r="1.3"/>' for x, y, _ in few
    )
    return f'<svg viewBox="0 0 200 200" class="dots" role="img" aria-label="5000 points">{dots}</svg>'


def digit(pixels: np.ndarray) -> str:
    ink = (255 - np.clip(pixels.reshape(8, 8) / 16, 0, 1) * 255).astype(np.uint8)
    return address(Image.fromarray(ink))


def figure(content: str, caption: str) -> str:
    image = content if content.startswith("<") else f'<img src="{content}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def of_case(case: dict[str, Any]) -> str:
    """The inputs and outputs of one case, beside each other."""
    makers = {
        "kernel_matrix": kernel_matrix_figures,
        "mandelbrot": mandelbrot_figures,
        "photo_bilateral": bilateral_figures,
        "photo_heat": heat_figures,
        "digits_knn": digit_figures,
    }
    return makers[case["script"]](case)


def kernel_matrix_figures(case: dict[str, Any]) -> str:
    points = case["arguments"][0]
    return figure(spiral(points), "in: 5000 points on a spiral") + figure(
        matrix(case["result"]), "out: 1 / (1 + distance) of every pair"
    )


def mandelbrot_figures(case: dict[str, Any]) -> str:
    picture = mandelbrot(case["result"], case["arguments"][2])
    return figure(picture, "out: steps until a point escapes").replace("<figure>", '<figure class="wide">')


def bilateral_figures(case: dict[str, Any]) -> str:
    import photo_bilateral as script

    return "".join(
        figure(photo(image), caption)
        for image, caption in (
            (script.original(), "the photograph"),
            (case["arguments"][0], f"in: with noise, {script.psnr(case['arguments'][0]):.1f} dB"),
            (case["result"], f"out: denoised, {script.psnr(case['result']):.1f} dB"),
        )
    )


def heat_figures(case: dict[str, Any]) -> str:
    import photo_heat as script

    return "".join(
        figure(photo(image), caption)
        for image, caption in (
            (script.original(), "the photograph"),
            (case["arguments"][0], f"in: a fifth of its pixels, {script.psnr(case['arguments'][0]):.1f} dB"),
            (case["result"], f"out: restored, {script.psnr(case['result']):.1f} dB"),
        )
    )


def of_formula(row: dict[str, Any]) -> str:
    """What a formula has made, where that is something to look at."""
    if row["script"] == "formula_picture":
        values = row["result"]
        pixels = coloured((values - values.min()) / np.ptp(values), "twilight_shifted")
        return figure(address(Image.fromarray(pixels), "JPEG", quality=88), row["title"].lower()).replace(
            "<figure>", '<figure class="wide">'
        )
    if row["script"] == "pairwise_distances":
        few = row["result"][:400, :400]
        return figure(
            address(Image.fromarray(coloured(few / few.max(), "magma")).quantize(128)), "400 of the points"
        )
    return ""


def digit_figures(case: dict[str, Any]) -> str:
    import digits_knn as script

    truth = script.split()[3]
    images, answers = case["arguments"][2], case["result"]
    wrong = np.flatnonzero(answers != truth)[:6]
    right = np.flatnonzero(answers == truth)[: 30 - len(wrong)]
    cells = []
    for index in np.sort(np.concatenate([right, wrong])):
        mark = "" if answers[index] == truth[index] else f' class="wrong" title="a {truth[index]}"'
        cells.append(f'<span{mark}><img src="{digit(images[index])}" alt="">{answers[index]}</span>')
    return f'<figure class="wide"><div class="digits">{"".join(cells)}</div>' + (
        "<figcaption>in: images of 8 × 8 pixels; out: the digit below each, the marked ones misread</figcaption></figure>"
    )
