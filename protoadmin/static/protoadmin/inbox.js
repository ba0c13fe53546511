// The inbox: what its parts share, and the question that keeps list and transcript up to date.
"use strict";

window.Inbox = (() => {
  const root = document.getElementById("inbox");
  const bar = document.getElementById("ib-lost");
  const BUSY = 700, QUIET = 2000, HIDDEN = 15000, SLOWEST = 15000, STIRRED = 60000, SETTLING = 20000;
  const inbox = { root, beat: root.dataset.beat, query: root.dataset.query, list: null, chat: null };
  let timer = 0, failures = 0, asking = null, stirredAt = Date.now(), asked = 0, took = 0, ended = false;

  // --- times in the list: "3 min", the exact one in the title
  function short(date) {
    const minutes = Math.floor((Date.now() - date) / 60000);
    if (minutes < 1) return "now";
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
    if (minutes < 7 * 24 * 60) return `${Math.floor(minutes / 1440)} d`;
    const sameYear = date.getFullYear() === new Date().getFullYear();
    return date.toLocaleDateString(undefined, sameYear ? { day: "numeric", month: "short" } : { dateStyle: "medium" });
  }
  inbox.times = () => {
    root.querySelectorAll("time[data-short]").forEach((element) => {
      const text = short(new Date(element.getAttribute("datetime")));
      if (element.textContent !== text) element.textContent = text;
    });
  };
  setInterval(inbox.times, 10000);

  // --- fragments
  inbox.parse = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };
  // A page that wants a login answers with a redirect: then nothing of this page works until somebody logs in again.
  inbox.fetch = async (url, options = {}) => {
    const headers = { "X-Inbox": "1", ...options.headers };
    const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", ...options, headers });
    if (answer.type === "opaqueredirect" && !options.mayLead) inbox.loggedOut();
    return answer;
  };
  inbox.loggedOut = () => {
    ended = true;
    clearTimeout(timer);
    bar.textContent = "You are logged out. ";
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Log in again";
    bar.append(link);
    bar.hidden = false;
  };
  inbox.setQuery = (query) => {
    inbox.query = query;
    inbox.beat = "";
  };

  // --- the question: often while something happens, seldom when it is quiet, hardly ever in a hidden tab
  function pause() {
    if (failures) return Math.min(SLOWEST, BUSY * 2 ** failures) * (0.8 + 0.4 * Math.random());
    if (document.hidden) return HIDDEN;
    // A server, or a filter, that takes long to answer is asked less often.
    return Math.max(Date.now() - stirredAt < STIRRED ? BUSY : QUIET, 4 * took);
  }
  function schedule(delay = pause()) {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(ask, delay);
  }
  inbox.stir = (now = false) => {
    const wasQuiet = Date.now() - stirredAt >= STIRRED;
    stirredAt = Date.now();
    if (now || wasQuiet) schedule(0);
  };
  function lost(isLost) {
    bar.textContent = isLost ? "Connection lost, trying again. What you have typed stays." : "";
    bar.hidden = !isLost;
    root.classList.toggle("is-lost", isLost);
  }
  // What somebody asks for about chosen chats is done in the background, when this page has come again.
  inbox.acted = () => sessionStorage.setItem("inbox-acted", Date.now());
  function hasActed() {
    return Date.now() - Number(sessionStorage.getItem("inbox-acted")) < SETTLING;
  }
  function address() {
    const query = new URLSearchParams(inbox.query);
    query.set("b", inbox.beat);
    query.set("l", inbox.list.version());
    // Now and then everything: what the beat does not know of (what the same person reads in another tab, or marks).
    if (++asked % 30 === 0 || hasActed()) query.set("all", "1");
    if (inbox.chat.pk) {
      query.set("chat", inbox.chat.pk);
      query.set("v", inbox.chat.version);
    }
    return `${root.dataset.liveUrl}?${query}`;
  }
  async function ask() {
    if (asking) return;
    const opened = inbox.chat.pk, query = inbox.query;
    asking = new AbortController();
    const patience = setTimeout(() => asking?.abort(), 10000), begun = Date.now();
    try {
      const answer = await inbox.fetch(address(), { signal: asking.signal });
      took = Date.now() - begun;
      if (ended) return;
      if (answer.status === 200) {
        const news = await answer.json();
        if (news.beat !== undefined && query === inbox.query) inbox.beat = news.beat;
        if (news.list !== undefined && query === inbox.query) inbox.list.update(news);
        if (news.chat !== undefined && opened === inbox.chat.pk) inbox.chat.update(news);
        if (news.list !== undefined || news.chat !== undefined) stirredAt = Date.now();
      } else if (answer.status === 404 && opened && opened === inbox.chat.pk) {
        location.assign(root.dataset.listUrl);
        return;
      } else if (answer.status === 403) {
        ended = true;
        bar.textContent = "You may no longer read chats here.";
        bar.hidden = false;
        return;
      } else if (answer.status !== 204) {
        throw new Error(`status ${answer.status}`);
      }
      if (failures) lost(false);
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 8);
      if (!ended && !(document.hidden && failures < 2)) lost(true);
    } finally {
      clearTimeout(patience);
      asking = null;
      schedule();
    }
  }
  // The tab tells how many of the listed chats are unread.
  inbox.title = () => {
    const unread = root.querySelectorAll(".ib-row.is-unread").length;
    document.title = `${unread ? `(${unread}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
  };
  inbox.start = () => {
    inbox.title();
    inbox.times();
    schedule(BUSY);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && inbox.stir(true));
  window.addEventListener("online", () => inbox.stir(true));
  window.addEventListener("pageshow", (event) => event.persisted && inbox.stir(true));

  // --- one pane at a time on a narrow screen
  inbox.show = (view) => {
    root.dataset.view = view;
  };
  return inbox;
})();
