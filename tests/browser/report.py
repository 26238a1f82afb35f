"""Opens reports in a browser and fails on anything that a reader should not meet.

    report.py BROWSER FOLDER REPORT.html=PLOTS ...

Every report is opened from its file at several sizes, in print and in the dark, and must draw the given number of plots. A wrong one is named on stderr, with
exit code 1. FOLDER receives the printed page as NAME.pdf, and with HGE_NIGHTLY=1 NAME-SIZE.png. Without that all views are of the first report alone.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Width and height in pixels, medium, colours; A4 without its margins is 680 pixels wide.
VIEWS = {
    "desktop": (1280, 900, "screen", "light"),
    "wide": (1600, 1000, "screen", "light"),
    "dark": (1280, 900, "screen", "dark"),
    "phone": (400, 800, "screen", "light"),
    "print": (680, 960, "print", "light"),
}

AT_NIGHT = os.environ.get("HGE_NIGHTLY") == "1"
# Views of every report; the others differ from them in width and colours, which the first report shows.
OF_ALL = VIEWS if AT_NIGHT else ["desktop", "phone", "print"]

# What is wrong with the plots of a page, and how many marks each has.
INSPECT = """
() => {
  const wrong = [], marks = {};
  for (const plot of document.querySelectorAll(".plot")) {
    const drawn = [...plot.querySelectorAll(".scatterlayer path")].filter((path) => path.getTotalLength() > 0);
    marks[plot.id] = drawn.length;
    const texts = [...plot.querySelectorAll("svg text")].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
      .filter(({ text, box }) => text.trim() && box.width > 0 && box.height > 0);
    const frame = plot.getBoundingClientRect();
    texts.forEach((one, n) => {
      if (one.box.left < frame.left - 1 || one.box.right > frame.right + 1 || one.box.top < frame.top - 1 || one.box.bottom > frame.bottom + 1) {
        wrong.push(`${plot.id}: "${one.text}" is cut`);
      }
      for (const other of texts.slice(n + 1)) {
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (across > 2 && down > 4) wrong.push(`${plot.id}: "${one.text}" lies on "${other.text}"`);
      }
    });
    for (const button of plot.querySelectorAll(".modebar-btn")) {
      const bar = button.getBoundingClientRect();
      for (const label of plot.querySelectorAll(".annotation-text")) {
        const text = label.getBoundingClientRect();
        const across = Math.min(bar.right, text.right) - Math.max(bar.left, text.left);
        const down = Math.min(bar.bottom, text.bottom) - Math.max(bar.top, text.top);
        if (across > 2 && down > 2) wrong.push(`${plot.id}: a button lies on "${label.textContent}"`);
      }
    }
    for (const svg of plot.querySelectorAll("svg.main-svg")) {
      if (svg.getBoundingClientRect().right > window.innerWidth + 1) wrong.push(`${plot.id} is cut on the right`);
    }
  }
  document.querySelectorAll(".plot a").forEach((link) => wrong.push(`a plot has a link: ${link.textContent}`));
  // The library would also offer to upload the data.
  const known = ["Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes", "Download plot as SVG", "Download plot"];
  for (const button of document.querySelectorAll(".modebar-btn")) {
    const title = button.getAttribute("data-title");
    if (!known.includes(title)) wrong.push(`a button offers "${title}"`);
  }
  const width = document.scrollingElement.scrollWidth;
  if (width > window.innerWidth) wrong.push(`the page is ${width} pixels wide in ${window.innerWidth}`);
  return { wrong, marks };
}
"""


def look(browser, path, plots, view, folder):
    """What is wrong with one report in one view."""
    width, height, medium, scheme = VIEWS[view]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    # Said for the screen, too, it would hold for the PDF.
    if medium == "print":
        page.emulate_media(media=medium)
    wrong = []
    page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: request.url != path.as_uri() and wrong.append(f"request: {request.url}"))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached", timeout=30_000)
    found = page.evaluate(INSPECT)
    wrong += found["wrong"]
    if len(found["marks"]) != plots:
        wrong.append(f"{len(found['marks'])} plots, not {plots}")
    wrong += [f"{name} is empty" for name, marks in found["marks"].items() if marks == 0]
    if AT_NIGHT:
        page.screenshot(path=folder / f"{path.stem}-{view}.png", full_page=True)
    if view == "desktop":
        # From the screen to paper: the plots take the paper's width before the page is laid out.
        page.pdf(path=folder / f"{path.stem}.pdf", prefer_css_page_size=True)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": VIEWS["print"][0], "height": height})
        page.wait_for_timeout(300)
        wrong += [f"turned to paper: {what}" for what in page.evaluate(INSPECT)["wrong"]]
    context.close()
    return [f"{path.name}, {view}: {what}" for what in wrong]


def main():
    executable, folder, *reports = sys.argv[1:]
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for number, report in enumerate(reports):
            path, plots = report.rsplit("=", 1)
            for view in VIEWS if number == 0 else OF_ALL:
                wrong += look(browser, Path(path).resolve(), int(plots), view, Path(folder))
        browser.close()
    sys.exit("\n".join(wrong) or None)


main()
