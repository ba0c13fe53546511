// The list of chats: opening one without leaving the page, older ones while scrolling, live rows, filters.
"use strict";

(() => {
  const inbox = window.Inbox, box = document.getElementById("ib-rows");
  const delivered = new Map();
  const rows = () => box.querySelector(".ib-rows");
  const item = (pk) => box.querySelector(`li[data-chat="${pk}"]`);
  const chatUrl = (pk, message) => {
    const query = [inbox.query, message && `m=${message}`].filter(Boolean).join("&");
    return `${inbox.root.dataset.listUrl}${pk}/change/${query ? `?${query}` : ""}`;
  };

  function learn(parent) {
    parent.querySelectorAll("li[data-chat]").forEach((row) => delivered.set(row.dataset.chat, row.outerHTML));
  }
  function mark() {
    box.querySelectorAll("li[data-chat] > a.ib-row").forEach((link) => {
      const isOpen = link.parentElement.dataset.chat === inbox.chat.pk;
      if (isOpen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  // Newer first; a place is "microseconds-id".
  function isBefore(one, other) {
    const [at, pk] = one.split("-").map(BigInt), [otherAt, otherPk] = other.split("-").map(BigInt);
    return at === otherAt ? pk > otherPk : at > otherAt;
  }

  // The first page anew: rows that are the same stay the same elements, what was pushed down stays below.
  function update(news) {
    const fresh = inbox.parse(news.list), list = rows();
    const incoming = [...fresh.querySelectorAll("li[data-chat]")];
    const more = fresh.querySelector(".ib-more");
    const last = incoming.at(-1);
    const names = new Set(incoming.map((row) => row.dataset.chat));
    const focused = document.activeElement?.closest?.("li[data-chat]")?.dataset.chat;
    list.dataset.version = news.list_version;
    for (const old of [...list.children]) {
      if (names.has(old.dataset.chat) || old.dataset.chat === inbox.chat.pk) continue;
      const isBelow = more && last && isBefore(last.dataset.place, old.dataset.place);
      if (!isBelow) {
        old.remove();
        delivered.delete(old.dataset.chat);
      }
    }
    let previous = null;
    for (const row of incoming) {
      const pk = row.dataset.chat, html = row.outerHTML;
      let here = item(pk);
      if (!here || delivered.get(pk) !== html) {
        if (here) here.replaceWith(row);
        here = row;
        delivered.set(pk, html);
      }
      const place = previous ? previous.nextElementSibling : list.firstElementChild;
      if (place !== here) list.insertBefore(here, place);
      previous = here;
    }
    keepOpenInPlace(list);
    tail(fresh, list.children.length <= incoming.length + 1);
    mark();
    inbox.times();
    inbox.title();
    if (focused && !document.activeElement?.closest?.("li[data-chat]")) {
      item(focused)?.querySelector("a").focus({ preventScroll: true });
    }
  }
  // The chat that is being read stays in the list also when it no longer matches (unread), where it belongs.
  function keepOpenInPlace(list) {
    const open = inbox.chat.pk && item(inbox.chat.pk);
    if (!open) return;
    const next = [...list.children].find((row) => row !== open && isBefore(open.dataset.place, row.dataset.place));
    if (next ? open.nextElementSibling !== next : list.lastElementChild !== open) list.insertBefore(open, next || null);
  }
  // What stands below the rows: the way to older ones, or that there is nothing.
  function tail(fresh, isFirstPage) {
    if (!isFirstPage && box.querySelector(".ib-more, .ib-list-end")) return;
    box.querySelectorAll(":scope > :not(.ib-rows)").forEach((element) => element.remove());
    box.append(...[...fresh.children].filter((element) => !element.matches(".ib-rows")));
    watch();
  }

  // --- older ones, by themselves while scrolling; after some stretches without any only when asked for
  const PATIENCE = 3;
  let inVain = 0;
  const sentry = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) further();
  }, { root: box, rootMargin: "600px" });
  function watch() {
    sentry.disconnect();
    const more = box.querySelector(".ib-more");
    if (more && !document.hidden && inVain < PATIENCE) sentry.observe(more);
  }
  let loading = false;
  async function further() {
    const link = box.querySelector(".ib-more a");
    if (!link || loading) return;
    loading = true;
    const query = inbox.query;
    try {
      const answer = await inbox.fetch(link.dataset.more);
      if (!answer.ok || query !== inbox.query) return;
      const fresh = inbox.parse(await answer.text());
      const incoming = [...fresh.querySelectorAll("li[data-chat]")].filter((row) => !item(row.dataset.chat));
      incoming.forEach((row) => delivered.set(row.dataset.chat, row.outerHTML));
      inVain = incoming.length ? 0 : inVain + 1;
      rows().append(...incoming);
      box.querySelectorAll(":scope > :not(.ib-rows)").forEach((element) => element.remove());
      box.append(...[...fresh.children].filter((element) => !element.matches(".ib-rows")));
      mark();
      inbox.times();
    } catch {
      // The link is still there: scrolling or clicking asks again.
    } finally {
      loading = false;
      setTimeout(watch, 200);
    }
  }

  // --- opening
  box.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    if (event.target.closest("[data-more]")) {
      event.preventDefault();
      inVain = 0;
      further();
      return;
    }
    const link = event.target.closest("a.ib-row, a.ib-hit");
    if (!link) return;
    event.preventDefault();
    open(link.dataset.openChat || link.closest("li[data-chat]").dataset.chat, { message: link.dataset.message });
  });
  async function open(pk, { push = true, message = "" } = {}) {
    const done = await inbox.chat.open(pk, message);
    if (!done) return;
    if (push) history.pushState({ chat: pk }, "", chatUrl(pk, message));
    inbox.show("chat");
    mark();
    item(pk)?.querySelector("a").scrollIntoView({ block: "nearest" });
  }
  function close({ push = true } = {}) {
    if (push) history.pushState({}, "", inbox.root.dataset.listUrl + (inbox.query ? `?${inbox.query}` : ""));
    inbox.show("list");
    (item(inbox.chat.pk)?.querySelector("a") || box).focus({ preventScroll: false });
  }
  window.addEventListener("popstate", () => {
    const found = location.pathname.match(/\/chat\/(\d+)\/change\/$/);
    const here = new URLSearchParams(location.search), message = here.get("m") || "";
    here.delete("m");
    if (here.toString() !== new URLSearchParams(inbox.query).toString()) location.reload();
    else if (found) open(found[1], { push: false, message });
    else close({ push: false });
  });

  // --- the next and the one before, for the keys
  function step(by) {
    const links = [...box.querySelectorAll("a.ib-row")];
    if (!links.length) return;
    const here = links.findIndex((link) => link === document.activeElement);
    const current = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[Math.max(0, Math.min(links.length - 1, current + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function seen(pk) {
    const row = item(pk);
    row?.querySelector(".ib-row")?.classList.remove("is-unread");
    row?.querySelector(".ib-dot")?.remove();
    delivered.delete(pk);
    inbox.title();
  }

  // --- filters
  const search = document.getElementById("ib-search"), panel = document.getElementById("ib-filters");
  const button = document.getElementById("ib-filter-button");
  function toggleFilters(isOpen = panel.hidden) {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) panel.querySelector("select, input").focus();
  }
  button.addEventListener("click", () => toggleFilters());
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams([...new FormData(search)].filter(([, value]) => value));
    location.assign(`${inbox.root.dataset.listUrl}${query.size ? `?${query}` : ""}`);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    toggleFilters(false);
    button.focus();
  });

  inbox.list = { version: () => rows().dataset.version || "", update, open, close, step, seen, mark, toggleFilters };
  learn(box);
  watch();
  document.addEventListener("visibilitychange", watch);
})();
