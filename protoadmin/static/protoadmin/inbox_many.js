// Selecting chats in the list: box by box, a stretch with Shift, or all that match; and the forms about them.
"use strict";

(() => {
  const inbox = window.Inbox, bar = document.getElementById("ib-many"), list = document.querySelector(".ib-list");
  const box = document.getElementById("ib-rows"), chosen = new Set();
  const MOST = 1000;
  let isAll = false, isSelecting = false, anchor = null, counted = "";

  // --- boxes: rows come and go with the live list, so each new one gets a box, ticked if it was chosen
  function name(row) {
    return row.querySelector(".ib-name")?.textContent || "chat";
  }
  function dress(row) {
    let pick = row.querySelector(".ib-pick");
    if (!pick) {
      pick = document.createElement("input");
      pick.type = "checkbox";
      pick.className = "ib-pick";
      pick.setAttribute("aria-label", `Select ${name(row)}`);
      row.prepend(pick);
    }
    pick.checked = isAll || chosen.has(row.dataset.chat);
  }
  function dressAll() {
    box.querySelectorAll("li[data-chat]").forEach(dress);
  }
  new MutationObserver(() => isSelecting && dressAll()).observe(box, { childList: true, subtree: true });

  function words() {
    if (isAll) return counted ? `All ${counted} that match` : "All that match";
    if (!chosen.size) return "No chat selected";
    return `${chosen.size} chat${chosen.size === 1 ? "" : "s"} selected`;
  }
  function tell() {
    document.querySelectorAll("[data-many-words]").forEach((element) => (element.textContent = words()));
    bar.querySelectorAll("[data-many]").forEach((button) => (button.disabled = !isAll && !chosen.size));
    bar.querySelector("[data-many-all]").hidden = isAll;
  }
  async function count() {
    counted = "";
    const answer = await inbox.fetch(`${bar.dataset.countUrl}?${inbox.query}`);
    if (answer.ok) counted = (await answer.json()).count;
    tell();
  }

  // --- selecting
  function begin() {
    isSelecting = true;
    list.classList.add("is-selecting");
    bar.hidden = false;
    dressAll();
    tell();
    box.querySelector(".ib-pick")?.focus();
  }
  function end() {
    isSelecting = isAll = false;
    anchor = null;
    chosen.clear();
    list.classList.remove("is-selecting");
    bar.hidden = true;
    dressAll();
    tell();
  }
  function set(row, isChosen) {
    if (isChosen && chosen.size < MOST) chosen.add(row.dataset.chat);
    else if (!isChosen) chosen.delete(row.dataset.chat);
  }
  function pick(target, isRange) {
    const row = target.closest("li[data-chat]"), rows = [...box.querySelectorAll("li[data-chat]")];
    if (isAll) {
      // One taken away from all: the loaded ones stay chosen.
      isAll = false;
      rows.forEach((each) => set(each, true));
    }
    const from = isRange && anchor ? rows.findIndex((each) => each.dataset.chat === anchor) : -1;
    const to = rows.indexOf(row);
    if (from >= 0) rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((each) => set(each, target.checked));
    else set(row, target.checked);
    anchor = row.dataset.chat;
    dressAll();
    tell();
  }
  box.addEventListener("click", (event) => {
    if (!event.target.matches(".ib-pick")) return;
    event.stopPropagation();
    pick(event.target, event.shiftKey);
  });

  document.addEventListener("click", (event) => {
    const menu = event.target.closest(".ib-search .ib-menu");
    document.querySelectorAll(".ib-search .ib-menu[open]").forEach((open) => {
      if (open !== menu || event.target.closest(".ib-menu-list button")) open.open = false;
    });
    if (event.target.closest("[data-select-chats]")) begin();
    if (event.target.closest("[data-select-end]")) end();
    if (event.target.closest("[data-many-all]")) {
      isAll = true;
      dressAll();
      tell();
      count();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isSelecting || document.querySelector("dialog[open]")) return;
    if (event.target.matches("textarea, input:not(.ib-pick)")) return;
    event.preventDefault();
    end();
  }, { capture: true });

  // --- the forms: fetched when they are wanted, and told which chats they are about
  async function ask(name) {
    const answer = await inbox.fetch(`${bar.dataset.formUrl}?name=${name}&${inbox.query}`);
    if (!answer.ok) return;
    document.getElementById(`dialog-${name}`)?.remove();
    document.body.append(...inbox.parse(await answer.text()).children);
    const dialog = document.getElementById(`dialog-${name}`), form = dialog.querySelector("form");
    form.elements.query.value = inbox.query;
    form.elements.ids.value = isAll ? "" : [...chosen].join(",");
    form.addEventListener("submit", () => inbox.acted());
    tell();
    // What asks for nothing more, about chats that somebody has picked one by one, is done at once.
    if (!isAll && !form.querySelector(".pa-field")) form.requestSubmit();
    else dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-many]");
    if (!opener) return;
    if ("all" in opener.dataset) {
      end();
      isAll = true;
      count();
    }
    ask(opener.dataset.many);
  });
})();
