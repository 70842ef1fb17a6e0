// Tell where the reader is, name the buttons that show a sign only, and say when the line is cut.
"use strict";

function turn() {
  const links = [...document.querySelectorAll("header nav a[href^='#']")];
  if (!links.length) return;
  const here = links.find((link) => link.hash === location.hash) || links[0];
  links.forEach((link) => link.removeAttribute("aria-current"));
  here.setAttribute("aria-current", "page");
  const section = document.querySelector(here.hash);
  if (location.hash && section) {
    window.scrollTo(0, 0);
    section.querySelector("h1").focus({ preventScroll: true });
  }
}

function name() {
  for (const each of document.querySelectorAll("button[title], input[title]")) {
    const label = `${each.title} ${each.textContent.trim()}`.trim();
    if (each.title && each.getAttribute("aria-label") !== label) {
      each.setAttribute("aria-label", label);
    }
  }
}

function skip(event) {
  event.preventDefault();
  document.getElementById("rendered_cells").focus();
}

function watch() {
  const config = document.getElementById("jupyter-config-data");
  const kernel = config && JSON.parse(config.textContent).kernelId;
  if (!kernel) return;
  const base = document.body.dataset.baseUrl.replace(/voila\/$/, "");
  setInterval(async () => {
    let lost = true;
    try {
      const answer = await fetch(`${base}api/kernels/${kernel}`);
      lost = !answer.ok;
    } catch (error) {
      lost = true;
    }
    document.getElementById("lost").hidden = !lost;
  }, 3000);
}

addEventListener("hashchange", turn);
document.querySelector(".skip").addEventListener("click", skip);
turn();
name();
document.querySelectorAll("#chapters a").forEach((link) => (link.target = "_blank"));
new MutationObserver(name).observe(document.body, {
  subtree: true,
  childList: true,
  characterData: true,
});
watch();
