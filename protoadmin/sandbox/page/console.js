// Keeps the page up to date: reads it again and takes over the parts marked data-live. Without it the page works all the same.
"use strict";

const pause = document.getElementById("pause");
let paused = false;

function remember(part) {
  const open = [...part.querySelectorAll("details[open]")].map((each) => each.id);
  const focus = part.contains(document.activeElement) ? document.activeElement : null;
  return { open, focus: focus && (focus.id || focus.closest("details")?.id) };
}

function restore(part, { open, focus }) {
  for (const id of open) {
    const each = id && document.getElementById(id);
    if (each) each.open = true;
  }
  const wanted = focus && document.getElementById(focus);
  if (wanted) (wanted.matches("details") ? wanted.querySelector("summary") : wanted).focus({ preventScroll: true });
}

function takeOver(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(part.id);
    localTimes(part);
    if (!shown || shown.dataset.html === part.innerHTML) continue;
    const first = shown.dataset.html === undefined;
    const before = new Set([...shown.querySelectorAll("details")].map((each) => each.id));
    const state = remember(shown);
    shown.className = part.className;
    shown.innerHTML = part.innerHTML;
    shown.dataset.html = part.innerHTML;
    restore(shown, state);
    if (first) continue;
    for (const each of shown.querySelectorAll(".requests details")) {
      if (!before.has(each.id)) each.parentElement.classList.add("new");
    }
  }
}

function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour12: false });
  }
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) takeOver(await answer.text());
  } catch {
    // The sandbox is being restarted: the next round will tell.
  }
}

async function round() {
  if (!paused && !document.hidden) await refresh();
  setTimeout(round, 1500);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-quiet]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter?.name) body.append(event.submitter.name, event.submitter.value);
  try {
    const answer = await fetch(event.submitter?.getAttribute("formaction") || form.action, { method: "POST", body });
    if (answer.ok) for (const each of form.querySelectorAll("textarea")) each.value = "";
  } catch {
    return;
  }
  await refresh();
});

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
  });
}
localTimes(document);
round();
