/* Passkeys: asks the browser for one, and brings the answer to the gateway. */
"use strict";

async function ask(address, body) {
  const token = document.querySelector("input[name=csrf]")?.value ?? "";
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  return answer.json();
}

async function show(address) {
  const { ticket, options } = await ask(`${address}/options`);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  await ask(address, { ticket, credential: credential.toJSON() });
}

async function make(address) {
  const { ticket, options } = await ask(`${address}/options`);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  const name = document.querySelector("#passkey-name").value;
  await ask(address, { ticket, name, credential: credential.toJSON() });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey], [data-new-passkey]");
  if (!button) return;
  const wrong = document.querySelector("[data-passkey-wrong]");
  wrong.hidden = true;
  button.disabled = true;
  try {
    await (button.dataset.passkey ? show(button.dataset.passkey) : make(button.dataset.newPasskey));
    location.assign(button.dataset.onward);
  } catch {
    wrong.textContent = button.dataset.failed;
    wrong.hidden = false;
    button.disabled = false;
  }
});
