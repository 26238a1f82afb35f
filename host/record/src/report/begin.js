// Draws, and draws again in the colours and the width of what the page is seen on.

function on(medium) {
  if (printing === medium) return;
  printing = medium;
  drawAll();
}

window.addEventListener("beforeprint", () => on(true));
window.addEventListener("afterprint", () => on(false));
paper.addEventListener("change", (event) => on(event.matches));
dark.addEventListener("change", () => drawAll());
drawAll().then(() => document.documentElement.setAttribute("data-drawn", "all"));
