// The search page: `/` leads to its box, and a search leaves what is empty out of the address.
"use strict";

(() => {
  const form = document.getElementById("se-form"), box = form.querySelector("input[type=search]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    box.select();
    box.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    location.assign(`${form.action.split("?")[0]}?${query}`);
  });
})();
