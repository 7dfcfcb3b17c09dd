/* What every page does: keys, light and dark, live changes, the line about the connection, errors. */
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

/* Messages -------------------------------------------------------------------------------------- */

function say(text, tone = "bad") {
  const note = document.createElement("div");
  note.className = `note ${tone}`;
  note.append(Object.assign(document.createElement("p"), { textContent: text }));
  const close = Object.assign(document.createElement("button"), { className: "icon plain", textContent: "×" });
  close.setAttribute("aria-label", $("#keys form button").textContent.trim());
  close.addEventListener("click", () => note.remove());
  note.append(close);
  $("#toasts").append(note);
  if (tone === "good") setTimeout(() => note.remove(), 8000);
}

async function reason(response, text) {
  if (response?.headers?.get("content-type")?.includes("json")) {
    try { return JSON.parse(text).detail; } catch { /* said below */ }
  }
  const found = text && new DOMParser().parseFromString(text, "text/html").querySelector("[data-reason]");
  return found ? found.textContent.trim() : $("#toasts").dataset.failed;
}

document.addEventListener("htmx:response:error", async (event) => {
  const { ctx } = event.detail;
  const raw = ctx.response?.raw ?? ctx.response;
  if (raw?.status === 401) return location.reload();
  say(await reason(raw, ctx.text));
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx?.status === "error" || event.detail?.error) {
    console.warn("htmx:error", event.detail.error);
    if (!event.detail.ctx?.response) say($("#toasts").dataset.unreachable);
  }
});
/* The server says it in the reader's language: HX-Trigger: {"said": {"text": "..."}} */
document.addEventListener("said", (event) => say(event.detail.text, event.detail.tone ?? "good"));

/* Light and dark -------------------------------------------------------------------------------- */

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; SameSite=Lax`;
  document.dispatchEvent(new CustomEvent("theme"));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("theme")));

/* Live: one stream; what changed is told to the page as the event `live` ------------------------- */

function live(address) {
  const [path, query] = address.split("?");
  const asked = new URLSearchParams(query);
  let since = asked.get("since") ?? "";
  let source = null, failing = null, refused = 0;
  let told = new Map(), waiting = null, last = 0;

  const state = (away) => {
    const mark = $("#live");
    if (mark) {
      mark.dataset.state = away ? "away" : "here";
      mark.lastElementChild.textContent = away ? mark.dataset.away : mark.dataset.here;
    }
    // A stream that was open before may still be: the browser knows better.
    $("#connection").hidden = !away && navigator.onLine;
  };
  const tell = () => {
    waiting = null;
    last = Date.now();
    const changes = [...told.values()];
    told = new Map();
    // A page about one patient or task listens for that: `live-of` names it.
    const of = document.body.dataset.liveOf;
    if (of && !changes.some((one) => !one.id || one.id === of || one.patient === of)) return;
    document.body.dispatchEvent(new CustomEvent("live"));
  };
  const changed = (event, one) => {
    since = event.lastEventId || since;
    told.set(one.id ?? "", one);
    // At once after a quiet time, else every three seconds; and not all browsers at the same moment.
    waiting ??= setTimeout(tell, Math.max(300, last + 3000 - Date.now()) + 300 * Math.random());
  };
  const begin = () => {
    if (document.hidden) return;
    source?.close();
    asked.set("since", since);
    source = new EventSource(`${path}?${asked}`);
    source.addEventListener("change", (event) => changed(event, JSON.parse(event.data)));
    // What happened while nobody listened is not known: look at everything again.
    source.addEventListener("again", (event) => changed(event, {}));
    source.addEventListener("open", () => { refused = 0; state(false); });
    source.addEventListener("error", failed);
  };
  const failed = (event) => {
    clearTimeout(failing);
    failing = setTimeout(() => { if (source === event.target && source.readyState !== EventSource.OPEN) state(true); }, 3000);
    if (event.target !== source || source.readyState !== EventSource.CLOSED) return;
    refused += 1;
    setTimeout(ask, refused === 1 ? 300 : 10000);
  };
  /* It was refused: nobody is signed in any more, or the gateway begins anew. */
  const ask = async () => {
    try {
      const asking = new AbortController();
      const answer = await fetch(path, { headers: { "hx-request": "true" }, signal: asking.signal });
      asking.abort();
      if (answer.status === 401) return location.assign(answer.headers.get("hx-redirect") ?? "/sign-in");
    } catch { /* away: tried again */ }
    begin();
  };

  begin();
  // A browser has few connections to one place: a page that nobody sees keeps none.
  document.addEventListener("visibilitychange", () => document.hidden ? source?.close() : begin());
  addEventListener("pagehide", () => source?.close());
}
addEventListener("offline", () => { $("#connection").hidden = false; });
addEventListener("online", () => { $("#connection").hidden = true; });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

/* Keys: data-key="t" or "g w" on whatever can be clicked or focused ----------------------------- */

const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
let before = "";

function rows() { return $$("[data-row]").filter((row) => row.offsetParent !== null); }

function move(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
  ($("[data-open]", next) ?? next).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function press(key) {
  const row = document.activeElement?.closest?.("[data-row]");
  const found = (row && $(`[data-key="${key}"]`, row)) ?? $$(`[data-key="${key}"]`).find((one) => !one.closest("[data-row]") && one.offsetParent !== null);
  if (!found || found.disabled) return false;
  if (found.matches("input:not([type=checkbox], [type=radio]), select, textarea")) found.focus();
  else found.click();
  return true;
}

/* Who speaks to the machine, or hits keys by chance, switches the single ones off (WCAG 2.1.4). */
const keysAreOn = () => localStorage.getItem("keys") !== "off";
const keysSwitch = $("[data-keys]");
keysSwitch.checked = keysAreOn();
keysSwitch.addEventListener("change", () => localStorage.setItem("keys", keysSwitch.checked ? "on" : "off"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key.length === 1 && !keysAreOn()) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target) || $("dialog[open]")) return;
  const key = before ? `${before} ${event.key}` : event.key;
  before = "";
  let done = true;
  if (key === "?") $("#keys").showModal();
  else if (key === "/") { const box = $("[data-search]"); box ? (box.focus(), box.select()) : (done = false); }
  else if (key === "j" || key === "ArrowDown" && event.target.closest("[data-row]")) done = move(1);
  else if (key === "k" || key === "ArrowUp" && event.target.closest("[data-row]")) done = move(-1);
  else if (key === "g") before = "g";
  else done = press(key);
  if (done) event.preventDefault();
  if (before) setTimeout(() => { before = ""; }, 1500);
});

/* What is clicked ------------------------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const what = button.dataset.do;
  if (what === "keys") $("#keys").showModal();
  else if (what === "theme") switchTheme();
  else if (what === "open") { event.preventDefault(); document.getElementById(button.dataset.dialog)?.showModal(); }
  else if (what === "close") button.closest("dialog")?.close();
  else if (what === "print") print();
  else if (what === "none-of") $$("input[type=radio][value=no]", button.closest("fieldset")).forEach((box) => { box.checked = true; });
  else if (what === "timer-anew") beginTimer(button.closest("[data-timer]"), true);
});
/* A checkbox that ticks all of its table. */
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-ticks]");
  if (all) $$(`input[name="${all.dataset.ticks}"]`).forEach((box) => { if (!box.disabled) box.checked = all.checked; });
});
/* A select or box that sends its form, as filters do; without this script there is a button. */
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-sends]");
  if (form && !event.target.matches("[type=search]")) form.requestSubmit();
});

if (document.body.dataset.live) live(document.body.dataset.live);

/* Dialogs that the server fills open by themselves; "done" closes them. */
document.addEventListener("htmx:after:swap", (event) => {
  const dialog = (event.detail?.ctx?.target ?? event.target)?.closest?.("dialog");
  if (dialog && !dialog.open) dialog.showModal();
  countTicks();
});
document.addEventListener("done", () => {
  $$("dialog[open]").forEach((dialog) => dialog.close());
  $$("#rows [name=task]:checked").forEach((box) => { box.checked = false; });
  countTicks();
});
function countTicks() {
  const bar = $("#bulk");
  if (!bar) return;
  const n = $$("#rows [name=task]:checked").length;
  bar.hidden = n === 0;
  $("[data-ticked]", bar).textContent = n;
}
document.addEventListener("change", (event) => { if (event.target.matches("[name=task]")) countTicks(); });

/* Forms that are sent and stay are emptied. */
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-empties]");
  if (form && event.detail.ctx.response?.status < 300) form.reset();
});

/* The minutes of a task run from when its page is opened; a reload does not begin anew. */
function beginTimer(box, anew) {
  const key = `began-${box.dataset.timer}`;
  if (anew || !sessionStorage.getItem(key)) sessionStorage.setItem(key, new Date().toISOString());
  const began = sessionStorage.getItem(key);
  $("[name=began]", box).value = began;
  $("[data-minutes]", box).textContent = Math.max(0, Math.floor((Date.now() - new Date(began)) / 60000));
  box.hidden = false;
}
$$("[data-timer]").forEach((box) => {
  beginTimer(box, false);
  setInterval(() => beginTimer(box, false), 15000);
});

/* Rows that came by themselves are announced, and shown for a while. */
let before_live = null;
document.addEventListener("live", () => { before_live = new Set($$("#rows [data-row]").map((row) => row.id)); }, true);
document.addEventListener("htmx:after:settle", (event) => {
  const place = $("#announce");
  if (!before_live || !place || (event.detail?.ctx?.target ?? event.target)?.id !== "rows") return;
  const fresh = $$("#rows [data-row]").filter((row) => !before_live.has(row.id));
  before_live = null;
  for (const row of fresh) {
    row.classList.add("fresh");
    setTimeout(() => row.classList.remove("fresh"), 8000);
  }
  if (fresh.length) place.textContent = fresh.length === 1 ? place.dataset.one : place.dataset.many;
});
