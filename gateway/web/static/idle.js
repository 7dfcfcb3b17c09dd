/* Nobody there for fifteen minutes: the session ends and the screen shows nothing of a patient.
   Somebody who types or reads without asking for a page is there, in any tab. */

const IDLE_MS = 15 * 60e3;
const TELL_MS = 4 * 60e3;
const LOOK_MS = 10e3;
const KEY = "touched";
const headers = { "X-CSRF-Token": document.querySelector("script[data-csrf]").dataset.csrf };

let told = Date.now();

function touch() {
  localStorage.setItem(KEY, Date.now());
}

function touched() {
  return Number(localStorage.getItem(KEY)) || told;
}

async function look() {
  const now = Date.now();
  if (now - touched() > IDLE_MS) {
    await fetch("/sign-out", { method: "POST", headers, redirect: "manual" }).catch(() => {});
    location.assign("/sign-in");
  } else if (touched() > told && now - told > TELL_MS) {
    told = now;
    const answer = await fetch("/account/here").catch(() => null);
    if (answer?.redirected) location.reload();
  }
}

touch();
for (const what of ["keydown", "pointerdown", "wheel", "touchmove"]) {
  addEventListener(what, touch, { passive: true, capture: true });
}
setInterval(look, LOOK_MS);
