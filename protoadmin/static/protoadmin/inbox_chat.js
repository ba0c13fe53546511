// The transcript: what is new, what is older, pictures on a click, what has been read.
"use strict";

(() => {
  const inbox = window.Inbox, holder = document.getElementById("ib-open");
  const chat = { pk: "", version: "0", sequence: "0" };
  let box = null, list = null, pill = null, waiting = 0, loading = false, heldUnread = "", unreadFrom = "";
  const NEAR = 90;

  function adopt() {
    const section = holder.querySelector(".ib-chat[data-chat]");
    chat.pk = section?.dataset.chat || "";
    chat.version = section?.dataset.version || "0";
    chat.sequence = section?.dataset.sequence || "0";
    box = holder.querySelector(".ib-transcript");
    list = holder.querySelector(".ib-lines");
    pill = holder.querySelector(".ib-pill");
    waiting = 0;
    heldUnread = "";
    if (!section) return;
    group();
    const first = list.querySelector(".is-first-unread"), found = list.querySelector(".is-found");
    unreadFrom = first?.dataset.pk || "";
    if (found) box.scrollTop = found.offsetTop - box.clientHeight / 3;
    else if (first) box.scrollTop = first.offsetTop - 60;
    else box.scrollTop = box.scrollHeight;
    box.addEventListener("scroll", scrolled, { passive: true });
    room = 0;
    wasLast = isAtEnd();
    keeper.disconnect();
    keeper.observe(box);
    box.querySelectorAll(".ib-edge").forEach((edge) => sentry().observe(edge));
    inbox.write?.adopt(section);
    read();
  }

  // A composer that grows, or a keyboard that comes up, must not cover the end.
  let room = 0, wasLast = true;
  const keeper = new ResizeObserver(() => {
    if (box && room && box.clientHeight !== room && wasLast) box.scrollTop = box.scrollHeight;
    room = box?.clientHeight || 0;
  });

  // --- opening another chat in place
  chat.open = async (pk, message = "") => {
    if (pk === chat.pk && !message) {
      if (heldUnread === pk) heldUnread = "";
      return true;
    }
    inbox.stir();
    holder.setAttribute("aria-busy", "true");
    try {
      const wanted = [inbox.query, message && `m=${message}`].filter(Boolean).join("&");
      const query = wanted ? `?${wanted}` : "";
      const answer = await inbox.fetch(`${inbox.root.dataset.listUrl}${pk}/pane/${query}`);
      if (!answer.ok) {
        location.assign(`${inbox.root.dataset.listUrl}${pk}/change/${query}`);
        return false;
      }
      const fresh = inbox.parse(await answer.text());
      sentry().disconnect();
      holder.replaceChildren(fresh);
      window.htmx?.process(holder);
      document.dispatchEvent(new Event("htmx:afterSettle"));
      // What is not shown has no height, and could not be scrolled to its end.
      inbox.show("chat");
      adopt();
      document.title = `${holder.querySelector("h2 bdi")?.textContent.trim() || "Chat"} | Inbox`;
      inbox.title();
      return true;
    } catch {
      inbox.stir(true);
      return false;
    } finally {
      holder.removeAttribute("aria-busy");
    }
  };

  // --- days and who follows whom: told anew whenever lines came in
  const day = (text) => {
    const [year, month, date] = text.split("-").map(Number);
    const that = new Date(year, month - 1, date), today = new Date();
    const ago = Math.round((new Date(today.getFullYear(), today.getMonth(), today.getDate()) - that) / 86400000);
    if (ago === 0) return "Today";
    if (ago === 1) return "Yesterday";
    return that.toLocaleDateString(document.documentElement.lang || "en", { dateStyle: "full" });
  };
  function headline(line) {
    if (!line.querySelector(".ib-day")) {
      const box = document.createElement("div");
      box.className = "ib-day";
      box.append(document.createElement("span"));
      line.prepend(box);
    }
    return line.querySelector(".ib-day span");
  }
  function group() {
    let before = null;
    for (const line of list.children) {
      const isNewDay = before?.dataset.day !== line.dataset.day;
      const isNotice = line.classList.contains("is-notice") || before?.classList.contains("is-notice");
      const isSoon = before && Math.abs(line.dataset.at - before.dataset.at) < 300;
      line.classList.toggle("is-new-day", isNewDay);
      line.classList.toggle("is-next", Boolean(!isNewDay && !isNotice && isSoon && before.dataset.by === line.dataset.by));
      if (isNewDay) headline(line).textContent = day(line.dataset.day);
      before = line;
    }
  }

  // --- where a line belongs: a place is "sequence-id"
  function isBefore(one, other) {
    const [first, pk] = one.split("-").map(BigInt), [second, otherPk] = other.split("-").map(BigInt);
    return first === second ? pk < otherPk : first < second;
  }
  function put(line) {
    const here = document.getElementById(line.id);
    if (here && here.dataset.place === line.dataset.place) {
      if (here.querySelector("details[open]")) line.querySelectorAll("details").forEach((each) => (each.open = true));
      if (clean(here) !== clean(line)) here.replaceWith(line);
      return false;
    }
    here?.remove();
    let after = list.lastElementChild;
    while (after && isBefore(line.dataset.place, after.dataset.place)) after = after.previousElementSibling;
    // Before the first line that is shown, and more are there: it comes when somebody scrolls up.
    if (!after && list.firstElementChild && !edge("older").hidden) return false;
    if (after) after.after(line);
    else list.prepend(line);
    return true;
  }
  const clean = (line) => line.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "").replace(/<div class="ib-day">.*?<\/div>/, "");
  const edge = (name) => box.querySelector(`[data-edge="${name}"]`);
  const isAtEnd = () => edge("newer").hidden && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

  chat.update = (news) => {
    const wasAtEnd = isAtEnd(), last = list.lastElementChild?.dataset.place;
    const lines = [...inbox.parse(news.lines).querySelectorAll("li.ib-line")];
    chat.version = news.version;
    holder.querySelector(".ib-flags").replaceChildren(inbox.parse(news.flags));
    holder.querySelector(".ib-about").replaceChildren(inbox.parse(news.about));
    holder.querySelector(".ib-hints")?.replaceChildren(inbox.parse(news.hint));
    chat.sequence = news.sequence;
    for (const pk of news.gone) document.getElementById(`m${pk}`)?.remove();
    let added = 0, mine = false;
    for (const line of lines) {
      const isNew = !last || isBefore(last, line.dataset.place);
      // What lies behind a page that is not loaded yet comes with that page.
      if (isNew && !edge("newer").hidden && !document.getElementById(line.id)) {
        added += 1;
        continue;
      }
      if (put(line) && isNew) {
        added += 1;
        mine = mine || line.dataset.by.endsWith(" sent");
      }
    }
    holder.querySelector(".ib-no-lines")?.remove();
    group();
    if (!news.is_whole) return toEnd();
    if (wasAtEnd || mine) box.scrollTop = box.scrollHeight;
    else if (added) tell(added);
    if (added) {
      const said = lines.at(-1);
      announce(`${said.querySelector(".ib-who bdi")?.textContent || ""}: ${said.querySelector(".ib-bubble")?.innerText || ""}`);
    }
    read();
  };
  function tell(count) {
    waiting += count;
    pill.textContent = `${waiting} new message${waiting === 1 ? "" : "s"} ↓`;
    pill.hidden = false;
  }
  function announce(text) {
    const place = holder.querySelector("[data-said]");
    if (place) place.textContent = text;
  }
  function scrolled() {
    inbox.stir();
    if (box.clientHeight === room) wasLast = isAtEnd();
    if (isAtEnd()) {
      waiting = 0;
      pill.hidden = true;
      read();
    }
  }
  async function toEnd() {
    const asked = chat.pk;
    const answer = await inbox.fetch(`${inbox.root.dataset.listUrl}${asked}/messages/?${inbox.query}`);
    if (!answer.ok || asked !== chat.pk) return;
    const found = await answer.json();
    list.replaceChildren(...inbox.parse(found.html).querySelectorAll("li.ib-line"));
    edge("older").hidden = !found.older;
    edge("newer").hidden = true;
    group();
    box.scrollTop = box.scrollHeight;
    scrolled();
  }
  holder.addEventListener("click", (event) => {
    if (event.target.closest(".ib-pill")) {
      if (edge("newer").hidden) box.scrollTo({ top: box.scrollHeight, behavior: "smooth" });
      else toEnd();
    }
    const part = event.target.closest("[data-edge]");
    if (part) further(part.dataset.edge);
    const match = event.target.closest("[data-match]");
    if (match && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      inbox.list.open(chat.pk, { message: match.dataset.match });
    }
    const other = event.target.closest("[data-open-chat]");
    if (other && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      inbox.list.open(other.dataset.openChat);
    }
    if (event.target.closest(".ib-show-person")) inbox.show(inbox.root.dataset.view === "person" ? "chat" : "person");
    if (event.target.closest(".ib-hide-person")) inbox.show("chat");
    if (event.target.closest(".ib-back")) {
      event.preventDefault();
      inbox.list.close();
    }
    const picture = event.target.closest("[data-picture]");
    if (picture) load(picture);
  });

  // --- older and newer pages, keeping the place
  let watcher = null;
  function sentry() {
    watcher = watcher || new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) further(entry.target.dataset.edge);
    }, { rootMargin: "400px" });
    return watcher;
  }
  async function further(name) {
    const end = name === "older" ? list.firstElementChild : list.lastElementChild;
    if (loading || !end || edge(name).hidden) return;
    loading = true;
    const asked = chat.pk, side = name === "older" ? "before" : "after";
    try {
      const answer = await inbox.fetch(`${inbox.root.dataset.listUrl}${asked}/messages/?${side}=${end.dataset.place}&${inbox.query}`);
      if (!answer.ok || asked !== chat.pk) return;
      const found = await answer.json(), below = box.scrollHeight - box.scrollTop;
      const fresh = [...inbox.parse(found.html).querySelectorAll("li.ib-line")].filter((line) => !document.getElementById(line.id));
      if (name === "older") list.prepend(...fresh);
      else list.append(...fresh);
      group();
      if (name === "older") box.scrollTop = box.scrollHeight - below;
      edge(name).hidden = !found[name];
    } catch {
      // The edge is still there: scrolling or clicking asks again.
    } finally {
      loading = false;
      const here = edge(name);
      if (asked === chat.pk && here && !here.hidden) {
        sentry().unobserve(here);
        setTimeout(() => sentry().observe(here), 300);
      }
    }
  }

  // --- pictures: nobody learns that a chat was opened before somebody asks for one
  function load(button) {
    const image = new Image();
    image.referrerPolicy = "no-referrer";
    image.alt = button.textContent.trim();
    image.className = "ib-loaded";
    button.setAttribute("aria-busy", "true");
    image.addEventListener("load", () => {
      const wasAtEnd = isAtEnd();
      button.replaceWith(image);
      if (wasAtEnd) box.scrollTop = box.scrollHeight;
    });
    image.addEventListener("error", () => {
      button.removeAttribute("aria-busy");
      button.querySelector("small, .sr-only").textContent = "The picture could not be loaded";
    });
    image.src = button.dataset.picture;
  }

  // --- read, once the end is in sight
  let marked = "", reading = false;
  async function read() {
    const key = `${chat.pk}:${chat.sequence}`;
    if (!chat.pk || reading || marked === key || heldUnread === chat.pk || document.hidden || !isAtEnd()) return;
    if (inbox.root.offsetWidth < 700 && inbox.root.dataset.view !== "chat") return;
    const form = holder.querySelector(".ib-read");
    form.elements.sequence.value = chat.sequence;
    reading = true;
    try {
      const answer = await inbox.fetch(form.action, { method: "POST", body: new FormData(form) });
      if (answer.ok) {
        marked = key;
        inbox.list.seen(key.split(":")[0]);
      }
    } catch {
      // The next look at the end asks again.
    } finally {
      reading = false;
    }
  }
  document.addEventListener("visibilitychange", read);
  chat.holdUnread = () => {
    heldUnread = chat.pk;
    marked = "";
  };
  // The next match of a search in this chat (by: 1), or the one before (-1).
  chat.match = (by) => {
    const links = [...holder.querySelectorAll("[data-match]")];
    links.find((link) => link.getAttribute("aria-label").startsWith(by > 0 ? "Next" : "Previous"))?.click();
  };
  chat.focus = () => box?.focus();
  chat.isOpen = () => Boolean(chat.pk);
  inbox.chat = chat;
  inbox.adopt = adopt;
})();
