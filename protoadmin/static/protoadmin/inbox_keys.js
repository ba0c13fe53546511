// The keys of the inbox, the sheet that tells them, and the switch that turns them off.
"use strict";

(() => {
  const inbox = window.Inbox, sheet = document.getElementById("ib-keys"), on = document.getElementById("ib-keys-on");
  const PLACE = "inbox-keys";
  on.checked = localStorage.getItem(PLACE) !== "off";
  on.addEventListener("change", () => localStorage.setItem(PLACE, on.checked ? "on" : "off"));

  const isWriting = (element) => element.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  const search = () => document.querySelector("#ib-search input[type=search]");

  const keys = {
    j: () => inbox.list.step(1),
    k: () => inbox.list.step(-1),
    "/": () => search().select() || search().focus(),
    n: () => inbox.chat.match(1),
    p: () => inbox.chat.match(-1),
    f: () => inbox.list.toggleFilters(),
    r: () => inbox.write.focus(),
    u: () => document.querySelector("[data-unread]")?.requestSubmit(),
    "?": () => sheet.showModal(),
  };
  function arrows(event) {
    const isElsewhere = event.target !== document.body && !event.target.closest(".ib-list");
    if (isElsewhere || event.target.closest("#ib-search")) return false;
    inbox.list.step(event.key === "ArrowDown" ? 1 : -1);
    return true;
  }
  function back(event) {
    if (document.querySelector("dialog[open]")) return false;
    if (isWriting(event.target)) {
      event.target.blur();
      if (event.target.closest(".ib-composer")) inbox.chat.focus();
      return true;
    }
    if (inbox.root.dataset.view === "person") inbox.show("chat");
    else if (inbox.chat.isOpen()) inbox.list.close();
    return true;
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    // The sheet itself stays reachable, so that the keys can be switched on again.
    if (!on.checked && event.key !== "?") return;
    if (document.querySelector("dialog[open]")) return;
    let isDone = false;
    if (event.key === "Escape") isDone = back(event);
    else if (isWriting(event.target)) return;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") isDone = arrows(event);
    else if (Object.hasOwn(keys, event.key)) {
      keys[event.key]();
      isDone = true;
    }
    if (isDone) event.preventDefault();
  });

  inbox.adopt();
  inbox.list.mark();
  inbox.start();
})();
