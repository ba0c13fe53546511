// Small behaviours of our own pages: dialogs, one submit per form, times in the reader's words, a lost server.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`)) {
    document.cookie = `timezone=${zone};path=/;max-age=31536000;samesite=lax`;
  }

  // --- the theme has click targets that are no links or buttons: give them a place in the tab order, and the keys
  function reachable(root) {
    root.querySelectorAll("[x-on\\:click]:not(button):not(input):not([href]):not([tabindex])").forEach((element) => {
      if (!["A", "SPAN", "DIV", "LI"].includes(element.tagName) || element.querySelector("a[href], button")) return;
      element.tabIndex = 0;
      element.setAttribute("role", "button");
    });
  }
  document.addEventListener("DOMContentLoaded", () => {
    reachable(document);
    // The theme's script looks for a text input beside each file input; ours have none, and need none.
    document.querySelectorAll(".pa-field input[type=file]").forEach((input) => (input.hasChangeListener = true));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (!event.target.matches("[role=button][x-on\\:click]")) return;
    event.preventDefault();
    event.target.click();
  });

  // --- dialogs: opened by [data-dialog], closed by [data-close-dialog] or Escape
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      dialog.showModal();
      dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }
    const closer = event.target.closest("[data-close-dialog]");
    if (closer) closer.closest("dialog").close();
  });

  // --- one more row of a form's names and values
  document.addEventListener("click", (event) => {
    const more = event.target.closest("[data-add-pair]");
    if (!more) return;
    const rows = document.getElementById(more.dataset.addPair);
    const row = rows.lastElementChild.cloneNode(true);
    row.querySelectorAll("input").forEach((input) => (input.value = ""));
    rows.append(row);
    row.querySelector("input").focus();
  });

  // --- copy what stands in an input: over plain http the browser lets us only select it and copy that
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-from]");
    if (!button) return;
    const input = document.getElementById(button.dataset.copyFrom);
    input.select();
    let done = true;
    if (window.isSecureContext) await navigator.clipboard.writeText(input.value).catch(() => (done = false));
    else done = document.execCommand("copy");
    button.lastChild.textContent = done ? "Copied" : "Press Ctrl+C";
    if (done) input.blur();
    setTimeout(() => (button.lastChild.textContent = "Copy"), 2000);
  });

  // --- a form marked data-once is sent once, however often its button is pressed
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.querySelectorAll("[type=submit]").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
  // Back from the browser's cache: the form may be sent again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-once]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    });
  });

  // --- times: "3 min ago", the exact one in the title
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });
  const steps = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];
  function relative(date) {
    let amount = (date - Date.now()) / 1000;
    for (const [size, unit] of steps) {
      if (Math.abs(amount) < size) return words.format(Math.round(amount), unit);
      amount /= size;
    }
    return "";
  }
  function showTimes() {
    document.querySelectorAll("time[data-relative]").forEach((element) => {
      const text = relative(new Date(element.getAttribute("datetime")));
      if (element.textContent !== text) element.textContent = text;
    });
  }
  document.addEventListener("DOMContentLoaded", showTimes);
  document.addEventListener("htmx:afterSettle", showTimes);
  setInterval(showTimes, 10000);

  // --- live panels: a lost server is said once and taken back when it answers again
  let lost = false;
  function say(isLost) {
    if (lost === isLost) return;
    lost = isLost;
    let bar = document.getElementById("pa-lost");
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "pa-lost";
      bar.setAttribute("role", "status");
      document.body.append(bar);
    }
    bar.textContent = isLost ? "The server cannot be reached; this page goes on by itself when it can." : "";
    bar.hidden = !isLost;
  }
  document.addEventListener("htmx:sendError", () => say(true));
  document.addEventListener("htmx:afterRequest", (event) => event.detail.xhr?.status && say(false));
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A hidden tab asks for nothing, and a panel in which somebody types or has a dialog open is left alone.
    const panel = event.target;
    if (!panel.matches("[data-live]")) return;
    const typing = panel.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (document.hidden || typing || panel.querySelector("dialog[open]")) event.preventDefault();
  });
  // --- what Proto's answer changed shows up in the inputs that nobody has touched
  document.addEventListener("htmx:afterSettle", () => {
    const holder = document.getElementById("current-values");
    if (!holder) return;
    for (const [name, value] of Object.entries(JSON.parse(holder.textContent))) {
      const input = document.getElementById(`id_${name}`);
      const opened = document.querySelector(`input[name="initial-${name}"]`);
      if (input && opened && input.value === opened.value && opened.value !== value) {
        input.value = value;
        opened.value = value;
      }
    }
  });

  // --- badges in lists: asked for while one of them is on its way
  const words_of = {
    local: "Only here", queued: "Queued", sending: "Sending", done: "Done", failed: "Failed",
    unconfirmed: "Unconfirmed", dismissed: "Dismissed", running: "Running", waiting: "Waiting for you", stopped: "Stopped",
    received: "Received", processed: "Processed", rejected: "Rejected", repeat: "Repeat",
  };
  async function refreshBadges() {
    const moving = [...document.querySelectorAll("[data-record]")].filter((badge) =>
      ["queued", "sending", "running", "received"].includes(badge.dataset.state));
    if (!moving.length || document.hidden) return;
    const ids = moving.slice(0, 200).map((badge) => badge.dataset.record).join(",");
    try {
      const answer = await fetch(`states/?ids=${ids}`, { headers: { Accept: "application/json" } });
      say(!answer.ok);
      if (!answer.ok) return;
      const states = await answer.json();
      for (const badge of moving) {
        const state = states[badge.dataset.record];
        if (!state || state === badge.dataset.state) continue;
        badge.dataset.state = state;
        badge.className = `pa-badge pa-state-${state}`;
        badge.textContent = words_of[state] || state;
      }
    } catch {
      say(true);
    }
  }
  setInterval(refreshBadges, 1500);

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.target.closest?.("[data-live-reload]");
    if (target) window.location.reload();
  });
})();
