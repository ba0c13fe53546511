// Writing: the composer, forms that stay on the page, copy as text.
"use strict";

(() => {
  const inbox = window.Inbox, holder = document.getElementById("ib-open");
  const KEPT = ["text", "payload", "trigger_name", "filename", "url", "reply_token"];
  const write = {};
  let form = null, pk = "";

  // --- half-typed text survives everything but sending
  const place = () => `inbox-draft-${pk}`;
  function keep() {
    const draft = { kind: form.elements.kind.value };
    for (const name of KEPT) if (form.elements[name].value) draft[name] = form.elements[name].value;
    const isEmpty = Object.keys(draft).length === 1 && draft.kind === "text";
    if (isEmpty) sessionStorage.removeItem(place());
    else sessionStorage.setItem(place(), JSON.stringify(draft));
  }
  function restore() {
    let draft = {};
    try {
      draft = JSON.parse(sessionStorage.getItem(place()) || "{}");
    } catch {
      sessionStorage.removeItem(place());
    }
    for (const name of KEPT) form.elements[name].value = draft[name] || "";
    form.elements.kind.value = draft.kind || "text";
    if (draft.reply_token) form.querySelector(".ib-token").open = true;
  }
  write.adopt = (section) => {
    form = section.querySelector(".ib-composer");
    pk = section.dataset.chat;
    if (!form) return;
    restore();
    choose();
    grow();
    form.addEventListener("input", () => {
      choose();
      grow();
      keep();
      inbox.stir();
    });
    form.addEventListener("submit", send);
  };
  write.focus = () => form && [...form.querySelectorAll(".ib-fields:not([hidden]) textarea, .ib-fields:not([hidden]) input")][0]?.focus();

  function choose() {
    const kind = form.elements.kind.value;
    form.querySelectorAll(".ib-fields").forEach((fields) => (fields.hidden = fields.dataset.kind !== kind));
  }
  function grow() {
    const area = form.elements.text;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 200)}px`;
  }

  // --- sending: Enter, Ctrl+Enter or Cmd+Enter; not the Enter that ends a Japanese word
  holder.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.shiftKey) return;
    if (!event.target.closest(".ib-composer") || event.target.matches("button, summary, [type=radio]")) return;
    event.preventDefault();
    form.requestSubmit();
  });
  function say(errors) {
    form.querySelectorAll("[data-error]").forEach((line) => {
      const found = errors[line.dataset.error];
      line.hidden = !found;
      line.textContent = found ? found.map((error) => error.message || error).join(" ") : "";
    });
  }
  let sending = false;
  async function send(event) {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const sent = form, sentPk = pk, button = sent.querySelector("[type=submit]");
    button.setAttribute("aria-busy", "true");
    say({});
    inbox.stir();
    try {
      const answer = await inbox.fetch(sent.action, { method: "POST", body: new FormData(sent) });
      const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (answer.ok && said.message) {
        sent.elements.request_key.value = said.request_key;
        for (const name of KEPT) sent.elements[name].value = "";
        sessionStorage.removeItem(`inbox-draft-${sentPk}`);
        if (sent === form) grow();
        inbox.stir(true);
      } else if (answer.type !== "opaqueredirect") {
        say(said.errors || { __all__: [`The server refused it (${answer.status}). What you wrote is still here.`] });
      }
    } catch {
      say({ __all__: ["The server could not be reached. Press Send again; it goes out once only."] });
    } finally {
      sending = false;
      button.removeAttribute("aria-busy");
      const wrong = sent.querySelector("[data-error]:not([hidden])")?.parentElement.querySelector("textarea, input:not([type=hidden]):not([type=radio])");
      if (wrong) wrong.focus();
      else if (sent === form) write.focus();
    }
  }

  // --- forms that change something and leave the page where it is
  holder.addEventListener("submit", async (event) => {
    const asked = event.target;
    if (!asked.matches("[data-quiet], [data-unread]")) return;
    event.preventDefault();
    if (asked.dataset.busy) return;
    asked.dataset.busy = "1";
    const button = asked.querySelector("[type=submit]");
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await inbox.fetch(asked.action, { method: "POST", body: new FormData(asked), mayLead: true });
      const isDone = answer.ok || answer.type === "opaqueredirect";
      if (!isDone) throw new Error(String(answer.status));
      if (asked.matches("[data-unread]")) {
        inbox.chat.holdUnread();
        inbox.beat = "";
        inbox.list.close();
      } else if (answer.ok) {
        flash(button, "Asked for");
      }
      inbox.stir(true);
    } catch {
      flash(button, "Did not work");
    } finally {
      delete asked.dataset.busy;
      button.removeAttribute("aria-busy");
    }
  });
  function flash(button, words) {
    const label = button.querySelector(".ib-label") || button.querySelector("span:not(.material-symbols-outlined)") || button;
    const before = label.textContent;
    label.textContent = words;
    setTimeout(() => (label.textContent = before), 1500);
  }

  // --- copy as text
  holder.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-copy]");
    if (!link) return;
    event.preventDefault();
    try {
      const answer = await inbox.fetch(link.href);
      const text = await answer.text();
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else copyOldWay(text);
      flash(link, "Copied");
    } catch {
      window.open(link.href, "_blank", "noopener");
    }
  });
  // Without https there is no clipboard of the newer kind.
  function copyOldWay(text) {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    if (!isDone) throw new Error("not copied");
  }
  document.addEventListener("click", (event) => {
    document.querySelectorAll(".ib-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  inbox.write = write;
})();
